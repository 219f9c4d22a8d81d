"""What trains, how fast, and what batch normalization changes."""

from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import (
    axes,
    cell_filters,
    comparison,
    data,
    deep_links,
    pins,
    selectors,
    smoothing,
    trains,
    verdicts,
)
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.glossary.cards import explain
from goldilocks.dashboard.interval import BANDS
from goldilocks.dashboard.lecture.setting import RELU, XAVIER
from goldilocks.dashboard.lecture.stories import CONVERGENCE
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.training_curves import METRICS, SCALES, View, configurations, drawn, figure
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "train"
PAGE = "convergence"
AXES_HELP = "Of the figures of curves. Automatic: logarithmic where the values span decades."
SMOOTHING_HELP = "Weight of what came before in an exponential moving average, as in TensorBoard."
HINT = (
    "Point at a figure for all values at a step; drag across it to zoom in, double-click to zoom out. Click names in a "
    "legend to see their lines alone; click them again to bring the others back."
)


def main() -> None:
    """Draw the page."""
    st.title("Convergence")
    st.markdown("Networks in training: loss and accuracy, seeds as mean and band, divergence shown where it happened.")
    deep_links.offer(
        PAGE, {title: {_key(name): value for name, value in story.items()} for title, story in CONVERGENCE.items()}
    )
    chosen = cell_filters.cells("training", PREFIX, _defaults())
    if chosen is None:
        return
    view = _choose_view(chosen)
    if configurations(view).empty:
        st.info("This store has no results for this combination. Choose other values above.")
        return
    _say_what_is_absent(view, chosen)
    st.caption(HINT)
    for metric in view.metrics:
        figure(view, metric).show(metric.replace("_", "-"))
    _sweep(view)
    across = comparison.figure(view)
    if across:
        across.show("across")
    _outcomes(view)


def _say_what_is_absent(view: View, chosen: cell_filters.Chosen) -> None:
    """Name the chosen values that no configuration has in combination with the others."""
    found = configurations(view)
    absent = [
        axes.text(axis, value)
        for axis, values in chosen.items()
        if axis in found and len(values) > 1
        for value in values
        if not (found[axis] == value).any()
    ]
    if absent:
        st.caption(f"No results in combination with the other choices: {verbatim(', '.join(absent))}.")


def _key(name: str) -> str:
    # Keys of the session are shared by all pages: without a prefix, another page's choice would show up here.
    return f"{PREFIX}_{name}"


def _defaults() -> dict[str, list[Any]]:
    first: dict[str, list[Any]] = {"init": [XAVIER], "activation": [RELU], "lr": [0.1]}
    networks = data.query("training_networks")
    if networks.empty:
        return first
    first = cell_filters.largest_network() | first
    # What was varied on another network, or under another initialization, has no curve beside those of this one.
    found = data.query("outcomes_over_seeds", **cell_filters.bound(first))
    varied = {"depth": found["depth"], "norm": found["norm"]}
    if found.empty:
        varied = {"depth": networks.iloc[0]["depths"], "norm": networks.iloc[0]["norms"]}
    depths = sorted({cell_filters.plain(depth) for depth in varied["depth"]})
    deep = [depth for depth in depths if depth >= 5][:4] or depths[:4]
    return first | {"norm": axes.ordered("norm", varied["norm"]), "depth": deep}


def _choose_view(chosen: cell_filters.Chosen) -> View:
    labels = data.labels()
    several = [axis for axis in axes.NAMES if len(chosen.get(axis, ())) > 1]
    names = {
        axis: axes.NAMES[axis]
        for axis in [*cell_filters.MAIN, *(axis for axis in several if axis not in cell_filters.MAIN)]
    }
    columns = st.columns([1, 1, 1.5, 1.2])
    with columns[0]:
        colour = selectors.one("Colour", list(names), _key("colour"), "norm", show=names.__getitem__)
    with columns[1]:
        panels = {"nothing": "One panel", **names}
        facet = selectors.one("Panels", list(panels), _key("panels"), "depth", show=panels.__getitem__)
    with columns[2]:
        metrics = selectors.several("Curves", METRICS, _key("metric"), METRICS[:2], show=lambda name: labels[name])
    with columns[3]:
        band = selectors.one("Band", list(BANDS), _key("band"), "range", show=BANDS.__getitem__)
    columns = st.columns([1, 1, 2.7])
    with columns[0]:
        scale = selectors.one("Axes", list(SCALES), _key("scale"), help=AXES_HELP)
    with columns[1]:
        weight = selectors.position("Smoothing (%)", smoothing.MOST, 0, _key("smoothing"), SMOOTHING_HELP, least=0)
    kept = facet if facet in several else None
    view = View(cell_filters.bound(chosen), colour, kept, metrics, band, scale, weight, pins.pinned())
    with columns[2]:
        _choose_pins(view)
    return view


