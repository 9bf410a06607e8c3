"""The other thirteen rules read off the design's words, as slowly and plainly as possible, and which of two rules wins.

The words leave norms to settings: here a contact is unanswered after four days, and a transfer lost after half an hour.
"""

from collections import defaultdict

from by_the_words import HOUR, OUTBOUND, SECOND, action_of, customer_of
from by_the_words import RULES as FIRST

DAY = 24 * HOUR
NORM = 4 * DAY
TRANSFER_NORM = HOUR // 2
DELAY = 5 * SECOND
ORDERED = {
    "order": (("placed", "paid", "shipped", "delivered"), ("placed", "cancelled")),
    "case": (),
}
DROP = {"CSAT": 2, "NPS": 4, "CES": 3}
STRONGER = (
    ("handover_lost", "question_repeated"),
    ("handover_lost", "contact_unanswered"),
    ("channel_failed", "contact_unanswered"),
    ("offer_not_honoured", "price_mismatch"),
    ("case_reopened", "contact_repeated"),
)


def once(life):
    """The life without what came twice with the same content."""
    seen, kept = set(), []
    for event in life:
        content = repr((event.channel, event.record)) if event.record["event_id"] in seen else ""
        if not content or content not in {repr((each.channel, each.record)) for each in kept}:
            kept.append(event)
        seen.add(event.record["event_id"])
    return kept


def pairs(life):
    return ((one, other) for index, other in enumerate(life) for one in life[:index])


def kind(event):
    return event.record["kind"]


def about(event):
    return event.record.get("references", {})


def inbound(event):
    return event.record.get("direction") != "outbound" and kind(event) not in OUTBOUND


def expired_offers(life, told, until):
    ends, found = {}, {}
    for event in life:
        part = event.record.get("offer")
        if not part or not part.get("valid_until"):
            continue
        last = max(ends.get(part["id"], 0), part["valid_until"])
        if action_of(event.record, "offer") == "shown" and event.at > last + HOUR:
            found["offer_expired_shown", f"offer:{part['id']}"] = "open"
        if action_of(event.record, "offer") in ("shown", "extended"):
            ends[part["id"]] = last
    return found


def last_statements(life):
    """Each statement with what the other channels had last stated of the same thing: attribute, subject and terms."""
    held = {}
    for event in life:
        said = event.record.get("statement")
        if not said:
            continue
        names = {"price": ("variant", "currency", "unit", "quantity", "price_kind"), "stock": ("variant", "location")}.get(
            said["attribute"], ()
        )
        thing = (said["attribute"], said["subject"], *(said.get(name) for name in names))
        for (channel, other_thing), other in held.items():
            if channel != event.channel and other_thing[:2] == thing[:2]:
                yield other, event, other_thing[2:], thing[2:]
        held[event.channel, thing] = event


def still_valid(one, other):
    return not one.record["statement"].get("valid_until") or other.at < one.record["statement"]["valid_until"]


def on_one_path(process, one, other):
    paths = [path for path in ORDERED[process] if one in path and other in path]
    return any(path.index(one) <= path.index(other) for path in paths)


def statements(life, told, until):
    found = {}
    for one, other, terms, other_terms in last_statements(life):
        first, second = one.record["statement"], other.record["statement"]
        apart, subject = other.at - one.at, second["subject"]
        match second["attribute"]:
            case "price":
                if terms == other_terms and apart <= 24 * HOUR and still_valid(one, other) and first["amount"] != second["amount"]:
                    found["price_mismatch", subject] = "open"
            case "stock":
                places = {first.get("location", ""), second.get("location", "")}
                if (len(places) == 1 or "" in places) and apart <= HOUR and first["value"] != second["value"]:
                    found["stock_mismatch", subject] = "open"
            case "status":
                process = subject.partition(":")[0]
                if ORDERED[process] and DELAY < apart <= 24 * HOUR and not on_one_path(process, first["value"], second["value"]):
                    found["status_mismatch", subject] = "open"
            case _:
                if still_valid(one, other) and first["value"] != second["value"]:
                    found["answer_mismatch", subject] = "open"
    return found


