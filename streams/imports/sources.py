"""The files that a mapping reads: how they are written, and how their rows are joined."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from streams.imports.document import Node, closest

ONE: Final = "one"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another source that share a key.

    source      as the mapping names it
    pairs       own column, and the other's that equals it
    takes       one: the first such row, its columns as `join.column`; all: a list of them
    """

    name: str
    source: str
    pairs: tuple[tuple[str, str], ...]
    takes: str
    node: Node


@dataclass(frozen=True, slots=True)
class Source:
    """One CSV file.

    file        within the import's folder; the same name with or without .gz or .xz will do
    none        texts that stand for no value
    columns     names, where the file has no header
    """

    name: str
    file: str
    delimiter: str
    quote: str
    encoding: str
    none: frozenset[str]
    columns: tuple[str, ...]
    joins: tuple[Join, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class FileLookup:
    """A look-up whose answers are two columns of a source."""

    source: str
    key: str
    value: str
    node: Node


def compile_sources(node: Node, none: frozenset[str]) -> dict[str, Source]:
    """The sources at `node`; raises MappingError."""
    if node.shape != "mapping" or not node.entries:
        node.fail("at least one source was expected, as `orders: {file: orders.csv}`")
    sources = {name: _source(name, each, list(node.entries), none) for name, each in node.entries.items()}
    for source in sources.values():
        _refuse_circles(source, sources, ())
    return sources


def _source(name: str, node: Node, known: list[str], none: frozenset[str]) -> Source:
    if node.shape == "text":
        return Source(name, _file(node), ",", '"', "utf-8", none, (), (), node)
    entries = node.fields(("file", "format", "delimiter", "quote", "encoding", "none", "columns", "joins"), required=("file",))
    if "format" in entries:
        entries["format"].one_of(("csv",))
    own_none = none | frozenset(each.text or "" for each in entries["none"].listed()) if "none" in entries else none
    columns = tuple(each.string() for each in entries["columns"].listed()) if "columns" in entries else ()
    if len(set(columns)) < len(columns):
        entries["columns"].fail("a column stands here twice; give each a name of its own")
    joins = (
        tuple(_join(each, entry, known) for each, entry in entries["joins"].fields(entries["joins"].entries).items())
        if "joins" in entries
        else ()
    )
    return Source(
        name=name,
        file=_file(entries["file"]),
        delimiter=_sign(entries.get("delimiter"), ",", {"tab": "\t", "semicolon": ";", "comma": ",", "pipe": "|"}),
        quote=_sign(entries.get("quote"), '"', {}),
        encoding=_encoding(entries.get("encoding")),
        none=own_none,
        columns=columns,
        joins=joins,
        node=node,
    )


def _file(node: Node) -> str:
    name = node.string()
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        node.fail(f"{name!r} leads out of the import's folder; name a file within it")
    return name


def _sign(node: Node | None, default: str, names: dict[str, str]) -> str:
    if node is None:
        return default
    text = names.get(node.string(), node.string())
    if len(text) != 1 or text in "\r\n":
        node.fail(f"one sign was expected ({', '.join(names) or default}), not {text!r}")
    return text


def _encoding(node: Node | None) -> str:
    if node is None:
        return "utf-8"
    try:
        "".encode(node.string())
    except LookupError:
        node.fail(f"{node.text!r} is no text encoding; such are utf-8, latin-1, cp1252")
    return node.string()


def _join(name: str, node: Node, known: list[str]) -> Join:
    entries = node.fields(("to", "by", "takes"), required=("to", "by"))
    if "." in name or "@" in name or name == "outer":
        node.fail(f"{name!r} cannot be a join's name: no point, no @, not `outer`")
    by = entries["by"]
    if by.shape == "mapping":
        pairs = tuple((own, other.string()) for own, other in by.entries.items())
    else:
        pairs = tuple((each.string(), each.string()) for each in by.listed())
    if not pairs:
        by.fail("at least one column was expected")
    takes = entries["takes"].one_of((ONE, ALL)) if "takes" in entries else ONE
    return Join(name, entries["to"].one_of(known), pairs, takes, node)


def _refuse_circles(source: Source, sources: dict[str, Source], seen: tuple[str, ...]) -> None:
    if source.name in seen:
        source.node.fail(f"its joins lead back to itself ({' to '.join((*seen, source.name))}); leave one out")
    for join in source.joins:
        _refuse_circles(sources[join.source], sources, (*seen, source.name))


def compile_file_lookup(node: Node, sources: dict[str, Source]) -> FileLookup:
    """The look-up at `node` that names a source, its key and its value column; raises MappingError."""
    entries = node.entries
    for needed in ("key", "value"):
        if needed not in entries:
            node.fail(f"`{needed}` is missing: the column of `{entries['from'].text}`")
    if entries["from"].text not in sources:
        entries["from"].fail(f"{entries['from'].text!r} is no source; {closest(entries['from'].text or '', sources)}")
    return FileLookup(entries["from"].string(), entries["key"].string(), entries["value"].string(), node)
