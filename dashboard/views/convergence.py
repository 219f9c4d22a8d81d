"""What trains, how fast, and what batch normalization changes."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, cell_filters, data, deep_links, selectors, trains, verdicts
from goldilocks.dashboard.charts.lines import MOST_LINES, Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.interval import BANDS, banded
from goldilocks.dashboard.lecture.setting import RELU, XAVIER
from goldilocks.dashboard.lecture.stories import CONVERGENCE
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "train"
PAGE = "convergence"
METRICS = ("train_loss", "test_accuracy", "test_loss", "train_accuracy", "grad_norm", "update_ratio")
# The columns of a configuration, in the order of the store's answers.
AXES = (
    "network",
    "dataset",
    "preprocessing",
    "init",
    "activation",
    "norm",
    "depth",
    "width",
    "batch_size",
    "optimizer",
    "lr",
    "steps",
)
# What `curves_over_seeds` says about a metric at a step.
MEASURED = ("step", "seeds", "diverged", "finite", "mean", "low", "high", "spread")
SHARES = ("test_accuracy", "train_accuracy")
QUESTIONS = {
    "train_loss": "Does the loss go down?",
    "test_accuracy": "Does it generalize?",
    "test_loss": "Does the test loss go down?",
    "train_accuracy": "Does it fit?",
    "grad_norm": "Is there a gradient?",
    "update_ratio": "Do the weights move?",
}


@dataclass(frozen=True)
class View:
    """What the page shows.

    Attributes:
        values: which configurations, as parameters of a query.
        colour: the axis that colours their lines.
        panels: the axis that makes panels, if any.
        metrics: what is drawn against the step, each in a figure of its own.
        band: a key of `interval.BANDS`.
    """

    values: dict[str, Any]
    colour: str
    panels: str | None
    metrics: list[str]
    band: str

    @property
    def outcomes(self) -> Question:
        """How each configuration ended."""
        return Question("outcomes_over_seeds", self.values)

    @property
    def curves(self) -> Question:
        """All metrics against the step, of the configurations that are drawn."""
        return Question("curves_over_seeds", self.values | {"metrics": self.metrics, "most": MOST_LINES})


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
    if _configurations(view.outcomes, view.colour).empty:
        st.info("This store has no results for this combination. Choose other values above.")
        return
    _say_what_is_absent(view, chosen)
    for metric in view.metrics:
        _curves(view, metric).show(metric.replace("_", "-"))
    _sweep(view)
    _outcomes(view)


def _say_what_is_absent(view: View, chosen: cell_filters.Chosen) -> None:
    """Name the chosen values that no configuration has in combination with the others."""
    found = _configurations(view.outcomes, view.colour)
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
    depths = cell_filters.options("training").get("depth", [])
    deep = [depth for depth in depths if depth >= 5][:4] or depths[:4]
    return cell_filters.largest_network() | {"init": [XAVIER], "activation": [RELU], "depth": deep, "lr": [0.1]}


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
    return View(cell_filters.bound(chosen), colour, facet if facet in several else None, metrics, band)


@data.cached
def _curves(view: View, metric: str) -> Figure:
    """Return the curves of one of the metrics; only what is drawn is read."""
    configurations = _configurations(view.outcomes, view.colour)
    drawn = configurations[configurations["place"] < MOST_LINES]
    parts = axes.varying(configurations, list(axes.NAMES)) or [view.colour]
    curves = _with_axes(_measured(view.curves, parts)[metric], drawn, parts)
    shown = for_lines(banded(curves, view.band))
    title = data.labels()[metric]
    chart = lines(
        shown,
        Axis("step", "Step"),
        Axis("mean", title, metric not in SHARES and spans_decades(shown["mean"]), share=metric in SHARES),
        axes.legend(view.colour, drawn[view.colour]),
        panels=axes.legend(view.panels, drawn[view.panels]) if view.panels else None,
        points=False,
        band=BANDS[view.band],
    )
    text = f"{title} against step, coloured by {axes.in_sentence(axes.NAMES[view.colour])}."
    note = _note(configurations, view.band)
    return Figure(QUESTIONS[metric], chart, view.curves.but(metrics=[metric]), text, note)


@data.cached
def _configurations(question: Question, colour: str) -> pd.DataFrame:
    """Return the outcome of each chosen configuration, named, in the order in which they are drawn.

    `place` is where it stands in the store's answers, of which the first are drawn.
    """
    outcomes = question.frame()
    return axes.named(outcomes.assign(place=range(len(outcomes))), list(axes.NAMES), colour)


@data.cached
def _measured(question: Question, parts: list[str]) -> dict[str, pd.DataFrame]:
    """Return the curves of each metric.

    All metrics are read at once, and of the axes only those that tell configurations apart: reading millions of
    logged points, and making thousands of texts, is what takes long.
    """
    curves = question.columns(("metric", *parts, *MEASURED))
    return {metric: curves[curves["metric"] == metric] for metric in question.values["metrics"]}


def _with_axes(curves: pd.DataFrame, drawn: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    """Give the curves of the drawn configurations all their axes, their names and their order; drop the others."""
    return drawn[[*AXES, "configuration"]].merge(curves, on=parts)[[*AXES, *MEASURED, "configuration"]]


def _note(configurations: pd.DataFrame, band: str) -> str:
    lost, runs = int(configurations["diverged"].sum()), int(configurations["seeds"].sum())
    sentence = f"Lines: mean over up to {int(configurations['seeds'].max())} seeds; band: {BANDS[band]}."
    if lost:
        sentence += f" {lost} of {runs} runs diverged; a line ends with a cross where."
    if len(configurations) > MOST_LINES:
        sentence += f" {len(configurations)} configurations are selected; the first {MOST_LINES} are drawn."
    return sentence


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
    config |= {
        "trains": "Seeds that train",
        "steps_to_90": st.column_config.NumberColumn(labels["steps_to_90"], format="%.0f"),
        "final_test_accuracy": st.column_config.NumberColumn(labels["final_test_accuracy"], format="%.3f"),
        "final_train_loss": st.column_config.NumberColumn(labels["final_train_loss"], format="%.3f"),
        "diverged": st.column_config.NumberColumn("Diverged"),
        "diverged_at_step": st.column_config.NumberColumn("First divergence (step)"),
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
