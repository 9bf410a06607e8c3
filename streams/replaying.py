"""Publishes dead letters again: the bytes that came, to the topic and partition that they came by, as if they came only now.

A replayed event is received once more, and so counted once more: what died before stays dead, what is admitted now is recorded.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from streams.avro.sealing import Contents, Sealing, SealingError
from streams.broker.reach import BrokerAwayError, BrokerRefusedError
from streams.broker.sending import Headers, Lanes
from streams.clickhouse.letters import Letter
from streams.publishing import PublishError
from streams.settings import CHANNELS, Settings
from streams.topics import check_topics, has_transactions

LETTER: Final = "dead_letter"
"""Header of a replayed event: the letter that it was."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter that was left where it is, and why."""

    dead_letter_id: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Revived:
    """An event as it is published again."""

    letter: Letter
    contents: Contents

    @property
    def headers(self) -> Headers:
        """The headers that it came with, and the letter that it was."""
        own = [each for each in self.contents.headers if each[0] != LETTER]
        return [*own, (LETTER, self.letter.dead_letter_id.encode())]


@dataclass(slots=True)
class Opened:
    """Letters that can be published again, and those that cannot."""

    revived: list[Revived] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)


def opened(settings: Settings, sealing: Sealing | None, found: Iterable[Letter]) -> Opened:
    """Open letters for their replay. Without `sealing`, a dry run's, what their bytes are is not looked at."""
    answer = Opened()
    topics = {settings.channel_topic(channel) for channel in CHANNELS}
    for letter in found:
        if letter.topic not in topics:
            answer.kept.append(Kept(letter.dead_letter_id, letter.reason, _not_from_a_channel(letter)))
            continue
        if sealing is None:
            answer.revived.append(Revived(letter, Contents(None, (), None)))
            continue
        try:
            contents = sealing.open(letter.sealed)
        except SealingError as error:
            answer.kept.append(Kept(letter.dead_letter_id, letter.reason, str(error)))
            continue
        if not is_whole(letter, contents):
            why = f"only the first {len(contents.value or b'')} of its {letter.size_bytes} bytes were kept; its source has to publish it"
            answer.kept.append(Kept(letter.dead_letter_id, letter.reason, why))
            continue
        answer.revived.append(Revived(letter, contents))
    return answer


def is_whole(letter: Letter, contents: Contents) -> bool:
    """Whether the sealed bytes are all that came."""
    value = contents.value or b""
    return len(value) == letter.size_bytes and hashlib.sha256(value).hexdigest() == letter.content_hash


async def replay(settings: Settings, revived: Sequence[Revived]) -> None:
    """Publish events again, and return when the broker has all of them. Raises PublishError."""
    try:
        await check_topics(settings)
        async with Lanes(settings.brokers, idempotent=await has_transactions(settings.brokers)) as lanes:
            for each in revived:
                letter, contents = each.letter, each.contents
                await lanes.append(letter.topic, letter.partition, contents.key, contents.value or b"", each.headers)
            await lanes.acknowledged()
    except (BrokerAwayError, BrokerRefusedError) as error:
        raise PublishError(str(error)) from error


def _not_from_a_channel(letter: Letter) -> str:
    if letter.reason == "event_id_conflict":
        return "its event_id has another content, which counts; its source has to publish it under an event_id of its own"
    return f"it died behind admit, in {letter.topic}, and was counted there: its source has to publish it again"
