"""Whether values written with one version of a schema can be read with another; every reason why not, with its place."""

from collections.abc import Iterator
from typing import Any

from streams.avro.resolution import View, default_of, matched
from streams.avro.schema import Schema, SchemaError


def obstacles(writer: Schema, reader: Schema) -> list[str]:
    """What keeps values of `writer` from being read as `reader`: a path and a reason each; none where nothing does."""
    if writer.full_name != reader.full_name:
        return [f"{reader.full_name}: its name was {writer.full_name}; names of released records stay"]
    return list(_between(View.top(writer), View.top(reader), ""))


def _between(writer: View, reader: View, path: str) -> Iterator[str]:
    if writer.kind == "union":
        for branch in writer.branches:
            yield from _between(branch, reader, path)
        return
    target = matched(writer, reader)
    if target is None:
        yield f"{path or 'record'}: {_described(writer)} cannot be read as {_described(reader)}"
        return
    match writer.kind:
        case "record":
            yield from _records(writer, target, path)
        case "array" | "map":
            yield from _between(writer.items, target.items, f"{path}{'[]' if writer.kind == 'array' else '{}'}")
        case "enum":
            unknown = [symbol for symbol in writer.symbols if symbol not in target.symbols]
            if unknown and "default" not in target.definition:
                yield f"{path}: the symbols {', '.join(unknown)} are unknown to the reader, whose enum has no default"
        case "bytes" | "fixed" if writer.decimal and target.decimal and writer.decimal[0] > target.decimal[0]:
            yield f"{path}: a decimal of {writer.decimal[0]} digits does not fit one of {target.decimal[0]}"
        case _:
            return


def _records(writer: View, reader: View, path: str) -> Iterator[str]:
    written: dict[str, Any] = {each["name"]: each for each in writer.fields}
    for each in reader.fields:
        place = f"{path}.{each['name']}" if path else each["name"]
        own = reader.within(each["type"])
        if each["name"] in written:
            yield from _between(writer.within(written[each["name"]]["type"]), own, place)
        elif "default" not in each:
            yield f"{place}: the other version lacks it and it has no default"
        else:
            try:
                default_of(own, each["default"])
            except SchemaError as error:
                yield f"{place}: {error}"


def _described(view: View) -> str:
    if view.kind == "union":
        return " or ".join(_described(branch) for branch in view.branches)
    logical = f" ({view.logical})" if view.logical else ""
    return f"{view.kind} {view.name}".strip() + logical
