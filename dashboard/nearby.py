"""The built-in networks that are nearest to a network of the reader's own, and what they did when trained."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, commands, trains
from goldilocks.dashboard.diagnosis import Diagnosis
from goldilocks.dashboard.figure import table_downloads
from goldilocks.dashboard.lecture.setting import FULLY_CONNECTED, NO_NORM, RELU
from goldilocks.dashboard.members import members
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

# Sizes of the network that is offered, which is to be trained in minutes.
LEAST_WIDTH, MOST_WIDTH, MOST_DEPTH = 8, 512, 100
GRID = """name = "near"

[[study]]
kind = "training"
dataset = "digits"
preprocessing = "standardize"
network = "{network}"
depth = {depth}
width = {width}
activation = "{activation}"
norm = "{norm}"
init = ["xavier", "kaiming", "torch_default"]
optimizer = "sgd"
lr = [0.01, 0.03, 0.1]
batch_size = 64
steps = 300
seed = [0, 1, 2]
"""


def show(diagnosis: Diagnosis, own: Any) -> None:
    """Show the nearest trained networks, or how to train one.

    Args:
        diagnosis: the network.
        own: its row of `diagnosis.networks`.
    """
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown("### What did networks like it do when trained?", width="stretch")
        table_downloads(diagnosis.near, "near")
    found = diagnosis.near.frame()
    if found.empty:
        _none(own)
        return
    st.caption(
        "Built-in networks of nearly this depth and width, the most alike first. They say what to expect, not what "
        "this network will do: each was trained on the data named, with the best of the learning rates tried."
    )
    networks = [rows for _, rows in found.groupby("nearest")]
    for column, (place, rows) in zip(st.columns(len(networks)), enumerate(networks), strict=True):
        with column, st.container(border=True, key=f"near-{place}"):
            _card(rows)


def _card(rows: pd.DataFrame) -> None:
    first = rows.iloc[0]
    name = f"{first['network']}, {first['depth']} layers of {first['width']}"
    st.markdown(f"**{verbatim(name)}**")
    trained = f"{axes.text('activation', first['activation'])}, {axes.text('norm', first['norm'])}; {first['dataset']}"
    st.caption(verbatim(f"{trained}, {first['steps']} steps"))
    st.markdown(f"Differs: {verbatim(first['differs'] or 'in nothing that is compared')}.")
    st.markdown("\n".join(f"- {_outcome(row)}" for row in rows.itertuples()))


def _outcome(row: Any) -> str:
    """Say how training ended under one initialization."""
    accuracy = f"test accuracy {row.final_test_accuracy:.1%}" if pd.notna(row.final_test_accuracy) else "no accuracy"
    diverged = f", {row.diverged} diverged" if row.diverged else ""
    seeds = f"{trains.of_seeds(row.share_that_train, row.seeds)} seed{'s' if row.seeds != 1 else ''} train{diverged}"
    return f"**{verbatim(row.init)}:** {verbatim(f'{seeds}; {accuracy}; {row.optimizer}, lr {row.lr:g}')}"


def _none(own: Any) -> None:
    like = f"{own.depth} layers of {own.width}, {own.activation}, normalization {own.norm}"
    st.info(f"No trained network in this store is near: none is like {verbatim(like)}.")
    st.markdown(
        "This grid, saved as near.toml, holds the built-in network that is most like it; the command trains it:"
    )
    st.code(grid(own), language="toml")
    st.code(commands.command("run near.toml"), language="shell")


def grid(own: Any) -> str:
    """Return the grid file of a built-in network like a diagnosed one.

    Args:
        own: its row of `diagnosis.networks`.
    """
    activations, norms = _built_in("activation", own.activation), _built_in("normalization", own.norm)
    kind = "residual" if own.residual else "convolution" if own.convolution else ""
    networks = [name for family, name in members().ranks if family == "network" and _is_of(name, kind)]
    return GRID.format(
        network=networks[0] if networks else FULLY_CONNECTED,
        depth=int(np.clip(own.depth, 1, MOST_DEPTH)),
        width=int(np.clip(own.width, LEAST_WIDTH, MOST_WIDTH)),
        activation=activations[0] if activations else RELU,
        norm=norms[0] if norms else NO_NORM,
    )


def _is_of(network: str, kind: str) -> bool:
    """Tell whether a built-in network is of a kind, which its name begins with or shortens."""
    return bool(kind) and (network.startswith(kind) or kind.startswith(network))


def _built_in(kind: str, met: str) -> list[str]:
    """Return the built-in members among those that a network has, but those that need a parameter.

    Args:
        kind: their family.
        met: their names, joined with +.
    """
    cards = Question("scheme_cards", {"kind": kind}).frame()
    lacking = {row.name for row in cards.itertuples(index=False) if "=…" in (row.parameters or "")}
    return [name for name in str(met).split("+") if (kind, name) in members().ranks and name not in lacking]
