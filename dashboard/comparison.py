"""Configurations across all their axes and outcomes at once: which choices lead where?"""

import numpy as np
import pandas as pd

from goldilocks.dashboard import axes, data, training_curves
from goldilocks.dashboard.charts.parallel import MOST_LINES, Coordinate, parallel
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.training_curves import View

# Of what a configuration ended with; what is too long below an axis is called otherwise there.
OUTCOMES = ("final_train_loss", "steps_to_90", "final_test_accuracy")
SHORT = {"final_train_loss": "Final training loss"}
SHARES = ("final_test_accuracy",)
# An axis with more values has a scale instead.
MOST_VALUES = 14


@data.cached
def figure(view: View) -> Figure | None:
    """Return the figure, or None where only one configuration is chosen.

    Args:
        view: what the page shows.
    """
    found = training_curves.configurations(view)
    varying = axes.varying(found, list(axes.NAMES))
    if not varying:
        return None
    shown = found.head(MOST_LINES)
    reached = [name for name in OUTCOMES if np.isfinite(shown[name].to_numpy(float, na_value=np.nan)).any()]
    coordinates = [_of_axis(shown, axis) for axis in varying] + [_of_outcome(shown, name) for name in reached]
    legend = axes.legend(view.colour, shown[view.colour])
    names = [str(value) for value in legend.values]
    chart = parallel(shown, coordinates, view.colour, legend.title, names, legend.colours)
    text = f"{len(shown)} configurations across {', '.join(axes.in_sentence(one.title) for one in coordinates)}."
    note = (
        "One line for each configuration, means over its seeds. Drag over a part of an axis to keep the lines that "
        "pass through it; click beside it to have all back. A line has a gap where nothing finite was measured."
    )
    # An axis without a value would part every line at its place.
    if missing := [axes.in_sentence(_title(name)) for name in OUTCOMES if name not in reached]:
        note += f" Not shown, since no configuration has a value: {', '.join(missing)}."
    if len(found) > MOST_LINES:
        note += f" {len(found)} configurations are selected; the first {MOST_LINES} are drawn."
    return Figure("Which choices lead where?", chart, view.outcomes, text, note)


def _of_axis(shown: pd.DataFrame, axis: str) -> Coordinate:
    values = axes.ordered(axis, shown[axis])
    if len(values) > MOST_VALUES and axis in axes.NUMBERS:
        return Coordinate(axis, axes.title(axis), logarithmic=spans_decades(shown[axis], 1))
    return Coordinate(axis, axes.title(axis), values)


def _of_outcome(shown: pd.DataFrame, name: str) -> Coordinate:
    return Coordinate(name, _title(name), logarithmic=spans_decades(shown[name], 1), share=name in SHARES)


def _title(outcome: str) -> str:
    return SHORT.get(outcome) or data.labels()[outcome].partition(" (")[0]
