"""The axes of a cell: what each is called, how its values are written, and in which order they stand."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from goldilocks.dashboard.charts.lines import Axis
from goldilocks.dashboard.members import Members, members

NAMES = {
    "norm": "Normalization",
    "init": "Initialization",
    "activation": "Activation",
    "depth": "Depth",
    "lr": "Learning rate",
    "optimizer": "Optimizer",
    "width": "Width",
    "batch_size": "Batch size",
    "steps": "Steps",
    "dataset": "Data set",
    "preprocessing": "Preprocessing",
    "network": "Network",
}
# What a query calls the list of chosen values of each axis.
LISTS = {axis: f"{axis}s" for axis in NAMES} | {"steps": "step_counts"}
NUMBERS = ("depth", "lr", "width", "batch_size", "steps", "seed")

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_WORDS = {"lr": "learning rate"}


def title(axis: str) -> str:
    """Return what an axis is called, one that a single study has alone included.

    Args:
        axis: its name in grid files.
    """
    words = " ".join(_WORDS.get(word, word) for word in axis.split("_"))
    return NAMES.get(axis, words[:1].upper() + words[1:])


def in_sentence(name: str) -> str:
    """Return a title as it stands inside a sentence: with a small first letter, symbols such as W as they are.

    Args:
        name: the title.
    """
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def own(frame: pd.DataFrame) -> list[str]:
    """Return the names of the axes that the study of a frame has alone.

    Args:
        frame: the answer of a query, with its column study_axes.
    """
    return sorted({axis for axes in frame["study_axes"] for axis in axes}) if "study_axes" in frame else []


def spread(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each axis that a study has alone a column, of numbers where all its values are numbers.

    Args:
        frame: the answer of a query, with its column study_axes.
    """
    return frame.assign(**{axis: _numbers([axes.get(axis) for axes in frame["study_axes"]]) for axis in own(frame)})


def _numbers(texts: list[str | None]) -> list[Any]:
    try:
        return [None if text is None else float(text) for text in texts]
    except ValueError:
        return list(texts)


def numeric(frame: pd.DataFrame, axis: str) -> bool:
    """Tell whether the values of a column are numbers."""
    return axis in NUMBERS or (axis not in NAMES and pd.api.types.is_numeric_dtype(frame[axis]))


def ordered(axis: str, values: Iterable[Any]) -> list[Any]:
    """Return the distinct values of an axis in a meaningful order: numbers by size, members by kinship and parameter.

    Args:
        axis: the axis; any other column is ordered as texts or numbers.
        values: its values.
    """
    known = members()
    return sorted(dict.fromkeys(values), key=lambda value: _rank(axis, value, known))


def _rank(axis: str, value: Any, known: Members) -> tuple[int, float, float, str]:
    if isinstance(value, int | float):
        return (0, 0, math.inf if math.isnan(value) else value, "")
    if axis not in NAMES and _NUMBER.fullmatch(str(value)):
        return (0, 0, float(value), "")
    family, _, parameters = str(value).partition("(")
    found = _NUMBER.search(parameters or (family if axis in NUMBERS else ""))
    return (1, known.rank(axis, family), float(found[0]) if found else 0.0, str(value))


def legend(axis: str, values: Iterable[Any]) -> Axis:
    """Return an axis as a legend or as panels: called what it is called, its values in order.

    Args:
        axis: the axis.
        values: its values.
    """
    return coloured(axis, title(axis), ordered(axis, values))


def coloured(field: str, title: str, names: Sequence[Any]) -> Axis:
    """Return a column as a legend whose names have their own colours.

    Args:
        field: the column.
        title: title of the legend.
        names: its values, in their order.
    """
    return Axis(field, title, values=names, colours=members().paint.colours([str(name) for name in names]))


def text(axis: str, value: Any) -> str:
    """Return a value as it stands in a sentence or a legend.

    Args:
        axis: the axis.
        value: its value.
    """
    if value is None:
        return f"no {in_sentence(NAMES.get(axis, axis))}"
    if axis == "depth":
        return f"{value} layers"
    if axis == "lr":
        return f"lr {value:g}"
    if axis in ("width", "batch_size", "seed"):
        return f"{axis.split('_')[0]} {value}"
    if axis == "steps":
        return f"{value} steps"
    if axis in NAMES:
        return members().label(axis, str(value))
    if axis == "part":
        return str(value)
    return f"{in_sentence(title(axis))} {f'{value:g}' if isinstance(value, float) else value}"


def varying(frame: pd.DataFrame, axes: Sequence[str]) -> list[str]:
    """Return the axes on which the rows of a frame differ.

    Args:
        frame: rows with the axes as columns.
        axes: the candidates.
    """
    return [axis for axis in axes if axis in frame and _differs(frame[axis])]


def _differs(values: pd.Series) -> bool:
    # The first test is cheap and settles most axes; NULLs differ from themselves in it, and not in the second.
    array = values.to_numpy()
    return len(array) > 1 and bool((array != array[0]).any()) and values.nunique(dropna=False) > 1


def named(frame: pd.DataFrame, axes: Sequence[str], at_least: str) -> pd.DataFrame:
    """Name each configuration by the axes that tell it apart, and sort: column `configuration`.

    Args:
        frame: rows with the axes as columns.
        axes: the axes.
        at_least: the axis that names them when they do not differ at all.

    Returns:
        A new frame, in the order of the axes; rows of one configuration keep their order. Rows keep their labels, so
        that a column which is set beside them finds its row.
    """
    parts = varying(frame, axes) or [at_least]
    groups = frame.groupby(parts, sort=False, dropna=False)
    different = frame.drop_duplicates(parts)[parts].astype(object)
    # NaN is not equal to itself and could not be looked up.
    different = different.where(different.notna(), None)
    names = [
        ", ".join(text(axis, value) for axis, value in zip(parts, row, strict=True))
        for row in different.itertuples(index=False)
    ]
    ranks = [{value: place for place, value in enumerate(ordered(axis, different[axis]))} for axis in parts]
    keys = [
        tuple(rank[value] for rank, value in zip(ranks, row, strict=True)) for row in different.itertuples(index=False)
    ]
    place = np.empty(len(names), int)
    place[sorted(range(len(names)), key=keys.__getitem__)] = np.arange(len(names))
    code = groups.ngroup().to_numpy()
    found = frame.assign(configuration=np.array(names, object)[code])
    return found.take(np.argsort(place[code], kind="stable"))
