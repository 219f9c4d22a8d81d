"""What must hold of the rows: one SQL file per invariant in `store/invariants`, which finds the rows that break it.

The first comment of a file is the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from goldilocks.store.checks.check_result import CheckResult, Verdict
from goldilocks.store.layout import Layout
from goldilocks.store.reading import queries
from goldilocks.store.reading.connect import Store

FOLDER = Path(__file__).parents[1] / "invariants"


def invariants() -> dict[str, tuple[str, str]]:
    """Return the sentence of every invariant of the rows, and the SQL that finds rows which break it."""
    parsed = {
        file.stem: queries.parse(file.stem, file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.sql"))
    }
    return {name: (f"{query.title}.", query.sql) for name, query in parsed.items()}


def broken_invariants(connection: duckdb.DuckDBPyConnection) -> Iterator[CheckResult]:
    """Run every invariant of the rows on any database, such as a source that is about to be taken in.

    Args:
        connection: a connection whose current database has the newest schema.

    Returns:
        A result for each one that does not hold, with an example.

    Raises:
        duckdb.Error: when a table cannot be read.
    """
    for name, (sentence, sql) in invariants().items():
        verdict = none_of(connection, sql)
        if not verdict.holds:
            yield CheckResult(name, sentence, False, verdict.detail)


def hold(sql: str, layout: Layout, store: Store) -> Verdict:
    """Run the SQL of an invariant on an open store."""
    with store.cursor() as connection:
        return none_of(connection, sql)


def none_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Verdict:
    """Tell whether a query finds no rows; the example is the first one, with the number of all."""
    broken = connection.execute(f"SELECT *, count(*) OVER () AS rows_in_all FROM ({sql}) LIMIT 1")
    columns = [column for column, *_ in broken.description or ()]
    rows = broken.fetchall()
    if not rows:
        return Verdict(True)
    example = ", ".join(f"{column}={value}" for column, value in zip(columns, rows[0], strict=True))
    return Verdict(False, f"for example {example}")
