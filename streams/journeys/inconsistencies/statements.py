"""price_mismatch, stock_mismatch, status_mismatch, answer_mismatch: two channels state different values of one thing.

price_mismatch: the same product, variant, currency, unit, price kind (and number of units), both valid at the time, within a day.
  Example: the website states 19.90 for the kettle, two hours later the phone 24.90, both as the list price.
  Near misses: list against offer price; another size, unit or currency; the earlier one valid until before; after a day.
stock_mismatch: in against out for the same product and location, or one side speaks of all locations, within an hour.
  Example: the website says that the kettle is in stock in Delft; in the store in Delft it is out.
  Near misses: out in another store; another size; sold out two hours later.
status_mismatch: within a day, two statuses that are not on one path of the process, or the later one behind the earlier by more
than its channel's delay.
  Example: the app says delivered, three hours later the phone says shipped. Or one says cancelled, the other shipped.
  Near misses: ordinary progress; a case that is opened again (case_reopened); behind for a few minutes; a status stated for an
  earlier time; a status on no path of the settings.
answer_mismatch: different values of any other attribute of one subject (terms of return, opening hours, points), while they hold.
  Example: the website gives 30 days to return it, the chat 14.
  Near misses: 30 against 30.0; another subject or unit; the first one valid until before; points after an hour; hours of another day.

Settings: statements (windows, statuses in order, delays, how long answers hold). What the customer says is no channel's statement,
and a channel that changes its own mind is none.
Founding facts: the first statement of the earlier channel's value, and the statement that contradicts it. While channels contradict
each other about one thing it is one finding; `count` says in how many statements. Resolved as soon as they say the same.
offer_not_honoured is the stronger where a channel that states another price also sold or quoted above the offer.
"""

from typing import Final

from streams.journeys.inconsistencies.comparing import Answers, Comparable, Comparison, Prices, Statuses, Stocks
from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, DESK, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import inside
from streams.journeys.record import speaks_of
from streams.journeys.said_facts import StatementFact, StatementGroup
from streams.journeys.touchpoint import Statement

PRICE: Final = "price_mismatch"
STOCK: Final = "stock_mismatch"
STATUS: Final = "status_mismatch"
ANSWER: Final = "answer_mismatch"


class StatementsDiffer(Rule):
    """Holds what a channel states against what the others last stated of the same thing."""

    def __init__(self, name: str, part: str, audience: str, comparison: Comparison) -> None:
        self.name = name
        self.parts = (part,)
        self._audience = audience
        self._comparison = comparison

    def observe(self, scene: Scene) -> None:
        """Each statement of the rule's kind."""
        if speaks_of(scene.touchpoint, scene.settings):
            return
        for statement in scene.touchpoint.statements:
            comparable = self._comparison.comparable(statement, scene.settings.rules.statements)
            if comparable is not None:
                self._state(statement, comparable, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """Both values, and how far they are apart."""
        return Told(self._audience, often("sentence", suspicion), "remedy")

    def _state(self, statement: Statement, comparable: Comparable, scene: Scene) -> None:
        group = scene.ledger.group(f"{self.name}|{comparable.thing}", scene.at)
        key = f"{scene.touchpoint.channel}|{comparable.location}"
        before = group.facts.get(key)
        goes_on = before is not None and before.value == comparable.value and scene.at <= before.kept_until
        fact = StatementFact(
            thing=comparable.thing,
            channel=scene.touchpoint.channel,
            location=comparable.location,
            value=comparable.value,
            said=comparable.said,
            since=before.since if before is not None and goes_on else scene.mark(),
            last_at=scene.at,
            as_of=scene.at if statement.stated_for is None else statement.stated_for,
            holds_until=statement.valid_until,
            kept_until=scene.at + comparable.within,
        )
        others = [each for each in group.facts.values() if each.channel != fact.channel and _meet(each, fact, comparable.within)]
        against = [each for each in others if self._comparison.contradicts(each, fact, scene.settings.rules.statements)]
        group.facts[key] = fact
        if against:
            self._contradict(group, max(against, key=lambda each: (each.last_at, each.channel, each.location)), fact, scene)
        elif others and group.suspicion and not self._still(others, scene):
            scene.touch(scene.suspicions[group.suspicion]).resolve(scene.at, scene.touchpoint.event_id)
            group.suspicion = ""

    def _contradict(self, group: StatementGroup, earlier: StatementFact, later: StatementFact, scene: Scene) -> None:
        event_id = scene.touchpoint.event_id
        if group.suspicion:
            if later.since.event_id == event_id:  # a channel that repeats itself adds nothing
                suspicion = scene.touch(scene.suspicions[group.suspicion])
                suspicion.count += 1
                suspicion.show(event_id)
            return
        suspicion = scene.suspect(self.name, (earlier.since.event_id, event_id), scene.at)
        group.suspicion = suspicion.inconsistency_id
        subject = later.thing.partition("|")[0]
        suspicion.subject = subject
        suspicion.first = scene.side_of(earlier.since, inside("stated", earlier.said))
        suspicion.second = scene.side(inside("stated", later.said))
        suspicion.told = {"stated_first": earlier.said, "stated_second": later.said, "thing": subject}
        if self.name == PRICE:
            product = subject.partition(":")[2]
            scene.relate(suspicion, f"price:{product}|{earlier.channel}", f"price:{product}|{later.channel}")

    def _still(self, facts: list[StatementFact], scene: Scene) -> bool:
        """Whether the other channels contradict each other, though none the one that speaks."""
        settings = scene.settings.rules.statements
        return any(
            first.channel != second.channel and self._comparison.contradicts(first, second, settings)
            for number, first in enumerate(facts)
            for second in facts[number + 1 :]
        )


def statement_rules() -> tuple[StatementsDiffer, ...]:
    """The four rules of the class."""
    return (
        StatementsDiffer(PRICE, "statement:price", CHANNEL_TEAM, Prices()),
        StatementsDiffer(STOCK, "statement:stock", CHANNEL_TEAM, Stocks()),
        StatementsDiffer(STATUS, "statement:status", DESK, Statuses()),
        StatementsDiffer(ANSWER, "statement:answer", DESK, Answers()),
    )


def _meet(earlier: StatementFact, later: StatementFact, within: int) -> bool:
    """Whether two statements are near enough in time, and each still holds at the later one's time."""
    if later.last_at - earlier.last_at > within or abs(later.as_of - earlier.as_of) > within:
        return False
    when = max(earlier.as_of, later.as_of)
    return all(each.holds_until is None or each.holds_until > when for each in (earlier, later))
