"""The table of all runs of the engine: filtered and sorted by choices that are in the address."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import data, selectors

ANY = "any"
# What runs are filtered by: the column, and what it is called.
FILTERS = {"grid": "Grid", "status": "Status", "device_name": "Device", "host": "Host"}
# What they are sorted by: the column, whether the largest comes first.
ORDERS = {
    "latest first": ("started_at", True),
    "oldest first": ("started_at", False),
    "longest first": ("seconds", True),
    "most cells computed first": ("cells_computed", True),
    "most cells failed first": ("cells_failed", True),
    "most cells diverged first": ("cells_diverged", True),
    "by grid": ("grid", False),
    "by status": ("status", False),
}


def show(prefix: str) -> None:
    """Show the runs that the reader chooses, in the chosen order.

    Args:
        prefix: of the keys in the URL.
    """
    st.markdown("#### Provenance")
    runs = data.query("runs")
    values, order = _choose(runs, prefix)
    found = arranged(runs, values, order)
    config: dict[str, Any] = {
        "run_id": "Run",
        "grid": "Grid",
        "status": "Status",
        "started_at": st.column_config.DatetimeColumn("Started (UTC)", format="YYYY-MM-DD HH:mm"),
        "seconds": st.column_config.NumberColumn("Seconds", format="%.0f"),
        "cells_computed": "Computed",
        "cells_kept": "Still in the store",
        "cells_diverged": "Diverged",
        "cells_failed": "Failed",
        "batches_done": "Batches done",
        "batches_running": "running",
        "batches_failed": "failed",
        "batches_total": "of",
        "device_name": "Device",
        "code_version": "Code",
        "torch_version": "PyTorch",
        "host": "Host",
        "command": "Command",
    }
    text = f"Runs of the engine, {order}."
    st.dataframe(found, hide_index=True, column_config=config, column_order=list(config), key="table-runs", alt=text)
    if len(found) < len(runs):
        st.caption(f"{len(found):,} of {len(runs):,} runs.")


def _choose(runs: pd.DataFrame, prefix: str) -> tuple[dict[str, str], str]:
    """Let the reader choose: one value of each column that has several, and an order; nothing of a single run."""
    if len(runs) < 2:
        return {}, next(iter(ORDERS))
    offered = {name: sorted(map(str, runs[name].dropna().unique())) for name in FILTERS}
    shown = [name for name in FILTERS if len(offered[name]) > 1]
    values = {}
    *columns, last = st.columns(len(shown) + 1)
    for column, name in zip(columns, shown, strict=True):
        with column:
            values[name] = selectors.one(FILTERS[name], [ANY, *offered[name]], f"{prefix}{name}", ANY)
    with last:
        order = selectors.one("Order", list(ORDERS), f"{prefix}order")
    return values, order


def arranged(runs: pd.DataFrame, values: Mapping[str, str], order: str) -> pd.DataFrame:
    """Return the runs with some values, in an order; runs that are alike in it keep theirs, the latest first.

    Args:
        runs: all of them, the latest first.
        values: by column; `ANY` keeps all.
        order: a key of `ORDERS`.
    """
    for name, value in values.items():
        runs = runs if value == ANY else runs[runs[name].astype(str) == value]
    column, down = ORDERS[order]
    return runs.sort_values(column, ascending=not down, kind="stable", na_position="last").reset_index(drop=True)
