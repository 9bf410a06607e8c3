"""What an embedded stack's folder holds beside ClickHouse's data: what its broker forgets, and word when it is full."""

import json
from pathlib import Path
from typing import Any, Final

from streams.settings import Settings

KNOWLEDGE_FILE: Final = "knowledge.json"
IMPORTS_FILE: Final = "imports.json"
FULL_FILE: Final = "broker-full"


def full_advice(settings: Settings) -> str:
    """What to do instead of publishing, where the stack's broker is full; "" where it is not, or there is no such broker."""
    notice = None if settings.folder is None else settings.folder / FULL_FILE
    return notice.read_text() if notice is not None and notice.is_file() else ""


def remember_import(settings: Settings, name: str, until: int | None) -> None:
    """Note in the stack's folder, where there is one, with which clock (us) an import ended."""
    if settings.folder is not None:
        write_down(settings.folder / IMPORTS_FILE, read_back(settings.folder / IMPORTS_FILE) | {name: until})


def write_down(path: Path, content: dict[str, Any]) -> None:
    """Write JSON, whole, and put it in the place of what was there."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content))
    draft.replace(path)


def read_back(path: Path) -> dict[str, Any]:
    """What was written down; nothing where there is no such file."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}