def _choose_pins(view: View) -> None:
    """Let the reader keep configurations in sight."""
    offered = list(dict.fromkeys([*view.pinned, *pins.of(drawn(view))]))
    # The address and the buttons beside the pages change it, too.
    st.session_state[_key("pinned")] = view.pinned
    changed = lambda: pins.keep(st.session_state[_key("pinned")])
    st.multiselect(
        "Pinned",
        offered,
        format_func=lambda pin: pins.name(pin, offered),
        key=_key("pinned"),
        on_change=changed,
        max_selections=pins.MOST,
        placeholder="Configurations to keep in sight, here and on other pages",
        wrap=True,
    )


def _sweep(view: View) -> None:
    """Show the outcome against the learning rate; all rates of the store, whichever curves are shown."""
    question = Question("learning_rate_sweep", view.values | {"lrs": None})
    colour = "norm" if view.colour == "lr" else view.colour
    named = _swept(question, colour)
    # Several rates were never tried.
    if named.empty:
        return
    _rates(question, colour).show("rates")
    rates = named.drop_duplicates("configuration")[["configuration", "largest_stable", "best"]]
    config: dict[str, Any] = {
        "configuration": "Configuration",
        "largest_stable": st.column_config.NumberColumn("Largest stable rate", format="%g"),
        "best": st.column_config.NumberColumn("Best rate", format="%g"),
    }
    text = "Largest stable and best rate."
    st.dataframe(rates, hide_index=True, column_config=config, placeholder=verdicts.NONE, alt=text, key="table-rates")


@data.cached
def _swept(question: Question, colour: str) -> pd.DataFrame:
    """Return the outcome at each learning rate, configurations named."""
    sweep = question.frame()
    return sweep if sweep.empty else axes.named(for_lines(sweep), [axis for axis in axes.NAMES if axis != "lr"], colour)


@data.cached
def _rates(question: Question, colour: str) -> Figure:
    """Return the outcome against the learning rate."""
    named = _swept(question, colour)
    chart = lines(
        named,
        Axis("lr", axes.NAMES["lr"], logarithmic=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        axes.legend(colour, named[colour]),
        dash=axes.legend("depth", named["depth"]),
    )
    text = "Final test accuracy against learning rate; a cross marks the rate from which seeds diverge."
    note = (
        "Stable: no seed diverges at this rate or at a smaller one that was tried. Best: the highest mean accuracy of "
        "the rates at which no seed diverges. A diverged seed has no accuracy: a cross ends the line."
    )
    return Figure("How far can the learning rate be pushed?", chart, question, text, note)


def _outcomes(view: View) -> None:
    outcomes = view.outcomes.frame()
    several = axes.varying(outcomes, list(axes.NAMES)) or ["init"]
    labels = data.labels()
    st.markdown("#### How did it end?")
    config: dict[str, Any] = {axis: st.column_config.Column(axes.NAMES[axis]) for axis in several}
    number = lambda name, digits: st.column_config.NumberColumn(labels[name], format=digits, help=explain(name))
    config |= {
        "trains": st.column_config.Column("Seeds that train", help=explain("share_that_train")),
        "steps_to_90": number("steps_to_90", "%.0f"),
        "final_test_accuracy": number("final_test_accuracy", "%.3f"),
        "final_train_loss": number("final_train_loss", "%.3f"),
        "diverged": st.column_config.NumberColumn("Diverged", help=explain("share_diverged")),
        "diverged_at_step": st.column_config.NumberColumn("First divergence (step)", help=explain("diverged_at_step")),
    }
    order = list(config)
    if not outcomes["diverged"].any():
        order.remove("diverged_at_step")
    counts = [trains.of_seeds(*pair) for pair in zip(outcomes["share_that_train"], outcomes["seeds"], strict=True)]
    st.dataframe(
        outcomes.assign(trains=counts),
        hide_index=True,
        column_config=config,
        column_order=order,
        placeholder=verdicts.NONE,
        key="table-outcomes",
        lazy=True,
        alt="Outcome of each configuration over its seeds.",
    )
    st.caption(f"{trains.definition()} {labels['steps_to_90']}: the median over the seeds that reach it.")


main()
