"""The program `touchpoints`: its commands, and one line instead of a traceback where something outside is wrong."""

import logging
import os
import sys
from importlib import import_module
from typing import Final

import typer

from streams.collecting import collect_rarely

DEBUG_VARIABLE: Final = "TOUCHPOINTS_DEBUG"
COMMANDS: Final = (
    ("demo", "demo", "demo"),
    ("up", "up", "up"),
    ("worker", "worker", "worker"),
    ("publish", "publish", "publish"),
    ("tail", "tail", "tail"),
    ("import", "import_", "import_"),
    ("simulate", "simulate", "simulate"),
    ("query", "query", "query"),
    ("lookup", "lookup", "lookup"),
    ("inconsistencies", "inconsistencies", "inconsistencies"),
    ("rules", "rules", "rules"),
    ("identity", "identity", "identity"),
    ("rebuild", "rebuild", "rebuild"),
    ("verify", "verify", "verify"),
    ("dead-letters", "dead_letters", "dead_letters"),
    ("processes", "processes", "processes"),
    ("schemas", "schemas", "schemas"),
    ("topics", "topics", "topics"),
    ("migrate", "migrate", "migrate"),
)
"""Each command's name, module in `streams.commands` and function, in the order of --help."""

_TOLD: Final = (
    ("streams.settings", "SettingsError"),
    ("streams.publishing", "PublishError"),
    ("streams.stack", "StackError"),
    ("streams.worker", "WorkerStoppedError"),
    ("streams.delivery.names", "WrongVersionError"),
    ("streams.broker.reach", "BrokerRefusedError"),
    ("streams.broker.server", "BrokerError"),
    ("streams.avro.registry", "RegistryUnavailableError"),
    ("streams.avro.sealing", "SealingError"),
    ("streams.clickhouse.errors", "ClickHouseError"),
    ("streams.clickhouse.reading", "ClickHouseAwayError"),
    ("clickhouse_connect.driver.exceptions", "ClickHouseError"),
    ("aiokafka.errors", "KafkaError"),
)
"""Errors whose message is for the person at the terminal, by module; connection errors are told besides."""


def application() -> typer.Typer:
    """All commands; each one's own imports wait until it runs."""
    app = typer.Typer(
        name="touchpoints",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # rich takes longer to load than --help may take
        help="Notices, while it happens, where a company's channels tell one customer different things.",
    )
    for name, module, function in COMMANDS:
        app.command(name)(getattr(import_module(f"streams.commands.{module}"), function))
    return app


def main() -> None:
    """Run the command line. An error of the world outside is one line on standard error and exit code 1."""
    debug = bool(os.environ.get(DEBUG_VARIABLE))
    if not debug and logging.lastResort is not None:
        # Commands that configure no log leave what libraries have to say to the one line at the end.
        logging.lastResort.setLevel(logging.CRITICAL)
    collect_rarely()  # many a command reads or sends hundreds of thousands of events
    try:
        application()()
    except Exception as error:
        if debug or not is_told(error):
            raise
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(1)


def is_told(error: BaseException) -> bool:
    """Whether the error's message says all: an error of settings, broker, registry, ClickHouse or connection.

    Only what is loaded already is compared with: an error of a module that no one imported cannot have been raised.
    """
    known = tuple(getattr(sys.modules[module], name) for module, name in _TOLD if module in sys.modules)
    return isinstance(error, (ConnectionError, *known))


if __name__ == "__main__":
    main()
