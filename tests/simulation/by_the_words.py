"""The six rules read off the design's words, event by event, as slowly and plainly as possible.

A second reader of the stories: it checks that they plant what they say and that daily life plants nothing. It shares no
code with the pipeline's own rules.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HOUR = 3600 * SECOND
OUTBOUND = {
    "offer_shown", "message_sent", "conversation_answered", "agent_asked", "agent_said", "statement_made", "order_shipped",
    "order_delivered", "offer_withdrawn", "offer_extended", "offer_refused", "offer_acknowledged", "complaint_closed",
    "promise_made", "promise_moved", "promise_kept", "promise_withdrawn",
}  # fmt: skip


def customer_of(record):
    return record["identifiers"][0]["value"]


def read(events, until):
    """What holds at `until` after all events: {(rule, subject, customer): (status, weaker rules on the same cause)}."""
    told, lives = {}, defaultdict(list)
    for event in events:
        if event.channel == "knowledge":
            told[event.record["channel"], event.record["offer"]] = event.record["known_from"]
        else:
            lives[customer_of(event.record)].append(event)
    found = {}
    for customer, life in lives.items():
        life.sort(key=lambda event: (event.at, event.channel, event.record.get("sequence", 0), event.record["event_id"]))
        for rule in RULES:
            for (name, subject), status in rule(life, told, until).items():
                found[name, subject, customer] = status if isinstance(status, tuple) else (status, ())
    return found


def action_of(record, part):
    given = record[part].get("action")
    kind = record["kind"]
    return given or (kind.removeprefix(f"{part}_") if kind.startswith(f"{part}_") else {"offer": "shown", "promise": "made"}[part])


class Offers:
    """One customer's offers: what was shown, clicked, withdrawn, refused; and what the channels were told."""

    def __init__(self, told, until):
        self.told, self.until = told, until
        self.publishing = {channel for channel, _ in told}
        self.terms, self.times, self.clicked, self.shown_in, self.gone = {}, defaultdict(int), set(), defaultdict(set), set()
        self.referred, self.settled = defaultdict(set), defaultdict(set)
        self.weaker, self.found = defaultdict(tuple), {}

    def valid(self, offer, at):
        terms = self.terms.get(offer)
        return terms is not None and offer not in self.gone and terms["valid_from"] <= at < terms["valid_until"]

    def redeemable(self, offer, channel):
        return not self.terms[offer].get("redeem_channels") or channel in self.terms[offer]["redeem_channels"]

    def held(self, offer):
        return self.terms[offer].get("personal") or offer in self.clicked or self.times[offer] > 1

    def knows(self, channel, offer, at):
        return self.told.get((channel, offer), self.until) <= at or channel in self.shown_in[offer]

    def begins(self, channel, at):
        for offer in self.terms if channel in self.publishing else ():
            if self.held(offer) and self.valid(offer, at) and not self.knows(channel, offer, at):
                self.found["offer_unannounced", f"offer:{offer}"] = "open"

    def unknown(self, offer, channel, at):
        if self.valid(offer, at) and self.redeemable(offer, channel):
            if self.found.pop(("offer_unannounced", f"offer:{offer}"), None):
                self.weaker[offer] = ("offer_unannounced",)
            self.found["offer_unknown", f"offer:{offer}"] = ("open", self.weaker[offer])

    def happens(self, part, action, event):
        offer, talk = part["id"], event.record["references"].get("conversation")
        if action in ("shown", "clicked", "extended"):
            self.terms[offer] = part
        if action == "shown":
            self.times[offer] += 1
            self.shown_in[offer].add(event.channel)
        elif action == "clicked":
            self.clicked.add(offer)
        elif action == "withdrawn":
            self.gone.add(offer)
        elif part.get("reason") in ("unknown", "expired"):
            self.unknown(offer, event.channel, event.at)
        elif action in ("acknowledged", "refused"):
            self.settled[talk].add(offer)

    def priced(self, event, line):
        for offer, terms in self.terms.items():
            conditions = terms.get("conditions", {}).items()
            met = all(name == "min_quantity" and line.get("quantity", 1) >= int(least) for name, least in conditions)
            same = line["product"] in terms["products"] and terms.get("currency") == line["currency"]
            if same and met and self.valid(offer, event.at) and self.redeemable(offer, event.channel) and line["amount"] > terms["amount"]:
                self.found["offer_not_honoured", f"offer:{offer}"] = "open"


