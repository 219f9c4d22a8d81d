"""What diverged: the one place that decides it, for every study, from the results themselves."""

from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

# Parts of measurements that are predictions begin with this word, and so do columns of layers.
THEORY = "theory"
LOSSES = ("train_loss", "test_loss")


def not_finite(tables: Mapping[str, pa.Table], undecided: Collection[str]) -> set[str]:
    """Return the ids of the cells in which a network gave a value that is not finite.

    That is a statistic of a layer, a training or test loss, or a measured quantity; predictions say nothing about a
    network, and a ratio of two zeros does not either.

    Args:
        tables: rows of the store's tables.
        undecided: quantities that may be infinite or NaN in a sound network.
    """
    ids: set[str] = set()
    if (layers := tables.get("layers")) is not None:
        ids |= _ids(layers, [name for name in layers.column_names if not name.startswith(THEORY)])
    if (curves := tables.get("curves")) is not None:
        ids |= _ids(curves, LOSSES)
    if (measured := tables.get("measurements")) is not None:
        said = pc.or_(
            pc.starts_with(measured["part"], THEORY), pc.is_in(measured["quantity"], pa.array(undecided, pa.string()))
        )
        ids |= _ids(measured.filter(pc.invert(said)), ["value"])
    return ids


def _ids(rows: pa.Table, columns: Collection[str]) -> set[str]:
    ids: set[str] = set()
    for column in columns:
        if pa.types.is_floating(rows[column].type):
            lost = pc.invert(pc.fill_null(pc.is_finite(rows[column]), True))
            ids.update(rows.filter(lost)["cell_id"].unique().to_pylist())
    return ids
