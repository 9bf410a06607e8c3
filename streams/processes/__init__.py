"""Processes as they are configured: one YAML file says what kinds of journeys there are."""

from functools import cache
from pathlib import Path

from streams.journeys.process import Process
from streams.processes.reading import load_processes

SHIPPED = Path(__file__).with_name("shipped.yaml")


@cache
def shipped_processes() -> tuple[Process, ...]:
    """The processes that come with the program."""
    return load_processes(SHIPPED)


def configured_processes(file: str) -> tuple[Process, ...]:
    """The processes of the setting `processes`: of that file, or those shipped where it is "". Raises SettingsError."""
    return load_processes(Path(file)) if file else shipped_processes()
