"""What the command line shows as tables: a forecast, and the members of a family."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from goldilocks.store.command_line.printable import printable

if TYPE_CHECKING:
    from goldilocks.engine.catalog import CatalogEntry
    from goldilocks.engine.execution.forecast import Forecast

# Headings of the gains of activations, and where they come from; PyTorch's is shown where it differs.
GAINS = {"keeps E φ²": "second_moment", "keeps Var φ": "variance", "keeps gradient": "gradient", "PyTorch": "torch"}
# Heading of the share of a standard normal that an activation saturates.
SATURATED = "saturated of N(0,1)"


def forecast_table(expected: "Forecast") -> Table:
    """Return what a run would do, a line for each of its sizes.

    Args:
        expected: the forecast.
    """
    table = Table(show_header=False, box=None)
    for label, value in (
        ("grid", expected.grid),
        ("cells", f"{expected.cells:,}"),
        ("already done", f"{expected.done:,}"),
        ("batches", f"{expected.batches:,}"),
        ("processes", "1, with a thread on every core" if expected.workers == 1 else f"{expected.workers:,}"),
        ("operations", f"{expected.flops:.3g} floating-point operations"),
        ("peak memory", f"{expected.peak_bytes / 1e9:.2f} GB"),
        (
            "expected time",
            f"{_duration(expected.seconds)}, at {expected.matrix_rate / 1e9:.0f} GFLOP/s in matrix products "
            f"and {1e6 * expected.call_seconds:.0f} µs per kernel call",
        ),
    ):
        table.add_row(label, Text(printable(value)))
    for remark in expected.remarks:
        table.add_row("remark", Text(printable(remark)))
    return table


def _duration(seconds: float) -> str:
    return "none" if not seconds else "less than 1 s" if seconds < 1 else f"{seconds:.0f} s"


def member_table(family: str, members: "Sequence[CatalogEntry]") -> Table:
    """Return the members of a family with their cards; activations with their gains.

    Args:
        family: what they are called together.
        members: what the catalog says of each.
    """
    table = Table(title=family, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    gains = GAINS if any(entry.gains for entry in members) else {}
    for heading in ("name", "title", "formula", "reference"):
        table.add_column(heading, overflow="fold")
    for heading in (*gains, *([SATURATED] if gains else [])):
        table.add_column(heading, justify="right")
    for entry in members:
        names = ", ".join((entry.signature, *entry.aliases))
        values = [getattr(entry.gains, field, None) for field in gains.values()]
        numbers = ["" if value is None else f"{value:.4f}" for value in values]
        numbers += [f"{entry.saturated:.3%}"] if entry.saturated is not None else []
        texts = (names, entry.card.title, entry.card.formula, entry.card.reference, *numbers)
        table.add_row(*(Text(printable(text)) for text in texts))
    return table
