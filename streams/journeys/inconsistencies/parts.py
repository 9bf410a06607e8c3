"""Which parts a touchpoint has, as bits: by them the rules that it concerns are found, so that a page view costs none.

Where a rule follows what comes after something (a failure, a transfer, a contact without an answer), that is a part too, while it
lasts: see the names under WATCHES.
"""

from functools import cache
from typing import Final

from streams.journeys.ledger import Ledger
from streams.journeys.touchpoint import Touchpoint

FAILURE: Final = "while a failure is watched"
TRANSFER: Final = "while a transfer is watched"
WAIT: Final = "while the customer waits"
WATCHES: Final = (FAILURE, TRANSFER, WAIT)

SAID: Final = "conversation:said"
"""What is asked, said and given: customer_said, customer_gave, agent_asked."""
ANSWERED: Final = "conversation:answered"

_NAMES: Final = (
    "offers",
    "promises",
    "statement:price",
    "statement:stock",
    "statement:status",
    "statement:answer",
    "complaints",
    "orders",
    "visits",
    "ratings",
    "messages",
    "consents",
    "conversation:started",
    "conversation:queued",
    SAID,
    ANSWERED,
    "conversation:transferred",
    "conversation:ended",
    "conversation:broken",
    "page:error",
    "page:form",
    "identifiers",
    *WATCHES,
)
_BIT: Final = {name: 1 << number for number, name in enumerate(_NAMES)}
_STATEMENTS: Final = {name: _BIT[f"statement:{name}"] for name in ("price", "stock", "status")}
_ANSWER: Final = _BIT["statement:answer"]
_CONVERSATIONS: Final = {
    "started": _BIT["conversation:started"],
    "queued": _BIT["conversation:queued"],
    "customer_said": _BIT[SAID],
    "customer_gave": _BIT[SAID],
    "agent_asked": _BIT[SAID] | _BIT[ANSWERED],
    "agent_said": _BIT[ANSWERED],
    "answered": _BIT[ANSWERED],
    "picked_up": _BIT[ANSWERED],
    "transferred": _BIT["conversation:transferred"],
    "ended": _BIT["conversation:ended"],
    "broken": _BIT["conversation:broken"],
}
_PAGES: Final = {"error_shown": _BIT["page:error"], "form_submitted": _BIT["page:form"]}
_OFFERS, _PROMISES, _COMPLAINTS = _BIT["offers"], _BIT["promises"], _BIT["complaints"]
_ORDERS, _VISITS, _RATINGS = _BIT["orders"], _BIT["visits"], _BIT["ratings"]
_MESSAGES, _CONSENTS, _IDENTIFIERS = _BIT["messages"], _BIT["consents"], _BIT["identifiers"]
_FAILURE, _TRANSFER, _WAIT = _BIT[FAILURE], _BIT[TRANSFER], _BIT[WAIT]


def parts_of(touchpoint: Touchpoint, ledger: Ledger, single_valued: frozenset[str]) -> int:  # noqa: C901, PLR0912 - a list, flat for speed
    """The parts that the touchpoint has, as bits, and what the ledger says is watched.

    Identifiers are a part where one of a single-valued type has a value that the ledger has not seen.
    """
    parts = 0
    if touchpoint.pages:
        for page in touchpoint.pages:
            parts |= _PAGES.get(page.action, 0)
    if touchpoint.conversations:
        for conversation in touchpoint.conversations:
            parts |= _CONVERSATIONS.get(conversation.action, 0)
    if touchpoint.statements:
        for statement in touchpoint.statements:
            parts |= _STATEMENTS.get(statement.attribute, _ANSWER)
    if touchpoint.offers:
        parts |= _OFFERS
    if touchpoint.orders:
        parts |= _ORDERS
    if touchpoint.promises:
        parts |= _PROMISES
    if touchpoint.messages:
        parts |= _MESSAGES
    if touchpoint.visits:
        parts |= _VISITS
    if touchpoint.ratings:
        parts |= _RATINGS
    if touchpoint.complaints:
        parts |= _COMPLAINTS
    if touchpoint.consents:
        parts |= _CONSENTS
    if ledger.failures:
        parts |= _FAILURE
    if ledger.transfers:
        parts |= _TRANSFER
    if ledger.waiting:
        parts |= _WAIT
    for identifier in touchpoint.identifiers:
        if identifier.type in single_valued and identifier.pseudonym not in ledger.values:
            parts |= _IDENTIFIERS
    return parts


@cache
def names_of(parts: int) -> frozenset[str]:
    """The names of the parts in the bits."""
    return frozenset(name for bit, name in enumerate(_NAMES) if parts >> bit & 1)
