"""What is behind a tile of the map: how its networks trained, and what an untrained one of them began with."""

import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, cell_filters, data, layer_statistics
from goldilocks.dashboard.charts.lines import MOST_LINES, Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question

# In pixels: map and figures fit on one screen.
HEIGHT = 84


def show(chosen: cell_filters.Chosen, tile: str) -> None:
    """Show both figures, one below the other.

    Args:
        chosen: the cells, by axis.
        tile: what a reader calls it.
    """
    _curves(chosen, tile)
    _layers(chosen, tile)


def _curves(chosen: cell_filters.Chosen, tile: str) -> None:
    values = cell_filters.bound({axis: chosen[axis] for axis in axes.NAMES if axis in chosen})
    question = Question("curves_over_seeds", {"metrics": ["test_accuracy"], "most": MOST_LINES, **values})
    curves = question.frame()
    if curves.empty:
        st.info("No network of this configuration was trained; the layers below are of untrained ones.")
        return
    named = axes.named(for_lines(curves), list(axes.NAMES), "init")
    colour = next(iter(axes.varying(named, list(axes.NAMES))), "init")
    chart = lines(
        named,
        Axis("step", "Step"),
        Axis("mean", data.labels()["test_accuracy"], share=True),
        axes.legend(colour, named[colour]),
        points=False,
        height=HEIGHT,
    )
    found = len(data.query("outcomes_over_seeds", **values))
    note = f"{found} configurations; the first {MOST_LINES} are drawn." if found > MOST_LINES else ""
    Figure(f"{tile}: how did it train?", chart, question, "Test accuracy against step.", note).show("tile-curves")


def _layers(chosen: cell_filters.Chosen, tile: str) -> None:
    wanted = {axis: chosen[axis][0] for axis in ("init", "activation", "norm") if chosen.get(axis)}
    wanted |= {axis: chosen[axis][-1] for axis in ("depth", "width") if chosen.get(axis)}
    question = Question("layers_of_configuration", wanted)
    layers = question.frame()
    if layers.empty:
        st.info("The layers of this configuration were not measured; a propagation study of it would measure them.")
        return
    frame = layers.assign(configuration=wanted["init"], init=wanted["init"])
    parts = []
    names = {metric: data.labels()[metric] for metric in ("std", "grad_rms")}
    for metric, name in names.items():
        part = layer_statistics.against_layer(frame.assign(std_low=frame["std"], std_high=frame["std"]), metric)
        parts.append(part.assign(configuration=name, quantity=name))
    both = pd.concat(parts, ignore_index=True)
    chart = lines(
        both,
        Axis("layer", "Layer", whole=True),
        Axis("mean", " · ".join(names.values()), spans_decades(both["mean"], 1.5)),
        axes.coloured("quantity", "Quantity", list(names.values())),
        height=HEIGHT,
    )
    text = "Standard deviation of activations and root mean square of gradients against layer."
    note = f"Nearest untrained network: {layer_statistics.network_title(layers.iloc[0])}."
    Figure("What did it begin with?", chart, question, text, note).show("tile-layers")