def subject_of(event):
    return next((f"{name}:{about(event)[name]}" for name in ("case", "order", "product") if about(event).get(name)), "")


def resolved_at(life, conversation):
    ends = (event for event in life if about(event).get("conversation") == conversation and kind(event) == "conversation_ended")
    return next((event.at for event in ends if event.record["conversation"]["outcome"] == "resolved"), None)


def questions(life, told, until):
    found = {}
    for one, other in pairs(life):
        if kind(one) != kind(other) or kind(one) not in ("customer_said", "customer_gave") or other.at - one.at > 7 * DAY:
            continue
        first, second = one.record["conversation"], other.record["conversation"]
        elsewhere = one.channel != other.channel or about(one)["conversation"] != about(other)["conversation"]
        solved = resolved_at(life, about(one)["conversation"])
        if not elsewhere or (solved is not None and solved <= other.at):
            continue
        what = "topic" if kind(one) == "customer_said" else "data_kind"
        if first.get(what) == second.get(what) and subject_of(one) and subject_of(one) == subject_of(other):
            found["question_repeated", subject_of(one)] = "open"
    return found


def handovers(life, told, until):
    found = {}
    for transfer in (event for event in life if kind(event) == "conversation_transferred"):
        number = about(transfer)["conversation"]
        same = [event for event in life if about(event).get("conversation") == number]
        after = [event for event in same if event.at > transfer.at]
        asked = {event.record["conversation"]["data_kind"] for event in same if event.at < transfer.at and kind(event) == "agent_asked"}
        picked_up = any(kind(event) == "conversation_picked_up" and event.at <= transfer.at + TRANSFER_NORM for event in after)
        dropped = any(event.record.get("conversation", {}).get("outcome") == "dropped" for event in after)
        again = any(kind(event) == "agent_asked" and event.record["conversation"]["data_kind"] in asked for event in after)
        if (not picked_up and transfer.at + TRANSFER_NORM <= until) or dropped or again:
            found["handover_lost", f"conversation:{number}"] = "open"
    return found


def answers(event, number, case):
    same = (number and about(event).get("conversation") == number) or (case and about(event).get("case") == case)
    return same and kind(event) in ("conversation_answered", "agent_said", "message_sent", "complaint_closed", "conversation_picked_up")


def unanswered(life, told, until):
    found = {}
    for contact in life:
        number, case = about(contact).get("conversation"), about(contact).get("case")
        asks = kind(contact) in ("message_received", "message_replied", "form_submitted", "complaint_opened")
        starts = (
            kind(contact) in ("conversation_started", "conversation_queued")
            and inbound(contact)
            and contact.record.get("direction") != "outbound"
        )
        if not asks and not starts:
            continue
        after = [event for event in life if event.at >= contact.at and event is not contact]
        hung_up = any(
            event.at <= contact.at + 10 * SECOND and event.record.get("conversation", {}).get("outcome") == "abandoned"
            for event in after
            if number and about(event).get("conversation") == number
        )
        in_time = any(answers(event, number, case) and event.at <= contact.at + NORM for event in after)
        if not hung_up and not in_time and contact.at + NORM <= until:
            found["contact_unanswered", f"case:{case}" if case else f"conversation:{number}"] = "open"
    return found


def repeated(life, told, until):
    found = {}
    for end, contact in pairs(life):
        if kind(contact) not in ("conversation_started", "message_received", "form_submitted", "complaint_opened") or not inbound(contact):
            continue
        if over(end) and contact.at - end.at <= 7 * DAY:
            name = next((name for name in ("case", "order", "product") if about(end).get(name) and about(contact).get(name)), "")
            if name and about(end)[name] == about(contact)[name] and (name != "product" or topic(life, end) == topic(life, contact)):
                found["contact_repeated", f"{name}:{about(end)[name]}"] = "open"
    return found


