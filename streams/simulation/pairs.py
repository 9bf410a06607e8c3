"""How well customers found match the people there are: over all pairs of events, without looking at a single pair."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PairScore:
    """Customers found against people.

    precision   of the pairs of events in one customer, the share that is of one person; 1 where there is no pair
    recall      of the pairs of events of one person, the share that is in one customer; 1 where there is no pair
    largest_customer, largest_person  events of the largest one
    joined      customers in which there is more than one person
    parted      people who are in more than one customer
    """

    events: int
    customers: int
    people: int
    precision: float
    recall: float
    largest_customer: int
    largest_person: int
    joined: int
    parted: int


def pair_score(found: Iterable[tuple[str, str]], truth: Iterable[tuple[str, str]]) -> PairScore:
    """Compare (event id, customer) with (event id, person).

    An event of the truth that was not found counts as a customer of its own; one that the truth does not have is left out; of
    an event id that comes twice the last word counts.
    """
    person_of = dict(truth)
    customer_of = {event_id: customer for event_id, customer in found if event_id in person_of}
    together: Counter[tuple[str, str]] = Counter()
    for event_id, person in person_of.items():
        together[customer_of.get(event_id, f"\0{event_id}"), person] += 1
    customers = _sizes(together, lambda both: both[0])
    people = _sizes(together, lambda both: both[1])
    right = sum(map(_pairs, together.values()))
    found_pairs = sum(map(_pairs, customers.values()))
    true_pairs = sum(map(_pairs, people.values()))
    return PairScore(
        events=len(person_of),
        customers=len(customers),
        people=len(people),
        precision=right / found_pairs if found_pairs else 1.0,
        recall=right / true_pairs if true_pairs else 1.0,
        largest_customer=max(customers.values(), default=0),
        largest_person=max(people.values(), default=0),
        joined=sum(count > 1 for count in Counter(customer for customer, _ in together).values()),
        parted=sum(count > 1 for count in Counter(person for _, person in together).values()),
    )


def _sizes(together: Counter[tuple[str, str]], side: Callable[[tuple[str, str]], str]) -> dict[str, int]:
    sizes: dict[str, int] = defaultdict(int)
    for both, count in together.items():
        sizes[side(both)] += count
    return sizes


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
