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

from goldilocks.store import connect, durable, journal, lock, migrate, packs, queries, seal, verification
from goldilocks.store.agreement import disagreement
from goldilocks.store.attach import attached
from goldilocks.store.connect import Store
from goldilocks.store.errors import StoreError, StoreWarning
from goldilocks.store.ingest import ingested
from goldilocks.store.layout import Layout

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
                verdict = packs.settled(layout.journal, partial(function, layout, store))
            except (StoreError, duckdb.Error) as error:
                verdict = Verdict(False, str(error))
            yield Finding(name, sentence, verdict.holds, verdict.detail)
            if not verdict.holds:
                return


def checks() -> dict[str, tuple[str, Check]]:
    """Returns the sentence and the function of every check of an open store, in the order in which they are made."""
    found: dict[str, tuple[str, Check]] = {
        function.__name__: ((function.__doc__ or "").split("\n")[0], function)
        for function in (
            snapshot_intact,
            pointer_newest,
            no_foreign_log,
            everything_commented,
            schema_current,
            journal_ingested,
            journal_intact,
        )
    }
    for name, (sentence, sql) in invariants().items():
        found[name] = (sentence, partial(_no_rows, sql))
    # Last, since whatever is wrong with a row is also a disagreement.
    found[journal_agrees.__name__] = (journal_agrees.__doc__ or "", journal_agrees)
    return found


def invariants() -> dict[str, tuple[str, str]]:
    """Returns the sentence of every invariant of the rows, and the SQL that finds rows which break it."""
    parsed = {
        file.stem: queries.parse(file.stem, file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.sql"))
    }
    return {name: (f"{query.title}.", query.sql) for name, query in parsed.items()}


def broken_invariants(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Runs every invariant of the rows on any database, such as a source that is about to be taken in.

    Args:
        connection: a connection whose current database has the newest schema.

    Returns:
        A finding for each one that does not hold, with an example.

    Raises:
        duckdb.Error: when a table cannot be read.
    """
    for name, (sentence, sql) in invariants().items():
        verdict = _rows_of(connection, sql)
        if not verdict.holds:
            yield Finding(name, sentence, False, verdict.detail)


def snapshot_intact(layout: Layout, store: Store) -> Verdict:
    """The snapshot is as it was published, to the last byte."""
    found = seal.intact(store.file, thorough=True)
    if found is None and seal.digest_file(store.file).exists():
        return Verdict(False, f"its digest {seal.digest_file(store.file).name} is damaged: {_remedy(layout)}")
    if found is None:
        return Verdict(True, "no digest beside this file")
    return Verdict(True) if found else Verdict(False, f"{store.file} has changed since: {_remedy(layout)}")


def no_foreign_log(layout: Layout, store: Store) -> Verdict:
    """No other program left changes beside the pointer or a snapshot."""
    databases = (layout.path, *map(layout.snapshot_file, layout.snapshot_numbers()))
    found = [log for log in map(durable.log_of, databases) if log.exists()]
    return Verdict(False, f"{found[0]} lies there: {_remedy(layout)}") if found else Verdict(True)


def pointer_newest(layout: Layout, store: Store) -> Verdict:
    """The pointer is a link to the newest snapshot."""
    newest = max(layout.snapshot_numbers(), default=None)
    if newest is None or store.file == layout.snapshot_file(newest).resolve():
        return Verdict(True)
    if not layout.path.is_symlink():
        return Verdict(False, f"{layout.path} is a file of its own, not a link to a snapshot: {_remedy(layout)}")
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
    """Tables, views, macros, comments, thresholds and metrics are those that this version of the code makes."""
    with store.cursor() as connection:
        done = migrate.applied(connection)
        missing = [step.name for step in migrate.steps() if step.number not in done]
        found = f"it lacks {', '.join(missing)}" if missing else str(migrate.deviations(connection))
    if not found:
        return Verdict(True, migrate.steps()[-1].name)
    return Verdict(False, f"{found}: `goldilocks store publish --store {layout}` brings it up to date")


def journal_ingested(layout: Layout, store: Store) -> Verdict:
    """The snapshot has every entry of the journal and no other, and no two entries have one number."""
    if not layout.folder.is_dir():
        return Verdict(True, "no journal beside this file")
    with store.cursor() as connection:
        inside = ingested(connection).keys()
    written = {entry.name for entry in journal.entries(layout)}
    if inside - written:
        lost = min(inside - written)
        return Verdict(False, f"the journal lacks {lost}, which the snapshot contains: {_remedy(layout)}")
    copies = journal.copies(journal.entries(layout), inside)
    if copies:
        name, first = min(copies.items())
        return Verdict(False, f"{name} has the number of {first.name}: {_remedy(layout)}")
    waiting = written - inside
    if not waiting:
        return Verdict(True, f"{len(inside)} entries")
    writer = lock.writer(layout)
    if writer:
        return Verdict(True, f"{len(waiting)} entries wait while process {writer['pid']} writes")
    remedy = f"`goldilocks store publish --store {layout}` adds it or says why not, and {_remedy(layout)}"
    return Verdict(False, f"{len(waiting)} entries wait and nobody writes, the first is {min(waiting)}: {remedy}")


def journal_intact(layout: Layout, store: Store) -> Verdict:
    """Every file of the journal is as it was written, to the last byte."""
    with store.cursor() as connection:
        inside = ingested(connection)
    for folder in packs.unreadable(layout.journal):
        return Verdict(False, f"{folder.name}: its list {packs.LIST} is missing or damaged: {_remedy(layout)}")
    recorded = inside if seal.intact(store.file) else {}
    found = verification.examine(journal.entries(layout), recorded)
    broken = [one for one in found if one.flaw]
    if broken:
        return Verdict(False, f"{broken[0].entry.name}: {broken[0].flaw}: {_remedy(layout)}")
    unlisted = [one.entry.name for one in found if one.known and not one.listed]
    if unlisted:
        return Verdict(False, f"{unlisted[0]} has no list of digests that is right: {_remedy(layout)}")
    unknown = sum(not one.known for one in found)
    remark = f", {unknown} of them without digest until the next `store publish`" if unknown else ""
    return Verdict(True, f"{len(found)} entries{remark}")


def journal_agrees(layout: Layout, store: Store) -> Verdict:
    """Every table has the rows that the journal says, to the last value."""
    if not layout.journal.is_dir():
        return Verdict(True, "no journal beside this file")
    with attached(store.file, read_only=True, folders=[layout.journal], own=True) as connection:
        inside = ingested(connection)
        entries = [entry for entry in journal.entries(layout) if entry.name in inside]
        found = disagreement(connection, entries)
    return Verdict(False, f"{found}: {_remedy(layout)}") if found else Verdict(True, f"{len(entries)} entries")


def _remedy(layout: Layout) -> str:
    return f"`goldilocks store check --repair --store {layout}` puts it right"


def _no_rows(sql: str, layout: Layout, store: Store) -> Verdict:
    with store.cursor() as connection:
        return _rows_of(connection, sql)


def _rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Verdict:
    broken = connection.execute(f"SELECT *, count(*) OVER () AS rows_in_all FROM ({sql}) LIMIT 1")
    columns = [column for column, *_ in broken.description or ()]
    rows = broken.fetchall()
    if not rows:
        return Verdict(True)
    example = ", ".join(f"{column}={value}" for column, value in zip(columns, rows[0], strict=True))
    return Verdict(False, f"for example {example}")
