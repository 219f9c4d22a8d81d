"""Choosing cells: one multiple choice per axis, bound to the URL, for any page that compares configurations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, commands, data, selectors
from goldilocks.dashboard.verbatim import verbatim

MAIN = ("norm", "init", "activation", "depth", "lr")
# Beside so many choices there is room for the button that shows the others.
FEW = 3
# Long names need more room.
WIDTHS = {"init": 1.9, "depth": 1.2}

# What tells networks of a study apart, beside what is compared on them.
SHAPES = {
    "training": ("network", "dataset", "preprocessing", "width", "batch_size", "optimizer", "steps"),
    "propagation": ("network", "dataset", "preprocessing", "depth", "width", "batch_size"),
}
# By which number one has more to compare than another.
COMPARED = {"training": "comparable", "propagation": "cells"}

Chosen = dict[str, list[Any]]


def plain(value: Any) -> Any:
    """Return NumPy's numbers as Python's, which DuckDB binds and the URL shows."""
    return value.item() if hasattr(value, "item") else value


def options(study: str) -> Chosen:
    """Return the values of each axis among the cells of a study, in a meaningful order; empty when it has none.

    Args:
        study: its name.
    """
    row = data.query("axis_values", study=study).iloc[0]
    if not row["cells"]:
        return {}
    found = {axis: _values(row[name]) for axis, name in axes.LISTS.items()}
    for one in _values(row["study_values"]):
        axis, _, value = one.partition("=")
        found.setdefault(axis, []).append(value)
    return {axis: axes.ordered(axis, values) for axis, values in found.items() if values}


def _values(cell: Any) -> list[Any]:
    """Return the values of a list that DuckDB made; a NULL belongs to an axis that the study lacks."""
    return [plain(value) for value in cell] if isinstance(cell, list | np.ndarray) else []


def cells(
    study: str,
    prefix: str,
    defaults: Mapping[str, Sequence[Any]],
    main: Sequence[str] = MAIN,
    spread: Sequence[str] = (),
) -> Chosen | None:
    """Let the reader choose values on every axis that has more than one.

    Args:
        study: whose cells.
        prefix: of the keys in the URL.
        defaults: the first choice on each axis; all values where it is not named or nothing of it exists.
        main: the axes that are always in sight; the others are behind a button.
        spread: the axes that a figure is spread over: long lists that hardly anybody changes.

    Returns:
        The chosen values of each axis, or None when the page cannot be drawn; a sentence then says why.
    """
    offered = options(study)
    if not offered:
        st.info(f"No results for the study {verbatim(study)} yet. {commands.remedy('run demo', 'to compute some')}")
        return None
    chosen = {**offered, **_choices(offered, prefix, defaults, main, spread)}
    _say_what_is_the_same(offered)
    empty = [axes.title(axis) for axis, values in chosen.items() if not values]
    if empty:
        st.info(f"Nothing is selected under: {', '.join(empty)}. Choose at least one value.")
        return None
    return chosen


def _choices(
    offered: Chosen, prefix: str, defaults: Mapping[str, Sequence[Any]], main: Sequence[str], spread: Sequence[str]
) -> Chosen:
    """Draw a choice for every axis with several values, and return what is chosen there."""
    several = [axis for axis in offered if len(offered[axis]) > 1]
    shown = [axis for axis in main if axis in several and axis not in spread]
    hidden = [axis for axis in several if axis not in shown]
    chosen: Chosen = {}
    beside = bool(hidden) and 0 < len(shown) <= FEW
    widths = [WIDTHS.get(axis, 1.0) for axis in shown] + ([1.0] if beside else [])
    columns = st.columns(widths, vertical_alignment="bottom") if widths else []
    for column, axis in zip(columns, shown, strict=False):
        with column:
            chosen[axis] = _several(axis, offered[axis], f"{prefix}_{axis}", defaults.get(axis, ()))
    if hidden:
        names = ", ".join(axes.in_sentence(axes.title(axis)) for axis in hidden)
        text = f"More axes: {names}"
        place = columns[-1] if beside else st.container()
        with place.popover("More axes" if beside else text, icon=":material/tune:", help=text if beside else None):
            for axis in hidden:
                # Another default is another choice: under the same name the address would not reproduce it.
                key = f"{prefix}_every_{axis}" if axis in spread else f"{prefix}_{axis}"
                chosen[axis] = _several(axis, offered[axis], key, defaults.get(axis, ()))
    return chosen


def _several(axis: str, offered: Sequence[Any], key: str, defaults: Sequence[Any]) -> list[Any]:
    first = [value for value in defaults if value in offered] or list(offered)
    return selectors.several(axes.title(axis), offered, key, first)


def _say_what_is_the_same(offered: Chosen) -> None:
    # A study without hidden layers or minibatches says so by a zero.
    alone = [
        verbatim(axes.text(axis, values[0])) for axis, values in offered.items() if len(values) == 1 and values[0] != 0
    ]
    if alone:
        st.caption(f"Fixed: {', '.join(alone)}.")


def whole_rows(tiles: pd.DataFrame, values: Sequence[Any]) -> list[Any]:
    """Return the values of the rows that have the most tiles of a map, or none where these are fewer than two.

    Args:
        tiles: x and y, as text.
        values: those of the rows.
    """
    counts = tiles.groupby("y")["x"].nunique()
    whole = set(counts.index[counts == counts.max()])
    found = [value for value in values if str(value) in whole]
    return found if len(found) > 1 else []


def bound(chosen: Chosen) -> dict[str, Any]:
    """Return chosen values as parameters of a named query.

    Args:
        chosen: values by axis.
    """
    found = {axes.LISTS[axis]: list(values) for axis, values in chosen.items() if axis in axes.LISTS}
    own = [f"{axis}={value}" for axis, values in chosen.items() if axis not in axes.LISTS for value in values]
    return found | ({"study_values": own} if own else {})


def largest_network(study: str = "training") -> dict[str, list[Any]]:
    """Return, as a first choice, the data set and shape of a study on which most can be compared.

    Args:
        study: training or propagation.
    """
    networks = data.query(f"{study}_networks")
    if networks.empty:
        return {}
    first = networks.loc[networks[COMPARED[study]].idxmax()]
    return {axis: [plain(first[axis])] for axis in SHAPES[study]}
