"""What must hold of the files of a store and of the definitions in its snapshot; each docstring is the sentence."""

from __future__ import annotations

from goldilocks.store.checks.check_result import Verdict
from goldilocks.store.checks.rows import hold
from goldilocks.store.files import durable
from goldilocks.store.files.attach import attached
from goldilocks.store.layout import Layout, command
from goldilocks.store.reading.connect import Store
from goldilocks.store.schema import migrate
from goldilocks.store.snapshots import seal
from goldilocks.store.snapshots.agreement import disagreement
from goldilocks.store.snapshots.ingest import ingested
from goldilocks.store.writing import journal, lock, packs, verification


def snapshot_intact(layout: Layout, store: Store) -> Verdict:
    """The snapshot is as it was published, to the last byte."""
    unchanged = seal.intact(store.file, thorough=True)
    if unchanged is None and seal.digest_file(store.file).exists():
        return Verdict(False, f"its digest {seal.digest_file(store.file).name} is damaged: {_remedy(layout)}")
    if unchanged is None:
        return Verdict(True, "no digest beside this file")
    return Verdict(True) if unchanged else Verdict(False, f"{store.file} has changed since: {_remedy(layout)}")


def no_foreign_log(layout: Layout, store: Store) -> Verdict:
    """No other program left changes beside the pointer or a snapshot."""
    databases = (layout.path, *map(layout.snapshot_file, layout.snapshot_numbers()))
    logs = [log for log in map(durable.log_of, databases) if log.exists()]
    return Verdict(False, f"{logs[0]} exists: {_remedy(layout)}") if logs else Verdict(True)


def pointer_newest(layout: Layout, store: Store) -> Verdict:
    """The pointer is a link to the newest snapshot."""
    newest = max(layout.snapshot_numbers(), default=None)
    if newest is None or store.file == layout.snapshot_file(newest).resolve():
        return Verdict(True)
    if not layout.path.is_symlink():
        return Verdict(False, f"{layout.path} is a regular file, not a link to a snapshot: {_remedy(layout)}")
    return Verdict(False, f"it names {store.file.name}, {layout.snapshot_file(newest).name} exists: {_remedy(layout)}")


def everything_commented(layout: Layout, store: Store) -> Verdict:
    """Every table, view and column has a comment."""
    sql = """
        SELECT table_name AS uncommented FROM duckdb_tables() WHERE NOT internal AND coalesce(comment, '') = ''
        UNION ALL
        SELECT view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''
        UNION ALL
        SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''
    """
    return hold(sql, layout, store)


def schema_current(layout: Layout, store: Store) -> Verdict:
    """Tables, views, macros, comments, thresholds and metrics are those of this version of Goldilocks."""
    with store.cursor() as connection:
        done = migrate.applied(connection)
        missing = [step.name for step in migrate.steps() if step.number not in done]
        deviation = f"it lacks {', '.join(missing)}" if missing else str(migrate.deviations(connection))
    if not deviation:
        return Verdict(True, migrate.steps()[-1].name)
    return Verdict(False, f"{deviation}: {command('store publish', layout.path)} brings it up to date")


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
        return Verdict(True, f"{len(waiting)} entries are unpublished while process {writer['pid']} writes")
    remedy = f"{command('store publish', layout.path)} adds it or shows why it cannot, and {_remedy(layout)}"
    return Verdict(
        False, f"{len(waiting)} entries are unpublished and there is no writer; the first is {min(waiting)}: {remedy}"
    )


def journal_intact(layout: Layout, store: Store) -> Verdict:
    """Every file of the journal is as it was written, to the last byte."""
    with store.cursor() as connection:
        inside = ingested(connection)
    for folder in packs.unreadable(layout.journal):
        return Verdict(False, f"{folder.name}: its list {packs.LIST} is missing or damaged: {_remedy(layout)}")
    recorded = inside if seal.intact(store.file) else {}
    examined = verification.examine(journal.entries(layout), recorded)
    broken = [one for one in examined if one.flaw]
    if broken:
        return Verdict(False, f"{broken[0].entry.name}: {broken[0].flaw}: {_remedy(layout)}")
    unlisted = [one.entry.name for one in examined if one.known and not one.listed]
    if unlisted:
        return Verdict(False, f"{unlisted[0]} has no valid list of digests: {_remedy(layout)}")
    unknown = sum(not one.known for one in examined)
    remark = f", {unknown} of them without digest until the next `store publish`" if unknown else ""
    return Verdict(True, f"{len(examined)} entries{remark}")


def journal_agrees(layout: Layout, store: Store) -> Verdict:
    """Every table has the rows that the journal says, to the last value."""
    if not layout.journal.is_dir():
        return Verdict(True, "no journal beside this file")
    with attached(store.file, read_only=True, folders=[layout.journal], own=True) as connection:
        inside = ingested(connection)
        entries = [entry for entry in journal.entries(layout) if entry.name in inside]
        difference = disagreement(connection, entries)
    if difference:
        return Verdict(False, f"{difference}: {_remedy(layout)}")
    return Verdict(True, f"{len(entries)} entries")


def _remedy(layout: Layout) -> str:
    return f"{command('store check --repair', layout.path)} repairs it"
