"""Verifies a store: every invariant by name, the first broken one with an example.

What is true of the rows is one SQL file per invariant in `store/invariants`, which finds the rows that break it; its
first comment is the sentence. What is true of the files is a function below; its docstring is the sentence.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from store import connect, journal, lock, migrate, queries
from store.agreement import disagreement
from store.connect import Store
from store.errors import StoreError, StoreWarning
from store.ingest import ingested
from store.layout import Layout

FOLDER = Path(__file__).parent / "invariants"


@dataclass(frozen=True)
class Finding:
    """The result of one check: its name, its sentence, whether it holds, and an example or a note."""

    name: str
    sentence: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a check function returns: whether the invariant holds, and an example or a note."""

    holds: bool
    detail: str = ""


Check = Callable[[Layout, Store], Verdict]


def check(path: str | os.PathLike[str] | Layout | None = None) -> Iterator[Finding]:
    """Runs the checks until one is broken.

    Args:
        path: the DuckDB file, as for `store.open`.

    Returns:
        A finding per check, as they are made; the last one is broken, or all hold.
    """
    layout = Layout.at(path)
    sentence = "The pointer names a snapshot that can be opened."
    try:
        with warnings.catch_warnings():
            # Another snapshot than the named one would do for reading, but not here.
            warnings.simplefilter("error", StoreWarning)
            store = connect.open(layout)
    except (StoreError, StoreWarning) as error:
        yield Finding("opens", sentence, False, str(error))
        return
    with store:
        yield Finding("opens", sentence, True, f"snapshot {store.snapshot}")
        for name, (sentence, function) in checks().items():
            try:
                verdict = function(layout, store)
            except (StoreError, duckdb.Error) as error:
                verdict = Verdict(False, str(error))
            yield Finding(name, sentence, verdict.holds, verdict.detail)
            if not verdict.holds:
                return


def checks() -> dict[str, tuple[str, Check]]:
    """Returns the sentence and the function of every check of an open store, in the order in which they are made."""
    found: dict[str, tuple[str, Check]] = {
        function.__name__: ((function.__doc__ or "").split("\n")[0], function)
        for function in (pointer_newest, everything_commented, schema_current, journal_ingested)
    }
    for file in sorted(FOLDER.glob("*.sql")):
        query = queries.parse(file.stem, file.read_text())
        found[file.stem] = (f"{query.title}.", partial(_no_rows, query.sql))
    # Last, since whatever is wrong with a row is also a disagreement.
    found[journal_agrees.__name__] = (journal_agrees.__doc__ or "", journal_agrees)
    return found


def pointer_newest(layout: Layout, store: Store) -> Verdict:
    """The pointer names the newest snapshot."""
    newest = max(layout.snapshot_numbers(), default=None)
    if newest is None or not layout.path.is_symlink() or store.file == layout.snapshot_file(newest).resolve():
        return Verdict(True)
    return Verdict(False, f"it names {store.file.name}, {layout.snapshot_file(newest).name} exists: {_remedy(layout)}")


def everything_commented(layout: Layout, store: Store) -> Verdict:
    """Every table, view and column has a comment."""
    return _no_rows(
        """
        SELECT table_name AS uncommented FROM duckdb_tables() WHERE NOT internal AND coalesce(comment, '') = ''
        UNION ALL
        SELECT view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''
        UNION ALL
        SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''
        """,
        layout,
        store,
    )


def schema_current(layout: Layout, store: Store) -> Verdict:
    """The schema has every step, view and metric of this version of the code."""
    with store.cursor() as connection:
        missing = [step.name for step in migrate.steps() if step.number not in migrate.applied(connection)]
        if not missing and migrate.is_current(connection):
            return Verdict(True, migrate.steps()[-1].name)
    lacking = ", ".join(missing) or "the present views or metrics"
    return Verdict(False, f"it lacks {lacking}: `python -m store publish --store {layout}` brings it up to date")


def journal_ingested(layout: Layout, store: Store) -> Verdict:
    """The snapshot has every entry of the journal and no other."""
    if not layout.journal.is_dir():
        return Verdict(True, "no journal beside this file")
    inside = {name for (name,) in store.query("SELECT entry FROM journal_entries").fetchall()}
    written = {entry.name for entry in journal.entries(layout)}
    if inside - written:
        lost = min(inside - written)
        return Verdict(False, f"the journal lacks {lost}, which the snapshot contains: {_remedy(layout)}")
    waiting = written - inside
    if not waiting:
        return Verdict(True, f"{len(inside)} entries")
    writer = lock.writer(layout)
    if writer:
        return Verdict(True, f"{len(waiting)} entries wait while process {writer['pid']} writes")
    remedy = f"`python -m store publish --store {layout}` adds it or says why not, and {_remedy(layout)}"
    return Verdict(False, f"{len(waiting)} entries wait and nobody writes, the first is {min(waiting)}: {remedy}")


def journal_agrees(layout: Layout, store: Store) -> Verdict:
    """Every table has the rows that the journal says, to the last value."""
    if not layout.journal.is_dir():
        return Verdict(True, "no journal beside this file")
    with store.cursor() as connection:
        inside = ingested(connection)
        entries = [entry for entry in journal.entries(layout) if entry.name in inside]
        found = disagreement(connection, entries)
    return Verdict(False, f"{found}: {_remedy(layout)}") if found else Verdict(True, f"{len(entries)} entries")


def _remedy(layout: Layout) -> str:
    return f"`python -m store check --repair --store {layout}` puts it right"


def _no_rows(sql: str, layout: Layout, store: Store) -> Verdict:
    broken = store.query(f"SELECT *, count(*) OVER () AS rows_in_all FROM ({sql}) LIMIT 1")
    rows = broken.fetchall()
    if not rows:
        return Verdict(True)
    example = ", ".join(f"{column}={value}" for column, value in zip(broken.columns, rows[0], strict=True))
    return Verdict(False, f"for example {example}")
