"""Who computed what, what is still missing, and the engine at the push of a button."""

import re
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks import store
from goldilocks.dashboard import compute, data, engine_process, run_table, selectors
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "runs"
_NAME = re.compile(r"\w[\w-]*", re.ASCII)
PRESET, EDIT = "a preset", "a grid of my own"
EXAMPLE = """name = "mine"

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [5, 10]
init = ["xavier", "kaiming"]
activation = "gelu"
norm = ["none", "batch"]
lr = [0.03, 0.1]
batch_size = 64
steps = 200
seed = [0, 1, 2]
"""


def main() -> None:
    """Draw the page."""
    st.title("Runs")
    st.markdown("Every run of the engine, what the store covers, and a way to fill its gaps.")
    if compute.offered():
        _refresh()
    else:
        st.caption(
            "Computing from the browser is available only when the dashboard is served on loopback, without a proxy."
        )
    try:
        data.version()
    except store.StoreMissing:
        st.info("There is no store yet. Choose a preset above and start it, or run `make grid`.")
        return
    run_table.show(f"{PREFIX}_")
    _nodes()
    _coverage()


def _refresh() -> None:
    st.markdown("#### Compute")
    if not engine_process.installed():
        st.info("PyTorch is not installed in this environment, so nothing can be computed here.")
        return
    if compute.elsewhere():
        return
    if engine_process.running() is None:
        _choose()
    if engine_process.latest() is not None:
        compute.watch(PREFIX)


def _choose() -> None:
    kind = selectors.switch("Grid to compute", [PRESET, EDIT], f"{PREFIX}_kind", PRESET)
    if kind == PRESET:
        presets = _presets()
        grid = selectors.one("Preset", list(presets), f"{PREFIX}_preset", "demo")
        st.caption(verbatim(presets[grid]))
        text = ""
    else:
        text = st.text_area("Grid (TOML); lists are crossed", _text(), height=330, key=f"{PREFIX}_toml")
        grid = compute.OWN
    compute.buttons(grid, text, _version(), PREFIX)


def _version() -> str:
    try:
        return data.version()
    except store.StoreError:
        return ""


def _presets() -> dict[str, str]:
    try:
        cards = data.query("scheme_cards", kind="preset")
    except store.StoreError:
        cards = pd.DataFrame(columns=["name", "title"])
    # The store says what presets there are, and may say anything: a name is neither a path nor an option.
    found = {name: title for name, title in zip(cards["name"], cards["title"], strict=True) if _NAME.fullmatch(name)}
    return found or {"demo": "every effect of the lecture", "smoke": "a few small cells of each study"}


def _text() -> str:
    """Return the text of the latest run's grid, or an example."""
    try:
        texts = data.query("run_grids")["grid_text"].dropna()
    except store.StoreError:
        return EXAMPLE
    return EXAMPLE if texts.empty else str(texts.iloc[0])


def _nodes() -> None:
    """Show what each node of a cluster did; nothing where every run was computed on one machine."""
    nodes = data.query("cluster_nodes")
    if nodes.empty:
        return
    st.markdown("#### Workers, node by node")
    config: dict[str, Any] = {
        "run_id": "Run",
        "node": "Node",
        "workers": "Workers",
        "device_name": "Device",
        "batches_done": "Batches done",
        "batches_failed": "failed",
        "cells": st.column_config.NumberColumn("Cells", format="localized"),
        "cells_per_second": st.column_config.NumberColumn("Cells per second, computing", format="%.1f"),
    }
    text = "What each node of a cluster did for each run."
    st.dataframe(nodes, hide_index=True, column_config=config, column_order=list(config), key="table-nodes", alt=text)


def _coverage() -> None:
    st.markdown("#### Contents")
    coverage = data.query("coverage")
    config: dict[str, Any] = {
        "study": "Study",
        "dataset": "Data set",
        "network": "Network",
        "status": "Status",
        "cells": st.column_config.NumberColumn("Cells", format="localized"),
        "inits": "Initializations",
        "activations": "Activations",
        "norms": "Normalizations",
        "min_depth": "Depth from",
        "max_depth": "to",
        "seeds": "Seeds",
        "seconds": st.column_config.NumberColumn("Computing time (s)", format="%.1f"),
    }
    st.dataframe(
        coverage, hide_index=True, column_config=config, key="table-coverage", alt="Cells by study and status."
    )
    if compute.offered() and engine_process.installed():
        _preset_coverage()


def _preset_coverage() -> None:
    st.markdown("#### Coverage of presets")
    presets = _presets()
    chosen = selectors.several("Presets", list(presets), f"{PREFIX}_covered", ["demo"])
    if not st.button("Check", icon=":material/fact_check:", help="Asks the engine. A large preset takes a while."):
        return
    for name in chosen:
        with st.spinner(f"Asking the engine about {verbatim(name)} …", show_time=True):
            try:
                planned = _planned(data.version(), name)
            except engine_process.Refused as refusal:
                st.warning(verbatim(refusal))
                continue
        share = planned["done"] / max(planned["cells"], 1)
        st.progress(share, f"**{verbatim(name)}**: {planned['done']:,} of {planned['cells']:,} cells")


@st.cache_data(show_spinner=False, max_entries=50)
def _planned(version: str, name: str) -> dict[str, Any]:
    return engine_process.plan(name)


main()
