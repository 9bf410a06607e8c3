"""Order does not decide the outcome: results are a function of the set of touchpoints, the knowledge and the watermark."""

import random
from dataclasses import replace as changed

from hypothesis import given, settings
from hypothesis import strategies as st
from journey_story import (
    HOUR,
    SETTINGS,
    START,
    consented,
    customer,
    founding_facts,
    knows,
    mailed,
    ordered,
    priced,
    promised,
    refused,
    shown,
    stated,
    status,
    talk,
    touch,
    wrote,
)
from msgspec.structs import replace

from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.results import Added
from streams.journeys.touchpoint import Complaint, Identifier, Rating, Visit, Web

OFFERS = st.sampled_from(["O1", "O2"])
CHANNELS = st.sampled_from(["website", "chat", "phone", "store"])
HOURS = st.integers(0, 20 * 24).map(lambda hours: hours / 2)
FAMILIES = [
    "offer",
    "refusal",
    "price",
    "promise",
    "order",
    "case",
    "complaint",
    "talk",
    "talk",
    "talk",
    "statement",
    "statement",
    "message",
    "mail",
    "consent",
    "error",
    "rating",
    "identifier",
    "page",
]
TALK = [
    "started",
    "queued",
    "answered",
    "customer_said",
    "customer_gave",
    "agent_asked",
    "agent_said",
    "transferred",
    "picked_up",
    "ended",
    "broken",
]
TERMS = {"products": ("kettle",), "amount": 199_000, "currency": "EUR"}


@st.composite
def moments(draw):  # noqa: C901, PLR0911, PLR0912 - one line per family
    """One touchpoint of any family of rules; few numbers, so that they meet."""
    hours, channel, offer = draw(HOURS), draw(CHANNELS), draw(OFFERS)
    number = str(draw(st.integers(1, 2)))
    family = draw(st.sampled_from(FAMILIES))
    match family:
        case "offer":
            action = draw(st.sampled_from(["shown", "shown", "clicked", "extended", "withdrawn", "acknowledged", "redeemed"]))
            until = draw(st.none() | HOURS)
            more = {} if until is None else {"valid_until": until}
            return shown(hours, offer, channel, action, personal=draw(st.booleans()), **TERMS, **more)
        case "refusal":
            return refused(hours, draw(st.sampled_from(["unknown", "not_applicable"])), offer, channel, conversation=f"V{number}")
        case "price":
            return touch(hours, channel, "bought", Visit("bought", product="kettle", amount=249_000, currency="EUR"))
        case "promise":
            action = draw(st.sampled_from(["made", "made", "moved", "kept", "withdrawn"]))
            due = draw(HOURS) if action in ("made", "moved") else None
            return promised(hours, action, due, promise=f"P{number}", channel=channel, order=number)
        case "order":
            return ordered(hours, draw(st.sampled_from(["placed", "paid", "delivered", "cancelled", "returned"])), number, channel=channel)
        case "case":
            return status(hours, draw(st.sampled_from(["New", "Resolved", "Closed"])), number, channel=channel)
        case "complaint":
            action = draw(st.sampled_from(["opened", "closed"]))
            return touch(hours, channel, f"complaint_{action}", Complaint(action), case=number)
        case "talk":
            action = draw(st.sampled_from(TALK))
            more = {"outcome": draw(st.sampled_from(["resolved", "unresolved", "dropped", "abandoned"]))} if action == "ended" else {}
            if action == "transferred":
                more = {"to_channel": draw(st.sampled_from(["phone", "store", ""])), "context_passed": draw(st.booleans())}
            elif action in ("customer_said", "agent_asked"):
                more = {"topic": draw(st.sampled_from(["delivery", "invoice"]))}
            elif action == "customer_gave":
                more = {"data_kind": "address"}
            about = {"offer": draw(st.sampled_from(["", "O1"])), "case": draw(st.sampled_from(["", number])), "product": "kettle"}
            return talk(hours, action, channel, draw(st.sampled_from([f"V{number}", "V1", ""])), **about, **more)
        case "statement":
            return draw(statements(hours, channel))
        case "message":
            purpose = draw(st.sampled_from(["marketing", "marketing", "service"]))
            return mailed(hours, purpose, channel, campaign=draw(st.sampled_from(["", "SPRING"])), case=draw(st.sampled_from(["", number])))
        case "mail":
            return wrote(hours, f"M{number}", channel, case=draw(st.sampled_from(["", number])))
        case "consent":
            action = draw(st.sampled_from(["withdrawn", "withdrawn", "given"]))
            return consented(hours, action, channel, channels=draw(st.sampled_from([(), ("phone",), ("chat", "phone")])))
        case "error":
            return touch(hours, channel, "error_shown", Web("error_shown", step="pay", blocking=True, goal=True))
        case "rating":
            scored = Rating("CSAT", draw(st.integers(1, 5)), of_reference=f"order:{number}", of_channel=draw(CHANNELS))
            return touch(hours, "survey", "rating_given", scored)
        case "identifier":
            seen = touch(hours, channel, "page_viewed")
            return replace(seen, identifiers=(Identifier("customer_number", number * 32),))
        case _:
            return touch(hours, channel, draw(st.sampled_from(["page_viewed", "checkout_step", "searched"])))


