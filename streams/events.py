"""One channel event on its way into the pipeline: what imports, simulations and `touchpoints publish` produce."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """An event of one channel, not yet encoded.

    channel     one of settings.CHANNELS; or knowledge
    record      fields of the channel's schema, as fastavro takes them
    at          us, event time (of knowledge: when it became known): the order in which events are published
    """

    channel: str
    record: Mapping[str, Any]
    at: int