def offers(life, told, until):
    ledger = Offers(told, until)
    for event in life:
        record = event.record
        kind, about = record["kind"], record.get("references", {})
        talk = about.get("conversation")
        if talk and about.get("offer"):
            ledger.referred[talk].add(about["offer"])
        if kind == "conversation_started" and record.get("direction") != "outbound" and record["conversation"].get("staffed", True):
            ledger.begins(event.channel, event.at)
        if kind == "conversation_ended":
            for offer in ledger.referred[talk] - ledger.settled[talk]:
                ledger.unknown(offer, event.channel, event.at)
        if record.get("offer"):
            ledger.happens(record["offer"], action_of(record, "offer"), event)
        lines = [record["visit"]] if kind in ("bought", "quoted") else record["order"]["lines"] if kind == "order_placed" else []
        for line in lines:
            ledger.priced(event, line)
    return ledger.found


def promises(life, told, until):
    due, found = {}, {}

    def passed(at):
        for promise, by in list(due.items()):
            if by <= at:
                found["promise_broken", f"promise:{promise}"] = "open"
                del due[promise]

    for event in life:
        passed(event.at)
        part = event.record.get("promise")
        if not part:
            continue
        promise, action = part["id"], action_of(event.record, "promise")
        if action in ("made", "moved"):
            by = part.get("due_until")
            if by is None:
                day = datetime.strptime(part["due_date"], "%Y-%m-%d").replace(tzinfo=ZoneInfo(part["zone"])) + timedelta(days=1)
                by = int(day.timestamp()) * SECOND
            due[promise] = by
        else:
            due.pop(promise, None)
            if action == "kept" and ("promise_broken", f"promise:{promise}") in found:
                found["promise_broken", f"promise:{promise}"] = "resolved"
    passed(until)
    return found


def cases(life, told, until):
    ended, found = set(), {}
    for event in life:
        kind, statement = event.record["kind"], event.record.get("statement")
        if statement and statement["attribute"] == "status" and statement["subject"].startswith("case:"):
            subject, is_open = statement["subject"], statement["value"] not in ("resolved", "closed")
        elif kind in ("complaint_opened", "complaint_closed"):
            subject, is_open = f"case:{event.record['references']['case']}", kind == "complaint_opened"
        else:
            continue
        if is_open and subject in ended:
            found["case_reopened", subject] = "open"
        (ended.discard if is_open else ended.add)(subject)
    return found


def failures(life, told, until):
    found = {}
    for event in life:
        record, web = event.record, event.record.get("web", {})
        if record["kind"] == "conversation_broken":
            subject = f"conversation:{record['references']['conversation']}"
        elif record["kind"] == "error_shown" and web.get("blocking") and web.get("goal"):
            subject = f"session:{record['session']}"
        else:
            continue
        after = [each for each in life if event.at < each.at <= event.at + 24 * HOUR]
        elsewhere = any(
            each.at <= event.at + 2 * HOUR and each.channel != event.channel and each.record["kind"] not in OUTBOUND for each in after
        )
        goal = any(
            each.record["kind"] in ("order_placed", "bought") or each.record.get("conversation", {}).get("outcome") == "resolved"
            for each in after
        )
        if elsewhere or (not goal and event.at + 24 * HOUR <= until):
            found["channel_failed", subject] = "open"
    return found


RULES = (offers, promises, cases, failures)
