"""The registry and the sealing of an installation, as its settings say."""

from streams.avro.confluent import ConfluentRegistry
from streams.avro.registry import FileRegistry, Registry
from streams.avro.sealing import Sealing
from streams.settings import CHANNELS, Settings


def registry_of(settings: Settings) -> Registry:
    """The Confluent registry at `registry_url` over the shipped files; the files alone where no URL is set.

    Raises SchemaError where a shipped file is no schema, ValueError for a bad URL.
    """
    files = FileRegistry()
    if not settings.registry_url:
        return files

    def subject(name: str) -> str:
        topic = settings.channel_topic(name) if name in CHANNELS else settings.topic(name)
        return f"{topic}-value"

    return ConfluentRegistry(settings.registry_url, files, subject=subject)


def sealing_of(settings: Settings) -> Sealing:
    """Seals dead letters under the present key of the settings, and opens what it and the former keys sealed.

    Raises SealingError where a key is none, or where there is no present one.
    """
    return Sealing(settings.dead_letter_key, filter(None, map(str.strip, settings.dead_letter_former_keys.split(","))))
