"""Scenes of daily business, each a few moments in one diary: a newsletter, an order and its delivery, a conversation.

Background life and stories are both made of them. Every scene takes the time (us) at which it begins.
"""

from collections.abc import Mapping
from typing import Any, Final

from streams.simulation.catalogue import CURRENCY, Campaign, Product
from streams.simulation.clock import DAY, MINUTE
from streams.simulation.diary import Diary

DELIVERY_TIME: Final = 5 * DAY
"""How long after an order its delivery is promised for."""
RESOLVED: Final = "resolved"
UNRESOLVED: Final = "unresolved"


def newsletter(diary: Diary, at: int, campaign: Campaign) -> str:
    """A marketing mail with an offer reaches the customer: the offer is shown once. Gives the event id."""
    message = diary.number("MAIL")
    return diary.note(
        at,
        "email",
        "message_sent",
        about={"offer": campaign.offer, "content": campaign.name},
        attributes={"campaign": campaign.name},
        message={"id": message, "purpose": "marketing", "campaign": campaign.name},
        offer=campaign.terms(),
    )


def mail_opened(diary: Diary, at: int, campaign: Campaign) -> str:
    """The customer opens the mail of a campaign: nothing is shown anew."""
    return diary.note(
        at, "email", "message_opened", about={"content": campaign.name}, message={"purpose": "marketing", "campaign": campaign.name}
    )


def service_mail(diary: Diary, at: int, **about: str) -> str:
    """The company writes about an order or a case."""
    return diary.note(at, "email", "message_sent", about=about, message={"id": diary.number("MAIL"), "purpose": "service"})


def offer_moment(diary: Diary, at: int, channel: str, action: str, campaign: Campaign, **changes: Any) -> str:
    """Something happens to an offer in a channel, which gives all its terms: shown, clicked, acknowledged, redeemed ..."""
    return diary.note(at, channel, f"offer_{action}", about={"offer": campaign.offer}, offer=campaign.terms(**changes))


def refused(diary: Diary, at: int, channel: str, campaign: Campaign, *, reason: str, conversation: str = "") -> str:
    """A channel refuses an offer, of which it knows no more than the number that the customer gives."""
    about = {"offer": campaign.offer} | ({"conversation": conversation} if conversation else {})
    return diary.note(at, channel, "offer_refused", about=about, offer={"id": campaign.offer, "reason": reason})


def looked_around(diary: Diary, at: int, product: Product, pages: int) -> int:
    """The customer searches and looks at pages of a product; gives the time of the last one."""
    screen = diary.person.screen
    session = diary.number("SESSION")
    device = "phone" if screen == "app" else "desktop"
    diary.note(at, screen, "searched", session=session, web={"page": "/search", "device": device})
    for _ in range(pages):
        at = diary.after(at, 20, 240)
        page = {"page": f"/products/{product.number}", "device": device}
        diary.note(at, screen, "page_viewed", session=session, about={"product": product.number}, web=page)
    return at


def checkout(diary: Diary, at: int, channel: str, session: str = "") -> int:
    """The customer fills in an address; gives the time at which the order can follow."""
    session = session or diary.number("SESSION")
    diary.note(at, channel, "checkout_step", session=session, web={"page": "/checkout", "step": "address", "goal": True})
    return diary.after(at, 60, 300)


def ordered(
    diary: Diary,
    at: int,
    channel: str,
    product: Product,
    *,
    price: int | None = None,
    quantity: int = 1,
    currency: str = CURRENCY,
    promise: Mapping[str, Any] | None = None,
) -> tuple[str, str]:
    """An order is placed at a price for one unit (the list price by default); gives its number and the event id."""
    order = diary.number("ORDER")
    amount = product.price if price is None else price
    line = {"product": product.number, "quantity": quantity, "amount": amount, "currency": currency}
    content = {"lines": [line], "amount": amount * quantity, "currency": currency, "status": "placed"}
    event_id = diary.note(at, channel, "order_placed", about={"order": order, "product": product.number}, order=content, promise=promise)
    return order, event_id


