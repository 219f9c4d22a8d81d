"""Writes the rows of a query as a table, CSV, JSON or Parquet, in one pass and without holding all of them.

DuckDB writes CSV and Parquet itself. NULL is an empty field in CSV and null in JSON; NaN and infinity are `nan`, `inf`,
`-inf` in CSV, and the texts "NaN", "Infinity", "-Infinity" in JSON, which has no numbers for them. Single-precision
values are written with the digits that single precision has, and no digit of a HUGEINT is lost.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from goldilocks.store.command_line.printable import printable
from goldilocks.store.exchange import plain_json
from goldilocks.store.quoting import identifier

TABLE_ROWS = 500
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|FLOAT|DOUBLE|DECIMAL\(.*\)")
# Text in JSON, or a word that JSON does not have.
_TEXT_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b')
# What Parquet has no place for, or loses a part of: the microseconds of an interval, the zone of a time.
_IN_PARQUET = {
    "hugeint": "DECIMAL(38, 0)",
    "uhugeint": "DECIMAL(38, 0)",
    "interval": "VARCHAR",
    "time with time zone": "VARCHAR",
}
# Where DuckDB may write what is passed on.
PIPES = Path("/dev/fd")


def table(rows: duckdb.DuckDBPyRelation, sink: BinaryIO) -> None:
    """Write the first rows as aligned text; characters that a terminal would obey are written out."""
    texts = ", ".join([*(f"#{place}::VARCHAR" for place in range(1, 1 + len(rows.columns))), "count(*) OVER ()"])
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, kind in zip(rows.columns, rows.types, strict=True):
        numeric = _NUMBERS.fullmatch(str(kind))
        drawn.add_column(Text(printable(name)), justify="right" if numeric else "left", no_wrap=True)
    shown = rows.project(texts).limit(TABLE_ROWS).fetchall()
    for *values, _ in shown:
        drawn.add_row(*(Text("NULL" if value is None else printable(value)) for value in values))
    stream = io.StringIO()
    Console(file=stream, width=10_000, color_system=None).print(drawn)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    total = shown[0][-1] if shown else 0
    if total > TABLE_ROWS:
        lines.append(f"… {total - TABLE_ROWS} more of {total} rows; --format csv writes all of them")
    sink.write(("\n".join(lines) + "\n").encode())


def comma_separated(rows: duckdb.DuckDBPyRelation, sink: BinaryIO) -> None:
    """Write the rows as CSV with a header."""
    distinct = _renamed(rows)
    _piped(lambda path: distinct.write_csv(path, header=True, use_tmp_file=False), sink)


def javascript(rows: duckdb.DuckDBPyRelation, sink: BinaryIO) -> None:
    """Write the rows as a JSON list of objects, one per line."""
    sink.write(b"[")
    separator = "\n"
    # What a variant holds is known of each value alone, not of the column.
    variants = any("VARIANT" in str(kind) for kind in rows.types)
    for (row,) in rows.project(plain_json.row(rows, _names(rows))).iter_rows():
        sink.write((separator + (_TEXT_OR_WORD.sub(_as_text, row) if variants else row)).encode())
        separator = ",\n"
    sink.write(b"\n]\n")


def parquet(rows: duckdb.DuckDBPyRelation, sink: BinaryIO) -> None:
    """Write the rows as a Parquet file, integers of 16 bytes as decimals, intervals and times with a zone as text."""
    exact = _renamed(rows, [_exact(kind) for kind in rows.types])
    _piped(lambda path: exact.write_parquet(path, compression="zstd", use_tmp_file=False), sink)


def write(format: str, rows: duckdb.DuckDBPyRelation, sink: BinaryIO) -> None:
    """Write rows in one of `FORMATS`, so that Ctrl-C ends it.

    DuckDB does not look for signals while it computes for a cursor; who waits for another thread takes them.
    """
    _Beside(lambda: FORMATS[format](rows, sink)).finish()


FORMATS: dict[str, Callable[[duckdb.DuckDBPyRelation, BinaryIO], None]] = {
    "table": table,
    "csv": comma_separated,
    "json": javascript,
    "parquet": parquet,
}


def _names(rows: duckdb.DuckDBPyRelation) -> list[str]:
    """Return names of the columns of which no two are alike, as DuckDB tells them apart, whatever their case."""
    taken: dict[str, None] = {}
    for name in rows.columns:
        candidates = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(1)))
        taken[next(one for one in candidates if one.lower() not in map(str.lower, taken))] = None
    return list(taken)


def _renamed(rows: duckdb.DuckDBPyRelation, casts: Iterable[str] = itertools.repeat("")) -> duckdb.DuckDBPyRelation:
    columns = (
        f"#{place}{cast} AS {identifier(name)}"
        for place, (name, cast) in enumerate(zip(_names(rows), casts, strict=False), 1)
    )
    return rows.project(", ".join(columns))


def _as_text(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else f'"{match[0]}"'


def _exact(kind: Any) -> str:
    """Return the cast to a type that loses nothing in Parquet; nothing where the type itself does not."""
    exact = _kept(kind)
    return "" if exact == str(kind) else f"::{exact}"


def _kept(kind: Any) -> str:
    """Return a type with everything in it that Parquet would not keep replaced, at any depth."""
    if kind.id in _IN_PARQUET:
        return _IN_PARQUET[kind.id]
    inner = [child for _, child in kind.children if not isinstance(child, int)] if kind.id in _NESTED else []
    if all(_kept(child) == str(child) for child in inner):
        return str(kind)
    named = [f"{identifier(name)} {_kept(child)}" for name, child in kind.children if not isinstance(child, int)]
    return _NESTED[kind.id](kind, [_kept(child) for child in inner], named)


# How types that hold others are written: from the type itself, the types inside, and these with their names.
_NESTED: dict[str, Callable[[Any, list[str], list[str]], str]] = {
    "list": lambda kind, types, named: f"{types[0]}[]",
    "array": lambda kind, types, named: f"{types[0]}[{kind.children[1][1]}]",
    "struct": lambda kind, types, named: f"STRUCT({', '.join(named)})",
    "tuple": lambda kind, types, named: f"TUPLE({', '.join(types)})",
    "map": lambda kind, types, named: f"MAP({', '.join(types)})",
    # The first is its tag.
    "union": lambda kind, types, named: f"UNION({', '.join(named[1:])})",
}


class _Beside:
    """A thread that does something; it does not keep the program from ending.

    Args:
        action: what it does.
    """

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._action()
        except BaseException as error:
            self._failure = error

    def finish(self) -> None:
        """Wait for its end; raises what it failed with."""
        self._thread.join()
        if self._failure:
            raise self._failure


def _piped(write: Callable[[str], None], sink: BinaryIO) -> None:
    """Pass on what DuckDB writes while it writes it; a path such as /dev/stdout would empty a file behind it."""
    reading, writing = os.pipe()

    def produce() -> None:
        try:
            write(str(PIPES / str(writing)))
        finally:
            os.close(writing)

    producer = _Beside(produce)
    try:
        with open(reading, "rb") as stream:
            shutil.copyfileobj(stream, sink)
    except Exception:
        # With its reader gone, DuckDB stops at its next write, and fails.
        with suppress(BaseException):
            producer.finish()
        raise
    producer.finish()
