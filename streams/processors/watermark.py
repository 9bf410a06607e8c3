"""Time as data: the lowest event time still possible, from every source's latest word.

Pure: wall-clock readings come in as arguments. Times are us.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from streams.processors.internal import Clock, ImportClock


class SourceTime(msgspec.Struct):
    """What one source partition (a channel topic's partition) says about time.

    live        us: no live event before this is still to come by it; None before its first word
    imports     by import: how far this source is in it
    """

    live: int | None = None
    imports: dict[str, ImportClock] = {}


class SourceTimes(msgspec.Struct):
    """The words of all sources that one admit partition takes, by channel; kept with its position."""

    channels: dict[str, SourceTime] = {}

    def heard_live(self, channel: str, until: int) -> None:
        """Nothing live from before `until` is still to come by `channel`. Never goes back."""
        source = self._source(channel)
        source.live = until if source.live is None else max(source.live, until)

    def heard_import(self, channel: str, name: str, at: int) -> None:
        """An import's event or clock of time `at` came by: imports are published in event-time order."""
        source = self._source(channel)
        held = source.imports.get(name)
        if held is not None and (held.ended or (held.at is not None and held.at >= at)):
            return
        source.imports[name] = ImportClock(at=at)

    def ended_import(self, channel: str, name: str, until: int | None) -> None:
        """All of an import has come by `channel`; `until` is the clock that it ends with."""
        source = self._source(channel)
        held = source.imports.get(name)
        at = held.at if held is not None else None
        source.imports[name] = ImportClock(at=at, ended=True, until=until)

    def joined(self, channels: Sequence[str]) -> None:
        """Channels that did not exist yet when the imports known by now began: nothing of these will come by them."""
        names = {name for source in self.channels.values() for name in source.imports}
        for channel in channels:
            source = self._source(channel)
            for name in names - source.imports.keys():
                source.imports[name] = ImportClock(at=None, ended=True)

    def collapsed(self, sender: int, channels: Sequence[str]) -> Clock:
        """One word for all of `channels`: the earliest counts, a silent one leaves it open."""
        return _agreed(sender, [self.channels.get(channel) or SourceTime() for channel in channels])

    def _source(self, channel: str) -> SourceTime:
        source = self.channels.get(channel)
        if source is None:
            source = self.channels[channel] = SourceTime()
        return source


class ClockBoard(msgspec.Struct):
    """The latest word of each sender upstream; kept with a partition's position."""

    senders: dict[int, Clock] = {}

    def hear(self, clock: Clock) -> None:
        """Take a sender's latest word."""
        self.senders[clock.sender] = clock

    def time(self, number: int, expected: int) -> Clock:
        """The time that all `expected` senders allow, as sender `number`'s own word; open while one of them is silent."""
        return _agreed(number, [self.senders.get(sender) or SourceTime() for sender in range(expected)])


def _agreed(sender: int, words: Sequence[SourceTime | Clock]) -> Clock:
    """What all words allow, as one word of `sender`: the earliest counts, a silent one leaves it open."""
    lives = [word.live for word in words if word.live is not None]
    names = sorted({name for word in words for name in word.imports})
    return Clock(
        sender=sender,
        live=min(lives) if len(lives) == len(words) and lives else None,
        imports={name: _together([word.imports.get(name) for word in words]) for name in names},
    )


def _together(words: Sequence[ImportClock | None]) -> ImportClock:
    """What several sources say of one import: the earliest; ended where all have ended; open where one is silent."""
    if any(word is None for word in words):
        return ImportClock(at=None)
    heard = [word for word in words if word is not None]
    if all(word.ended for word in heard):
        reached = max((word.at for word in heard if word.at is not None), default=None)
        until = next((word.until for word in heard if word.until is not None), None)
        # Time that has passed is not taken back by an end before it.
        return ImportClock(at=reached, ended=True, until=until if until is None or reached is None else max(until, reached))
    running = [word.at for word in heard if not word.ended]
    return ImportClock(at=None if None in running else min(each for each in running if each is not None))


LIVE: Final = "*"
"""Stands in a domain for live traffic, beside the names of imports."""


def domain_time(domain: str, time: Clock) -> int | None:
    """How far time is for customers of a domain: the imports that their touchpoints came by, and LIVE, joined by newlines.

    A running import holds its customers at its own time. One that ended at a given clock leaves them there, until something live
    comes; one that ended without leaves them in live time. None: not known yet.
    """
    names = domain.split("\n")
    is_live = LIVE in names
    times: list[int | None] = [time.live] if is_live else []
    for name in names:
        if name == LIVE:
            continue
        clock = time.imports.get(name)
        if clock is None or not clock.ended:
            times.append(clock.at if clock is not None else None)
        elif clock.until is None:
            times.append(time.live)
        elif not is_live:
            times.append(clock.until)
    known = [each for each in times if each is not None]
    return min(known) if len(known) == len(times) and known else None


def join_domain(domain: str, replay: str) -> str:
    """The domain of a customer who was of `domain` ("": new) and gets a touchpoint of import `replay` ("": live)."""
    return "\n".join(sorted({*filter(None, domain.split("\n")), replay or LIVE}))