def promised(what: str, number: str, due: int) -> dict[str, Any]:
    """A promise is made, to be kept before `due` (us)."""
    return {"id": number, "action": "made", "what": what, "due_until": due}


def ordered_with_promise(
    diary: Diary, at: int, channel: str, product: Product, *, due: int, price: int | None = None
) -> tuple[str, str, str]:
    """An order whose delivery is promised for before `due` (us); gives order, promise and the event that made it."""
    number = diary.number("PROMISE")
    order, event_id = ordered(diary, at, channel, product, price=price, promise=promised("delivery", number, due))
    diary.note(diary.after(at, 30, 90), channel, "order_paid", about={"order": order}, order={"status": "paid"})
    return order, number, event_id


def shipped(diary: Diary, at: int, order: str) -> str:
    """The parcel leaves; the customer gets a mail."""
    message = {"id": diary.number("MAIL"), "purpose": "transactional"}
    return diary.note(at, "email", "order_shipped", about={"order": order}, order={"status": "shipped"}, message=message)


def delivered(diary: Diary, at: int, channel: str, order: str, number: str) -> str:
    """The parcel arrives: the promise with this number is kept."""
    kept = {"id": number, "action": "kept", "what": "delivery"}
    return diary.note(at, channel, "order_delivered", about={"order": order}, order={"status": "delivered"}, promise=kept)


def bought_and_delivered(diary: Diary, at: int, channel: str, product: Product, price: int | None = None) -> int:
    """A whole purchase that goes well, well before the promised day; gives its end."""
    order, number, _ = ordered_with_promise(diary, at, channel, product, due=at + DELIVERY_TIME, price=price)
    at = diary.on_day(at, 1, 9)
    shipped(diary, at, order)
    at = diary.on_day(at, diary.random.randrange(1, 3), 14)
    delivered(diary, at, channel, order, number)
    if diary.likely(50):
        at = diary.on_day(at, 1, 19)
        rated(diary, at, channel, f"order:{order}", diary.person.mood)
    return at


def visited(diary: Diary, at: int) -> int:
    """The customer walks into the store; gives the time at which something can follow."""
    diary.note(at, "store", "visited", visit={"location": diary.person.store})
    return diary.after(at, 240, 900)


def priced_in_store(diary: Diary, at: int, action: str, product: Product, **priced: Any) -> str:
    """The store quotes a price for one unit, or sells at it: action is quoted or bought.

    At the list price for one unit, unless `amount`, `quantity` or `currency` say otherwise.
    """
    visit = {"location": diary.person.store, "product": product.number, "amount": product.price, "currency": CURRENCY, **priced}
    return diary.note(at, "store", action, about={"product": product.number}, visit=visit)


def status(diary: Diary, at: int, channel: str, case: str, value: str, *, sequence: int = 0) -> str:
    """A channel states the status of a case."""
    statement = {"subject": f"case:{case}", "attribute": "status", "value": value}
    attributes = {"status": value}
    return diary.note(at, channel, "statement_made", about={"case": case}, statement=statement, attributes=attributes, sequence=sequence)


def rated(diary: Diary, at: int, channel: str, reference: str, score: int) -> str:
    """The customer answers a survey about a channel."""
    rating = {"scale": "CSAT", "score": float(score), "of_reference": reference, "of_channel": channel}
    return diary.note(at, "survey", "rating_given", rating=rating)


def failed(diary: Diary, at: int, channel: str, *, step: str, blocking: bool, goal: bool) -> tuple[str, str]:
    """An error appears on a page or screen; gives the session and the event id."""
    session = diary.number("SESSION")
    web = {"page": f"/{step}", "step": step, "code": "E-503", "blocking": blocking, "goal": goal}
    return session, diary.note(at, channel, "error_shown", session=session, web=web)


