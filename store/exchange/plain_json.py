"""SQL that writes a row as JSON that every reader understands.

DuckDB's `to_json` writes NaN and infinity as bare words, which JSON does not have, and single precision with the digits
of double precision. Both are put right, also inside lists, structs, maps and unions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb


def row(rows: duckdb.DuckDBPyRelation, names: Sequence[str]) -> str:
    """Return the expression for the JSON text of one row.

    Args:
        rows: whose columns are meant, by their places.
        names: the keys, all different.
    """
    values = (_value(f"#{place}", kind, 0) for place, kind in enumerate(rows.types, 1))
    fields = (f"{_text(name)}, {value}" for name, value in zip(names, values, strict=True))
    return f"json_object({', '.join(fields)})::VARCHAR"


def _value(value: str, kind: Any, depth: int) -> str:
    """Return the JSON of a value; the value itself where DuckDB's JSON of it is right."""
    write = _WRITERS.get(kind.id)
    return write(value, kind, depth) if write and _holds_floats(kind) else value


def _holds_floats(kind: Any) -> bool:
    if kind.id not in _WRITERS:
        return False
    return kind.id in ("float", "double") or any(_holds_floats(child) for _, child in _children(kind))


def _children(kind: Any) -> list[tuple[str, Any]]:
    # An array has its size there as well, and a union the type of its tag.
    return [(name, child) for name, child in kind.children if not isinstance(child, int)]


def _number(value: str, kind: Any, depth: int) -> str:
    return (
        f"CASE WHEN isfinite({value}) THEN to_json({value}::VARCHAR::DOUBLE) WHEN isnan({value}) THEN to_json('NaN') "
        f"WHEN {value} > 0 THEN to_json('Infinity') WHEN {value} < 0 THEN to_json('-Infinity') END"
    )


def _list(value: str, kind: Any, depth: int) -> str:
    item, child = f"item_{depth}", _children(kind)[0][1]
    return f"list_transform({value}, lambda {item}: {_value(item, child, depth + 1)})"


def _struct(value: str, kind: Any, depth: int) -> str:
    fields = (
        f"{_text(name)}, {_value(f'struct_extract({value}, {_text(name)})', child, depth)}"
        for name, child in _children(kind)
    )
    return _unless_null(value, f"json_object({', '.join(fields)})")


def _tuple(value: str, kind: Any, depth: int) -> str:
    items = (_value(f"{value}[{place}]", child, depth) for place, (_, child) in enumerate(_children(kind), 1))
    return _unless_null(value, f"json_array({', '.join(items)})")


def _map(value: str, kind: Any, depth: int) -> str:
    pair, held = f"pair_{depth}", dict(_children(kind))["value"]
    written = f"lambda {pair}: row({pair}.key, {_value(f'{pair}.value', held, depth + 1)})"
    return f"map_from_entries(list_transform(map_entries({value}), {written}))"


def _union(value: str, kind: Any, depth: int) -> str:
    cases = (
        f"WHEN {_text(name)} THEN json_object({_text(name)}, "
        f"{_value(f'union_extract({value}, {_text(name)})', child, depth)})"
        for name, child in _children(kind)[1:]
    )
    return f"CASE union_tag({value}) {' '.join(cases)} END"


def _unless_null(value: str, written: str) -> str:
    return f"CASE WHEN {value} IS NOT NULL THEN {written} END"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


_WRITERS: dict[str, Callable[[str, Any, int], str]] = {
    "float": _number,
    "double": _number,
    "list": _list,
    "array": _list,
    "struct": _struct,
    "tuple": _tuple,
    "map": _map,
    "union": _union,
}
