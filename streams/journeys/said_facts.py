"""Facts of the ledger about what was stated: statements, consent, complaints, ratings, values of identifiers. Times in us."""

import msgspec

from streams.journeys.marks import Mark


class StatementFact(msgspec.Struct, kw_only=True):
    """What a channel states of one thing, and since when without a break.

    thing       what is compared, the subject first
    value       as it is compared; `said` as people read it
    since       the first statement of the value without another in between, `last_at` the latest
    as_of       the time for which it was stated last
    holds_until when it no longer claims to hold, None until restated
    kept_until  when it is too old to be compared
    """

    thing: str
    channel: str
    location: str
    value: str
    said: str
    since: Mark
    last_at: int
    as_of: int
    holds_until: int | None
    kept_until: int


class StatementGroup(msgspec.Struct):
    """What the channels state of one thing, by channel and place; `suspicion` is the one that is open, "" for none."""

    facts: dict[str, StatementFact] = {}
    suspicion: str = ""

    def forget(self, at: int) -> None:
        """Drop what is too old at a time."""
        for key in [key for key, each in self.facts.items() if each.kept_until < at]:
            del self.facts[key]


class OptOut(msgspec.Struct, kw_only=True):
    """What the customer last said about marketing in a channel: withdrawn, or given again; suspicions by channel."""

    said: Mark
    is_withdrawn: bool
    found: dict[str, str] = {}


class OpenComplaint(msgspec.Struct, kw_only=True):
    """A complaint that is open; `suspicion` of what was pushed meanwhile, "" for none."""

    opened: Mark
    suspicion: str = ""


class RatingFact(msgspec.Struct, kw_only=True):
    """The last score for a channel on a scale; `suspicion` of a drop that it shows, "" for none."""

    given: Mark
    channel: str
    score: float
    suspicion: str = ""


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first touchpoint with a value of a single-valued identifier."""

    type: str
    first: Mark