class Conversation:
    """A conversation as it goes on; `at` (us) moves with it.

    With `staffed` off a bot answers; `about` are references that every moment of it carries.
    """

    __slots__ = ("_about", "_staffed", "_topic", "at", "channel", "diary", "number")

    def __init__(self, diary: Diary, at: int, channel: str, topic: str, *, staffed: bool = True, **about: str) -> None:
        self.diary = diary
        self.at = at
        self.channel = channel
        self.number = diary.number("TALK")
        self._topic = topic
        self._staffed = staffed
        self._about = {"conversation": self.number, **(about or diary.subject())}

    def moment(self, kind: str, *, direction: str = "", about: Mapping[str, str] | None = None, **fields: Any) -> str:
        """One moment of it, some seconds after the one before; gives the event id."""
        conversation = ({} if self._staffed else {"staffed": False}) | fields
        references = self._about | dict(about or {})
        event_id = self.diary.note(
            self.at, self.channel, kind, about=references, direction=direction, session=self.number, conversation=conversation
        )
        self.pause(5, 50)
        return event_id

    def pause(self, least_s: int, most_s: int) -> None:
        """Time passes."""
        self.at = self.diary.after(self.at, least_s, most_s)

    def begin(self, *, direction: str = "") -> str:
        """It starts and is answered (in a queue first, where there is one); gives the event id of the start."""
        queue = f"{self.channel}-service"
        start = self.moment("conversation_started", direction=direction, queue=queue)
        if self._staffed and self.channel != "store" and not direction:
            self.moment("conversation_queued", queue=queue)
            self.pause(20, 180)
        self.moment("conversation_answered", queue=queue)
        return start

    def talk(self) -> None:
        """The customer says what it is about, and gets an answer."""
        self.moment("customer_said", topic=self._topic)
        self.moment("agent_said", topic=self._topic)

    def ask_for(self, data_kind: str) -> None:
        """The agent asks for something, and the customer gives it."""
        data_kind = self.diary.data_kind(data_kind)
        self.moment("agent_asked", data_kind=data_kind)
        self.moment("customer_gave", data_kind=data_kind)

    def end(self, outcome: str, **about: str) -> str:
        """It ends: resolved, unresolved, dropped or abandoned."""
        return self.moment("conversation_ended", about=about, outcome=outcome)

    def break_off(self) -> str:
        """The line or the chat breaks."""
        return self.moment("conversation_broken")

    def refer_to(self, campaign: Campaign) -> str:
        """The customer asks for an offer."""
        return self.moment("customer_said", about={"offer": campaign.offer, "product": campaign.product.number}, topic="offer")

    def acknowledge(self, campaign: Campaign) -> str:
        """The agent knows the offer and says so."""
        about = {"conversation": self.number, "offer": campaign.offer}
        event_id = self.diary.note(self.at, self.channel, "offer_acknowledged", about=about, offer=campaign.terms())
        self.pause(10, 60)
        return event_id

    def refuse(self, campaign: Campaign, reason: str) -> str:
        """The agent refuses the offer."""
        event_id = refused(self.diary, self.at, self.channel, campaign, reason=reason, conversation=self.number)
        self.pause(10, 60)
        return event_id


def helped(diary: Diary, at: int, channel: str, topic: str, *, outcome: str = RESOLVED, staffed: bool = True, **about: str) -> Conversation:
    """A whole conversation that is not about any offer."""
    conversation = Conversation(diary, at, channel, topic, staffed=staffed, **about)
    conversation.begin()
    conversation.talk()
    if diary.likely(40):
        conversation.ask_for("order_number")
    conversation.end(outcome)
    return conversation


def soon(diary: Diary, at: int) -> int:
    """Some minutes later, well within two hours."""
    return diary.after(at, 10 * 60, 55 * 60)


def minutes(count: int) -> int:
    """A length of time in us."""
    return count * MINUTE