@st.composite
def statements(draw, hours, channel):
    """What a channel states of a price, a stock, a status or anything else."""
    kind = draw(st.sampled_from(["price", "stock", "status", "answer"]))
    more = {} if draw(st.booleans()) else {"valid_until": hours + draw(st.integers(1, 40))}
    match kind:
        case "price":
            return priced(hours, draw(st.sampled_from([19.9, 24.9])), channel, subject="product:kettle", **more)
        case "stock":
            place = draw(st.sampled_from(["", "12", "13"]))
            return stated(hours, "stock", draw(st.sampled_from(["in", "out"])), channel=channel, location=place)
        case "status":
            value = draw(st.sampled_from(["placed", "shipped", "delivered", "cancelled"]))
            return stated(hours, "status", value, "order:1", channel=channel)
        case _:
            return stated(hours, "return_days", draw(st.sampled_from(["14", "30"])), "terms:return", channel=channel, **more)


LIVES = st.lists(moments(), min_size=1, max_size=30).map(
    lambda life: [replace(each, event_id=f"m{number}") for number, each in enumerate(life)]
)
NOWS = st.integers(0, 40 * 24).map(lambda hours: START + hours * HOUR // 2)
EVERY_FEW = changed(SETTINGS, snapshot_every=3)


def desk():
    return Knowledge([knows("phone", "O2", 100), knows("chat", "other", 0)])


def summary(results):
    return results.journeys, results.inconsistencies, results.next_deadline


@settings(max_examples=150, deadline=None)
@given(LIVES, st.randoms(use_true_random=False), NOWS)
def test_any_order_with_any_repeats_gives_the_same(life, chance, now):
    told = customer(*sorted(life, key=lambda each: each.corrected_at), knowledge=desk()).results(now)
    shuffled = [*life, *chance.choices(life, k=len(life) // 2)]
    chance.shuffle(shuffled)
    held = Customer("someone", EVERY_FEW, desk())
    for touchpoint in shuffled:
        held.add(touchpoint)
        if chance.random() < 0.4:
            held.results(now - chance.randrange(0, 100) * HOUR)
    assert summary(held.results(now)) == summary(told)


@settings(max_examples=150, deadline=None)
@given(LIVES, st.randoms(use_true_random=False), st.lists(NOWS, min_size=1, max_size=6))
def test_what_is_reported_as_changed_adds_up_to_what_holds(life, chance, nows):
    """Whoever keeps what `changed` reports, and forgets what it says is gone, has what `results` gives."""
    knowledge = desk()
    held = Customer("someone", EVERY_FEW, knowledge)
    chance.shuffle(life)
    journeys, findings = {}, {}
    waiting = list(life)
    for step, now in enumerate(sorted(nows)):
        more = len(waiting) if step == len(nows) - 1 else chance.randint(0, len(waiting))
        for touchpoint in waiting[:more]:
            held.add(touchpoint)
        del waiting[:more]
        if chance.random() < 0.3:
            knowledge.learn(knows("phone", "O1", chance.randint(0, 200)))
        changed = held.changed(now)
        for journey_id, successor in changed.gone_journeys.items():
            del journeys[journey_id]
            assert successor == "" or successor in {each.journey_id for each in held.results(now).journeys}
        for inconsistency_id in changed.gone_inconsistencies:
            del findings[inconsistency_id]
        journeys |= {each.journey_id: each for each in changed.journeys}
        findings |= {each.inconsistency_id: each for each in changed.inconsistencies}
        whole = held.results(now)
        assert journeys == {each.journey_id: each for each in whole.journeys}
        assert findings == {each.inconsistency_id: each for each in whole.inconsistencies}
        assert changed.next_deadline == whole.next_deadline


@settings(max_examples=100, deadline=None)
@given(LIVES, NOWS)
def test_nothing_changes_between_the_deadlines(life, now):
    """Time alone changes results at the deadline that was announced, not before."""
    held = customer(*life, knowledge=desk())
    results = held.results(now)
    if results.next_deadline is None:
        assert held.results(now + 10_000 * HOUR)[:2] == results[:2]
    else:
        assert held.results(results.next_deadline - 1)[:2] == results[:2]
        assert held.results(results.next_deadline)[:2] != results[:2]


@settings(max_examples=100, deadline=None)
@given(LIVES, NOWS)
def test_without_a_founding_fact_there_is_no_finding(life, now):
    held = customer(*life, knowledge=desk())
    for finding in held.results(now).inconsistencies:
        for fact in finding.founding:
            rest = customer(*(each for each in life if fact not in founding_facts(each)), knowledge=desk())
            assert len(rest.touchpoints()) < len(held.touchpoints())
            assert finding.inconsistency_id not in {each.inconsistency_id for each in rest.results(now).inconsistencies}


@settings(max_examples=60, deadline=None)
@given(LIVES, NOWS, st.integers(0, 23))
def test_a_touchpoint_taken_out_was_never_there(life, now, which):
    out = life[which % len(life)]
    held = Customer("someone", EVERY_FEW, desk())
    for touchpoint in life:
        held.add(touchpoint)
    held.results(now)
    held.remove(out.event_id)
    assert summary(held.results(now)) == summary(customer(*(each for each in life if each is not out), knowledge=desk()).results(now))


def test_a_repeat_changes_nothing():
    made = promised(0, due=10)
    held = customer(made)
    held.changed(START)
    assert held.add(made) is Added.DUPLICATE
    assert held.changed(START) == ((), (), START + 10 * HOUR, {}, ())


def test_of_two_contents_under_one_event_id_the_smaller_hash_counts_whichever_came_first():
    lower, higher = promised(0, due=10, event_id="e", content_hash=1), promised(1, due=20, event_id="e", content_hash=2)
    first, second = customer(lower), customer(higher)
    assert first.add(higher) is Added.CONFLICT_KEPT
    assert second.add(lower) is Added.CONFLICT_REPLACED
    assert first.touchpoints() == second.touchpoints() == (lower,)
    assert summary(first.results(START)) == summary(second.results(START))


def test_a_long_life_in_random_order_folds_to_the_same():
    chance = random.Random(7)
    life = [status(chance.randint(0, 5000) / 2, chance.choice(["New", "Closed"]), str(n % 9)) for n in range(600)]
    told = customer(*sorted(life, key=lambda each: each.corrected_at)).results(START + 9000 * HOUR)
    held = Customer("someone", SETTINGS, Knowledge())
    for touchpoint in life:
        held.add(touchpoint)
        if chance.random() < 0.05:
            held.changed(START)
    assert summary(held.results(START + 9000 * HOUR)) == summary(told)
