"""Facts of the ledger about contacts: what was asked, what was passed on, who waits, what was solved. Times in us."""

import msgspec

from streams.journeys.marks import Mark
from streams.journeys.touchpoint import References


class Question(msgspec.Struct, kw_only=True):
    """Something asked or given: `item` is `topic:delivery` (the customer's), `asked:delivery` (the agent's) or `data:address`.

    suspicion   of its being repeated, "" for none
    """

    item: str
    asked: Mark
    about: References
    suspicion: str = ""


class Transfer(msgspec.Struct, kw_only=True):
    """A customer passed on, to a channel ("": the same one) or a queue.

    due         when it is late to pick it up
    picked_at   None while nobody did
    """

    suspicion: str
    made: Mark
    conversation: str
    case: str
    to_channel: str
    due: int
    context_passed: bool = False
    picked_at: int | None = None


class Wait(msgspec.Struct, kw_only=True):
    """A customer who waits for an answer in a conversation or a case; `message` is the number of what he wrote."""

    suspicion: str
    since: Mark
    conversation: str
    case: str
    message: str
    due: int
    staffed: bool = True


class Resolution(msgspec.Struct, kw_only=True):
    """A conversation or case that was resolved, and what it was about; `suspicion` of its coming back, "" for none."""

    by: Mark
    conversation: str = ""
    case: str = ""
    order: str = ""
    product: str = ""
    topics: tuple[str, ...] = ()
    suspicion: str = ""
    repeated_in: list[str] = []
