"""How an account is told to a person: who acts for it, what is open for them, and the journeys that they share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.web.accounts import AccountAnswer


def show_account(answer: "AccountAnswer") -> None:
    """Print the answer about an account."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from streams.journeys.inconsistencies.wording import apart  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    if not answer.known:
        console.print("Not known.", style="bold")
        console.print(f"No touchpoint names the account {answer.account!r}. Write it as channels publish it.")
        return
    console.print(f"Account {answer.account}", style="bold")
    console.print(f"{_many(answer.customers_count, 'customer')} · {_many(answer.touchpoints, 'touchpoint')}", style="dim")
    console.print("\nJourneys of all of them together" if answer.journeys else "\nJourneys of all of them together: none", style="bold")
    for journey in answer.journeys:
        about = f" ({journey.reference.replace(':', ' ', 1)})" if journey.reference else ""
        console.print(
            f"  {journey.process}{about}: {journey.status}, {journey.phase}, {journey.last_step or 'no step'},"
            f" {_many(journey.touchpoints, 'touchpoint')} of {_many(journey.customers, 'customer')},"
            f" last {apart(journey.last_at, answer.asked_at)} ago"
        )
    console.print("\nCustomers", style="bold")
    table = Table(show_header=False, box=None, padding=(0, 1), pad_edge=False)
    for each in answer.customers:
        wrong = f"{each.inconsistencies} to put right" if each.inconsistencies else ""
        last = f"last {apart(each.last_at, answer.asked_at)} ago by {each.channel}"
        table.add_row(f"  {each.customer}", _many(each.touchpoints, "touchpoint"), last, wrong)
    console.print(table)
    if answer.customers_count > len(answer.customers):
        console.print(f"  and {_many(answer.customers_count - len(answer.customers), 'more customer')}")
    console.print("\nLook one up: touchpoints lookup CUSTOMER --type customer", style="dim")


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
