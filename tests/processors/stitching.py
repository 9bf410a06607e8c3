"""One partition of stitch as its executor drives it, and touchpoints of one customer for it."""

import hashlib
from itertools import count

import msgspec
from fetched import NOW, Fetched, batch, work

from streams.delivery.commit import Position
from streams.journeys.accounts import account_id
from streams.journeys.touchpoint import Conversation, Promise, References, Touchpoint, encode
from streams.processors.internal import ACCOUNT, CLOCK, KIND, TOUCHPOINT, Clock, assignment_header
from streams.processors.stitch import StitchPartition
from streams.processors.stitch_plan import StitchMemo

HOUR = 3_600_000_000
START = NOW - 1000 * HOUR
KIM, LEE = hashlib.md5(b"kim").hexdigest(), hashlib.md5(b"lee").hexdigest()
PROCESSING = ("version", "detected_at", "published_at", "sealed")
OLD = START - 50_000 * HOUR


def promised(hours, due, *, action="made", promise="P", event_id="", content_hash=1, replay="", since=START):
    """A promise of a delivery, `hours` after the start."""
    at = since + int(hours * HOUR)
    part = Promise(promise, action, what="delivery", due_until=None if due is None else since + int(due * HOUR))
    return touch(at, f"promise_{action}", event_id or f"{promise}-{action}-{hours}", content_hash, replay, promises=(part,))


def talked(hours, action="started", *, conversation="V", event_id="", content_hash=1, replay="", staffed=False):
    part = Conversation(action, staffed=staffed)
    at = START + int(hours * HOUR)
    references = References(conversation=conversation)
    name = event_id or f"{conversation}-{action}-{hours}"
    return touch(at, f"conversation_{action}", name, content_hash, replay, conversations=(part,), references=references)


def touch(at, kind, event_id, content_hash, replay, **parts):
    return Touchpoint(
        event_id=event_id,
        occurred_at=at,
        corrected_at=at,
        received_at=NOW,
        channel="website",
        kind=kind,
        direction="outbound",
        replay=replay,
        content_hash=content_hash,
        **parts,
    )


class Stitched:
    """One partition, as its executor drives it, with its changelog beside it."""

    def __init__(self, plan, read_output, changelog=None, memo=b""):
        self.plan, self.read_output = plan, read_output
        self.changelog, self.memo = dict(changelog or {}), memo
        self.partition = StitchPartition(0, plan)
        for key, value in self.changelog.items():
            self.partition.load(key, value)
        while self.partition.settle():
            pass
        self.partition.loaded(Position({"identified": 0}, memo=memo))
        self._offsets = count()
        self._imports = {}
        self.now_us = NOW
        self.published, self.told = [], []
        self.is_unfinished = False

    def restored(self):
        """Another worker's partition, from what this one committed."""
        heir = Stitched(self.plan, self.read_output, self.changelog, self.memo)
        heir.now_us, heir._offsets, heir._imports, heir.is_unfinished = self.now_us, self._offsets, self._imports, self.is_unfinished
        return heir

    def record(self, touchpoint, customer=KIM):
        return self._fetched(customer.encode(), encode(touchpoint), TOUCHPOINT, assignment_header(f"login:{customer}", 0))

    def of_account(self, touchpoint):
        """A copy of a touchpoint, for the account that it names."""
        return self._fetched(account_id(touchpoint.account).encode(), encode(touchpoint), ACCOUNT)

    def clock(self, live=None, **imports):
        """The only sender's word: what it said of an import stands until it says more."""
        self._imports |= imports
        return self._fetched(None, msgspec.msgpack.encode(Clock(0, live, dict(self._imports))), CLOCK)

    async def take(self, *records):
        """Work through records; what it publishes."""
        return await self._step(work(batch(*records), now_us=self._later()))

    async def tick(self):
        return await self._step(work(tick=True, now_us=self._later()))

    async def go_on(self):
        """As it is asked again where it said that it is not finished."""
        assert self.is_unfinished
        return await self._step(work(now_us=self._later()))

    async def hear(self):
        """What the partition told itself of disruptions comes back to it."""
        told, self.told = self.told, []
        if not told:
            return []
        return await self.take(*[self._fetched(None, each.value, dict(each.headers)[KIND]) for each in told])

    async def take_at(self, hours, *touchpoints, customer=KIM):
        """Touchpoints, then live time: `hours` after the start."""
        return await self.take(*[self.record(each, customer) for each in touchpoints], self.clock(START + int(hours * HOUR)))

    @property
    def counts(self):
        """New, duplicate and conflicting touchpoints, as committed."""
        memo = msgspec.msgpack.decode(self.memo, type=StitchMemo)
        return tuple(sum(each.values()) for each in (memo.new, memo.duplicate, memo.conflict))

    @property
    def current(self):
        """The last row under each key, less what belongs to the processing: an id, and for a journey the customer too."""
        rows = {}
        for name, row in self.published:
            of = row["customer"] if name == "journey" else ""
            rows[row[f"{name}_id"], of] = {field: value for field, value in row.items() if field not in PROCESSING}
        return rows

    def _fetched(self, key, value, kind, *headers):
        return Fetched(value, key, ((KIND, kind), *headers), topic="identified", offset=next(self._offsets))

    def _later(self):
        self.now_us += 1_000_000
        return self.now_us

    async def _step(self, given_work):
        changes = await self.partition.step(given_work)
        self.is_unfinished = changes is not None and changes.unfinished
        if changes is None:
            return []
        self.changelog |= changes.state
        self.memo = changes.memo
        self.told += [each for each in changes.outputs if each.topic == "identified"]
        names = {
            "journeys": "journey",
            "inconsistencies": "inconsistency",
            "dead": "dead_letter",
            "disruptions": "disruption",
            "failures": "rule_failure",
            "truncations": "truncation",
        }
        rows = [(names[each.topic], self.read_output(names[each.topic], each.value)) for each in changes.outputs if each.topic in names]
        self.published += [(name, row) for name, row in rows if name in {"journey", "inconsistency"}]
        self.partition.committed(Position({}))
        return rows


def of(name, rows):
    return [row for each, row in rows if each == name]


def statuses(rows):
    return [row["status"] for row in of("inconsistency", rows)]


def without_processing(rows):
    return [(name, {field: value for field, value in row.items() if field not in PROCESSING}) for name, row in rows]
