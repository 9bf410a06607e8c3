"""What folding one touchpoint costs, rules included: touchpoints that arrive in order, a customer at a time.

Run: .venv/bin/python bench/fold.py [customers]
Prints microseconds of CPU per touchpoint for a life of typical touchpoints: taken and folded, then with the rows of what
changed (once per touchpoint, the worst case, and once per batch of eight), then with a tenth of them late. Each figure is
the best run of a hundred customers, since other programs on the machine make the others slower.
"""

import random
import sys
from time import process_time

from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import (
    Conversation,
    Identifier,
    Offer,
    Order,
    OrderLine,
    Promise,
    Rating,
    References,
    Statement,
    Touchpoint,
    Web,
    decode,
    encode,
)
from streams.processes import shipped_processes
from streams.wording_file import load_wording

HOUR = 3_600_000_000
SETTINGS = JourneySettings(shipped_processes(), wording=load_wording())


def a_life(customer: int, touchpoints: int = 24) -> list[Touchpoint]:
    """A customer's month: looks around, sees an offer, orders, calls, gets it delivered, rates it."""
    order, talk, case = f"O{customer}", f"V{customer}", f"C{customer}"
    due = 200 * HOUR
    browsing = [("website", "page_viewed", {"pages": (Web("page_viewed", page="/kettles"),)}, {})] * (touchpoints - 15)
    offer = Offer("F1", "shown", products=("P1",), amount=199_000, currency="EUR", valid_until=800 * HOUR)
    placed = Order("placed", lines=(OrderLine("P1", 1, 199_000, "EUR"),))
    story = [
        *browsing,
        ("website", "offer_shown", {"offers": (offer,)}, {"offer": "F1"}),
        ("email", "offer_shown", {"offers": (offer,)}, {"offer": "F1"}),
        (
            "website",
            "order_placed",
            {"orders": (placed,), "promises": (Promise(f"d|{order}", "made", "delivery", None, due),)},
            {"order": order},
        ),
        ("website", "order_paid", {"orders": (Order("paid"),)}, {"order": order}),
        ("phone", "conversation_started", {"conversations": (Conversation("started"),)}, {"conversation": talk}),
        ("phone", "conversation_answered", {"conversations": (Conversation("answered"),)}, {"conversation": talk}),
        ("phone", "customer_said", {"conversations": (Conversation("customer_said", topic="delivery"),)}, {"conversation": talk}),
        ("phone", "agent_said", {"conversations": (Conversation("agent_said"),)}, {"conversation": talk}),
        ("phone", "conversation_ended", {"conversations": (Conversation("ended", outcome="resolved"),)}, {"conversation": talk}),
        ("phone", "statement_made", {"statements": (Statement(f"case:{case}", "status", "New"),)}, {"case": case}),
        ("phone", "statement_made", {"statements": (Statement(f"case:{case}", "status", "Active"),)}, {"case": case}),
        ("website", "order_shipped", {"orders": (Order("shipped"),)}, {"order": order}),
        ("website", "order_delivered", {"orders": (Order("delivered"),)}, {"order": order}),
        ("phone", "statement_made", {"statements": (Statement(f"case:{case}", "status", "Closed"),)}, {"case": case}),
        ("survey", "rating_given", {"ratings": (Rating("CSAT", 5.0),)}, {"order": order}),
    ]
    return [
        decode(
            encode(
                Touchpoint(
                    event_id=f"{customer}-{number}",
                    occurred_at=number * HOUR,
                    corrected_at=number * HOUR,
                    received_at=number * HOUR,
                    channel=channel,
                    kind=kind,
                    source=channel,
                    direction="inbound",
                    anchor=f"customer_number:{customer}",
                    identifiers=(Identifier("customer_number", str(customer)),),
                    references=References(**references),
                    **parts,
                )
            )
        )
        for number, (channel, kind, parts, references) in enumerate(story)
    ]


def folded(lives: list[list[Touchpoint]], every: int) -> float:
    """CPU us per touchpoint, with the changed rows after each `every` touchpoints (0: once, at the end)."""
    knowledge = Knowledge([{"channel": "phone", "offer": "F1", "known_from": 0, "known_until": None}])
    started = process_time()
    for life in lives:
        customer = Customer("c", SETTINGS, knowledge)
        for number, touchpoint in enumerate(life, 1):
            customer.add(touchpoint)
            if every and number % every == 0:
                customer.changed(touchpoint.corrected_at)
        customer.changed(life[-1].corrected_at)
    return (process_time() - started) / sum(map(len, lives)) * 1e6


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    lives = [a_life(number) for number in range(customers)]
    runs = [lives[first : first + 100] for first in range(0, customers, 100)]
    print(f"fold and rules, rows once    {min(folded(run, 0) for run in runs):6.1f} us per touchpoint")
    print(f"rows after every eighth      {min(folded(run, 8) for run in runs):6.1f} us per touchpoint")
    print(f"rows after each touchpoint   {min(folded(run, 1) for run in runs):6.1f} us per touchpoint")
    chance = random.Random(1)
    for life in lives:
        for number in range(len(life) - 1):
            if chance.random() < 0.1:
                life[number], life[number + 1] = life[number + 1], life[number]
    print(f"a tenth late, every eighth   {min(folded(run, 8) for run in runs):6.1f} us per touchpoint")


if __name__ == "__main__":
    main()
