"""The benchmark's figures as tables: whole words in 80 columns, one table for all cases where there is more room."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from goldilocks.engine.bench.scaling import TRAININGS, WIDTH

COLUMNS = ("", "cell-steps/s", "faster", "spread", "matrix", "streamed")
NOTES = (
    "faster: speed of the engine relative to this peer, median over alternating rounds; spread: minimum and maximum.",
    "matrix, streamed: share of the rate of plain batched matrix products, with factors in the cache and in memory.",
)
# Below this a case has a table of its own under its name.
WIDE = 144
STORE = (
    ("journaled, cells/s", "journal_cells_per_second", "{:,.0f}"),
    ("ingested, cells/s", "ingest_cells_per_second", "{:,.0f}"),
    ("to publish one more batch, s", "publish_seconds", "{:.2f}"),
    ("between publications, s", "seconds_between_publications", "{:.0f}"),
    ("bytes per cell", "bytes_per_cell", "{:,.0f}"),
    ("checked, s", "check_seconds", "{:.1f}"),
    ("named queries, 95th percentile, s", "query_seconds_95", "{:.3f}"),
    ("the slowest of them, s", "slowest_query_seconds", "{:.2f}"),
)


def show(results: dict[str, Any], console: Console | None = None) -> None:
    """Print everything that was measured; what was not has no heading either.

    Args:
        results: what `goldilocks bench --json` prints.
        console: where to; standard output unless given.
    """
    console = console or Console(highlight=False, markup=False)
    if results["cases"]:
        _show_cases(results, console)
    if results["growth"]:
        _show_growth(results["growth"], console)
    if results["scaling"]:
        _show_scaling(results["scaling"], console)
    if results["store"]:
        _show_store(results["store"], console)


def _show_cases(results: dict[str, Any], console: Console) -> None:
    machine = results["machine"]
    console.print(f"{machine['device']}, {machine['threads']} threads, torch {results['torch']}\n")
    if console.width >= WIDE:
        table = _table("case", *COLUMNS)
        for case in results["cases"]:
            for number, row in enumerate(_rows(case)):
                table.add_row("" if number else case["case"], *row)
        console.print(table)
    else:
        for case in results["cases"]:
            table = _table(*COLUMNS)
            for row in _rows(case):
                table.add_row(*row)
            console.print(case["case"])
            console.print(table)
            console.print()
    for note in NOTES:
        console.print(note)


def _rows(case: dict[str, Any]) -> Iterator[list[str]]:
    shares = [f"{rate['share']:.0%}" for rate in case["rates"].values()]
    spread = f"{_short(case['least'])}–{_short(case['most'])} s"
    yield ["engine", _short(case["cell_steps_per_second"]), "", spread, *shares]
    for name, peer in case["peers"].items():
        spread = f"{_short(peer['least'])}–{_short(peer['most'])}×"
        yield [name, _short(peer["cell_steps_per_second"]), f"{_short(peer['times_faster'])}×", spread]


def _short(number: float) -> str:
    return f"{number:,.{0 if number >= 100 else 1 if number >= 10 else 2}f}"


def _show_growth(growth: Sequence[dict[str, Any]], console: Console) -> None:
    axes = list(dict.fromkeys(one["axis"] for one in growth))
    table = _table("grown by the factor", *(f"{factor}×" for factor in _factors(growth, axes[0])))
    for axis in axes:
        seconds = [f"{one['seconds']:.2f} s" for one in growth if one["axis"] == axis]
        least = min(one["value"] for one in growth if one["axis"] == axis)
        table.add_row(f"{axis}, from {least:,}", *seconds)
    console.print()
    console.print(table)


def _factors(growth: Sequence[dict[str, Any]], axis: str) -> list[str]:
    values = [one["value"] for one in growth if one["axis"] == axis]
    return [f"{value / values[0]:g}" for value in values]


def _show_scaling(ways: Sequence[dict[str, Any]], console: Console) -> None:
    table = _table(f"{TRAININGS:,} trainings, width {WIDTH}", "processes", "whole run", "of ideal")
    for one in ways:
        cores = f"{one['cores']} core{'s' if one['cores'] > 1 else ''}"
        table.add_row(cores, str(one["processes"]), f"{one['seconds']:.1f} s", f"{one['share']:.0%}")
    console.print()
    console.print(table)


def _show_store(sizes: Sequence[dict[str, Any]], console: Console) -> None:
    table = _table("store", *[""] * len(sizes))
    for label, key, form in (
        ("training cells", "training_cells", "{:,}"),
        ("propagation cells", "propagation_cells", "{:,}"),
        *STORE,
    ):
        table.add_row(label, *(form.format(one[key]) for one in sizes))
    console.print()
    console.print(table)
    for one in sizes:
        console.print(f"slowest with {one['training_cells']:,} training cells: {one['slowest_query']}")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(first, no_wrap=True)
    for number, heading in enumerate(others):
        table.add_column(heading, justify="left" if not heading and not number else "right", no_wrap=True)
    return table
