"""Where the files that ship with the package are: schemas, ClickHouse migrations, examples."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The shipped folder `name` ("schemas", "deploy/clickhouse", "examples"): beside the package in a checkout, inside it in a wheel.

    Raises FileNotFoundError where neither has it.
    """
    for candidate in (_PACKAGE.parent / name, _PACKAGE / "_shipped" / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name!r} is neither beside {_PACKAGE} nor in it; install the package again")