def over(event):
    return kind(event) == "complaint_closed" or event.record.get("conversation", {}).get("outcome") == "resolved"


def topic(life, event):
    number = about(event).get("conversation")
    said = (each for each in life if kind(each) == "customer_said" and about(each)["conversation"] == number)
    return next((each.record["conversation"]["topic"] for each in said), number)


def promotions(life, told, until):
    complaints, found = set(), {}
    for event in life:
        if kind(event) == "complaint_opened":
            complaints.add(about(event)["case"])
        elif kind(event) == "complaint_closed":
            complaints.discard(about(event)["case"])
        elif kind(event) == "message_sent" and event.record["message"]["purpose"] == "marketing":
            for case in complaints:
                found["promotion_in_complaint", f"case:{case}"] = "open"
    return found


def opt_outs(life, told, until):
    withdrawn, found = {}, {}
    for event in life:
        consent, message = event.record.get("consent"), event.record.get("message")
        if consent:
            for channel in consent["channels"] or ("email", "app", "chat", "phone"):
                withdrawn[consent["purpose"], channel] = event.at if kind(event) == "consent_withdrawn" else until
        elif kind(event) != "message_sent" or message["purpose"] != "marketing" or message.get("in_reply_to"):
            continue
        elif withdrawn.get(("marketing", event.channel), until) + 24 * HOUR <= event.at:
            found["contact_after_opt_out", f"consent:marketing:{event.channel}"] = "open"
    return found


def ratings(life, told, until):
    found = {}
    for one, other in pairs([event for event in life if event.record.get("rating")]):
        first, second = one.record["rating"], other.record["rating"]
        same_scale, elsewhere = first["scale"] == second["scale"], first["of_channel"] != second["of_channel"]
        if same_scale and elsewhere and other.at - one.at <= 30 * DAY and first["score"] - second["score"] >= DROP[first["scale"]]:
            found["satisfaction_dropped", f"rating:{second['scale']}:{second['of_channel']}"] = "open"
    return found


def conflicts(life, told, until):
    found, contents, values = {}, defaultdict(set), set()
    for event in life:
        contents[event.record["event_id"]].add(repr((event.channel, sorted(event.record.items(), key=str))))
        values |= {each["value"] for each in event.record["identifiers"] if each["type"] == "customer_number"}
    for event_id, each in contents.items():
        if len(each) > 1:
            found["identity_conflict", f"event:{event_id}"] = "open"
    if len(values) > 1:
        found["identity_conflict", "identifier:customer_number"] = "open"
    return found


FURTHER = (expired_offers, statements, questions, handovers, unanswered, repeated, promotions, opt_outs, ratings, conflicts)


def read_all(events, until):
    """What holds at `until` of all nineteen rules: {(rule, subject, customer): (status, weaker rules on the same cause)}."""
    told, lives = {}, defaultdict(list)
    for event in events:
        if event.channel == "knowledge":
            told[event.record["channel"], event.record["offer"]] = event.record["known_from"]
        else:
            lives[customer_of(event.record)].append(event)
    all_found = {}
    for customer, every in lives.items():
        every.sort(key=lambda event: (event.at, event.channel, event.record.get("sequence", 0), event.record["event_id"]))
        found, life = {}, once(every)
        for rule in (*FIRST, *FURTHER):
            for key, status in rule(life, told, until).items():
                found[key] = status if isinstance(status, tuple) else (status, ())
        for strong, weak in STRONGER:
            weaker = [key for key in found if key[0] == weak]
            for key in [key for key in found if key[0] == strong] if weaker else ():
                found[key] = (found[key][0], (*found[key][1], weak))
                for each in weaker:
                    found.pop(each, None)
        all_found |= {(rule, subject, customer): status for (rule, subject), status in found.items()}
    return all_found
