"""Accounts: companies for which several customers act. What concerns an account's journeys is folded once more, over all of its customers.

An account is known by the touchpoints that name it, whoever its customers turn out to be: who is who changes no journey of it.
"""

from dataclasses import replace

from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.journey import id_of
from streams.journeys.process import moments_of
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint

SCOPE = "account"
"""Part of the id of an account and of its journeys."""


def account_id(account: str) -> str:
    """The number of an account, 32 hexadecimal digits, by its name as channels give it."""
    return id_of(SCOPE, account)


def account_settings(settings: JourneySettings) -> JourneySettings | None:
    """The settings by which an account's journeys are folded: its own processes, and no rule, for findings are a customer's.

    None where no process is an account's.
    """
    processes = tuple(process for process in settings.processes if process.is_account)
    if not processes:
        return None
    return replace(settings, processes=processes, rules=replace(settings.rules, off=frozenset(BY_NAME)), scope=SCOPE)


def concerns(touchpoint: Touchpoint, settings: JourneySettings) -> bool:
    """Whether a touchpoint may belong to a journey of the processes in `settings`."""
    plan = settings.plan
    if any(moment in plan.moments for moment in moments_of(touchpoint, settings.done, plan.moments)):
        return True
    references = touchpoint.references
    return any(getattr(references, kind) for kind in (*plan.holding, *plan.beside))
