"""The registry of an installation, as its settings say."""

from streams.avro.confluent import ConfluentRegistry
from streams.avro.registry import FileRegistry, Registry
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
