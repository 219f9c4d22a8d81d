"""The command line of the store: `goldilocks store info | check | publish | query | export | import | merge`."""

from __future__ import annotations

import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from goldilocks.store.checks.check import check as run_checks
from goldilocks.store.command_line import terminal
from goldilocks.store.command_line.arguments import SqlCommand
from goldilocks.store.command_line.terminal import FAILED, refusals, say, warn
from goldilocks.store.errors import StoreInvalid, StoreMissing, StoreWarning
from goldilocks.store.exchange import export as exporting
from goldilocks.store.exchange import merge as merging
from goldilocks.store.exchange import output, reference
from goldilocks.store.layout import DEFAULT_PATH, ENVIRONMENT_VARIABLE, Layout, command
from goldilocks.store.reading import connect, queries
from goldilocks.store.repairs import repair as repairing
from goldilocks.store.snapshots import publication
from goldilocks.store.writing import lock

EPILOG = "Exit codes: 0 success; 1 a check or an operation failed; 2 invalid request."

app = typer.Typer(
    help="Inspect, check, query, export and merge a Goldilocks store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
StorePath = Annotated[
    str | None,
    typer.Option("--store", help=f"The DuckDB file. Default: ${ENVIRONMENT_VARIABLE}, or else {DEFAULT_PATH}."),
]


class QueryFormat(StrEnum):
    """Formats of `query`."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class ExportFormat(StrEnum):
    """Formats of `export`."""

    parquet = "parquet"
    csv = "csv"


@app.command(epilog=EPILOG)
def info(store: StorePath = None) -> None:
    """Show snapshot, row counts and latest runs. Example: goldilocks store info"""
    with refusals(), connect.open(store) as opened:
        layout = Layout.at(store)
        size = opened.file.stat().st_size / 1e6
        say(f"{opened.path}: snapshot {opened.snapshot}, {size:.1f} MB")
        writer = lock.writer(layout)
        say(f"written by process {writer['pid']} since {writer['started_at']} UTC" if writer else "no writer")
        for one in opened.relations():
            say(f"  {one.name:<18}{one.rows:>12,}  {one.kind:<6}{one.comment}")
        latest = (
            "SELECT run_id, grid, status, device, started_at, seconds, cells_total AS total, cells_cached AS cached, "
            "cells_computed AS computed, cells_diverged AS diverged, cells_failed AS failed "
            "FROM runs ORDER BY started_at DESC NULLS LAST, run_id LIMIT 10"
        )
        say("latest runs")
        with terminal.sink(None) as sink:
            output.table(opened.query(latest).relation, sink)


@app.command(epilog=EPILOG)
def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair the store; damaged files are moved to the folder `damaged`.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="With --repair: rebuild the snapshot from the journal even if every check passes."
        ),
    ] = False,
    store: StorePath = None,
) -> None:
    """Verify every invariant; stop at the first broken one. Example: goldilocks store check"""
    with refusals():
        layout = Layout.at(store)
        if not layout.folder.exists() and not layout.path.exists():
            layout.resolve()
        if rebuild and not repair:
            again = command("store check --repair --rebuild", layout.path)
            raise StoreInvalid(f"--rebuild needs --repair: {again}")
        sound = all_hold(layout)
        if repair and (rebuild or not sound):
            for sentence in repairing.repair(layout, rebuild=rebuild):
                say(f"repair {sentence}")
            sound = all_hold(layout)
        if not sound:
            raise typer.Exit(FAILED)


def all_hold(layout: Layout) -> bool:
    """Print a line per check and tell whether all of them hold."""
    holds = True
    for result in run_checks(layout):
        mark = "ok    " if result.holds else "BROKEN"
        say(f"{mark} {result.name:<22}{result.sentence}{f' [{result.detail}]' if result.detail else ''}")
        holds = result.holds
    return holds


@app.command(epilog=EPILOG)
def publish(store: StorePath = None) -> None:
    """Publish the finished batches of the journal as a new snapshot. Example: goldilocks store publish"""
    with refusals():
        layout = Layout.at(store)
        if not layout.folder.exists():
            raise StoreMissing(f"There is no store at {layout}: `goldilocks run` creates one.")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", StoreWarning)
            snapshot = publication.publish(layout)
        for warning in caught:
            warn(f"warning: {warning.message}")
        if snapshot:
            say(f"snapshot {snapshot.name}: {snapshot.entries} journal entries added, {snapshot.cells} cells")
        else:
            say("nothing to publish")
        if caught:
            raise typer.Exit(FAILED)


@app.command(epilog=EPILOG)
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files; created if missing.")],
    format: Annotated[ExportFormat, typer.Option(help="parquet keeps all column types.")] = ExportFormat.parquet,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    store: StorePath = None,
) -> None:
    """Export every table as Parquet or CSV files. Example: goldilocks store export tables --format csv"""
    with refusals(), connect.open(store) as opened:
        for file in exporting.export(opened, folder, format, overwrite=overwrite):
            say(file)


@app.command("import", epilog=EPILOG)
def import_(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="A folder made by `export --format parquet`. Default: the reference grid that comes with Goldilocks.",
            show_default=False,
        ),
    ] = None,
    store: StorePath = None,
) -> None:
    """Import a folder written by `export`, or the reference grid. Example: goldilocks store import tables"""
    with refusals():
        layout = Layout.at(store)
        if folder is not None:
            merge_all(layout, [folder], "import")
        elif reference.is_known(layout):
            say(f"{layout} has the reference grid already")
        else:
            say("importing the reference grid, which comes with Goldilocks")
            merge_all(layout, [reference.FOLDER], "reference", trusted=True)


@app.command(epilog=EPILOG)
def merge(
    others: Annotated[list[Path], typer.Argument(metavar="OTHER...", help="DuckDB files of other stores.")],
    store: StorePath = None,
) -> None:
    """Merge other stores into this one, and list conflicts with both runs.

    Exit code 1 if there are conflicts. Example: goldilocks store merge from_gpu.duckdb from_cluster.duckdb
    """
    with refusals():
        merge_all(Layout.at(store), others, "merge")


def merge_all(layout: Layout, others: list[Path], label: str, *, trusted: bool = False) -> None:
    """Merge one source after the other and print what came of each."""
    conflicts = 0
    for other in others:
        merged = merging.merge(layout, other, label, trusted=trusted)
        say(f"{other}: {merged.added} cells added, {merged.known} already present")
        for conflict in merged.conflicts:
            warn(f"conflict: {conflict}")
            warn(f"  {command(f'verify {conflict.example}', layout.path)} recomputes it")
        conflicts += len(merged.conflicts)
    if conflicts:
        raise typer.Exit(FAILED)


@app.command(epilog=EPILOG, cls=SqlCommand)
def query(
    sql: Annotated[
        str | None,
        typer.Argument(metavar="SQL", help="SQL whose last statement returns rows; - reads stdin."),
    ] = None,
    format: Annotated[QueryFormat, typer.Option(help="In JSON, NaN and infinity are strings.")] = QueryFormat.table,
    name: Annotated[str | None, typer.Option(help=f"A named query: {', '.join(queries.all())}.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="Value for $KEY; repeatable.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--output", help="File to write; default: stdout.")] = None,
    store: StorePath = None,
) -> None:
    """Run SQL or a named query. Example: goldilocks store query "SELECT * FROM signal_rates" --format csv"""
    with refusals():
        if (sql is None) == (name is None):
            raise StoreInvalid("query needs either SQL or --name NAME, for example: query 'SELECT * FROM outcomes'")
        if format is QueryFormat.parquet and to is None and sys.stdout and sys.stdout.isatty():
            raise StoreInvalid("Parquet is binary and stdout is a terminal: add --output FILE")
        texts = pairs(parameter or [])
        with connect.open(store, folders=[output.PIPES]) as opened:
            if name is not None:
                result = opened.named(name, **queries.get(name).parse(texts))
            else:
                result = opened.query(terminal.read_stdin() if sql == "-" else terminal.text(str(sql)), **texts)
            with terminal.sink(to) as sink:
                output.write(format, result.relation, sink)


def pairs(texts: list[str]) -> dict[str, str]:
    """Read `KEY=VALUE` texts.

    Raises:
        StoreInvalid: when one has no `=`.
    """
    broken = [text for text in texts if not text.partition("=")[1]]
    if broken:
        raise StoreInvalid(f"{broken[0]!r} is not of the form KEY=VALUE, for example -p activation=tanh")
    return {terminal.text(key): terminal.text(value) for key, _, value in (text.partition("=") for text in texts)}


def main(name: str = "goldilocks store") -> None:
    """Run the command line.

    Args:
        name: what it is called with.
    """
    terminal.main(app, name)


if __name__ == "__main__":
    main()
