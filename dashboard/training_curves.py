"""Networks in training: which curves the page *Convergence* draws, with their names, and how."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, data, pins
from goldilocks.dashboard.charts.lines import MOST_LINES, PINNED, Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.interval import BANDS, banded
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.smoothing import smoothed

METRICS = ("train_loss", "test_accuracy", "test_loss", "train_accuracy", "grad_norm", "update_ratio")
# What `curves_over_seeds` says about a metric at a step.
MEASURED = ("step", "seeds", "diverged", "finite", "mean", "low", "high", "spread")
SHARES = ("test_accuracy", "train_accuracy")
# How the axes are scaled: the horizontal one logarithmic or not, the vertical one likewise or as the numbers want it.
SCALES: dict[str, tuple[bool, bool | None]] = {
    "automatic": (False, None),
    "linear": (False, False),
    "logarithmic": (False, True),
    "both logarithmic": (True, True),
}
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
        scale: a key of `SCALES`.
        smoothing: weight of the moving average, in per cent; 0 for none.
        pinned: configurations that are drawn as well, as `pins.pin` writes them.
    """

    values: dict[str, Any]
    colour: str
    panels: str | None
    metrics: list[str]
    band: str
    scale: str
    smoothing: int
    pinned: list[str]

    @property
    def _all(self) -> dict[str, Any]:
        return self.values | ({"pinned": self.pinned} if self.pinned else {})

    @property
    def outcomes(self) -> Question:
        """How each configuration ended."""
        return Question("outcomes_over_seeds", self._all)

    @property
    def curves(self) -> Question:
        """All metrics against the step, of the configurations that are drawn."""
        return Question("curves_over_seeds", self._all | {"metrics": self.metrics, "most": MOST_LINES})


@data.cached
def figure(view: View, metric: str) -> Figure:
    """Return the curves of one of the metrics; only what is drawn is read.

    Args:
        view: what the page shows.
        metric: one of `METRICS`.
    """
    found = configurations(view)
    shown = drawn(view)
    parts = axes.varying(found, list(axes.NAMES)) or [view.colour]
    curves = _with_axes(_measured(view.curves, parts)[metric], shown, parts)
    across, up = SCALES[view.scale]
    rows = smoothed(for_lines(banded(curves[curves["step"] > 0] if across else curves, view.band)), view.smoothing)
    title = data.labels()[metric]
    logarithmic = metric not in SHARES and spans_decades(rows["mean"]) if up is None else up
    chart = lines(
        rows,
        Axis("step", "Step", across),
        Axis("mean", title, logarithmic, share=metric in SHARES and not logarithmic),
        axes.legend(view.colour, shown[view.colour]),
        panels=axes.legend(view.panels, shown[view.panels]) if view.panels else None,
        points=False,
        band=BANDS[view.band],
    )
    text = (
        f"{title} against step, coloured by {axes.in_sentence(axes.NAMES[view.colour])}. The table *How did it end?* "
        "has the last values of all lines; the download has all values."
    )
    return Figure(QUESTIONS[metric], chart, view.curves.but(metrics=[metric]), text, _note(found, view))


def configurations(view: View) -> pd.DataFrame:
    """Return the outcome of each chosen or pinned configuration, named, in the order in which they are drawn.

    `place` is where it stands in the store's answers, of which the first are drawn; `pinned` whether it is pinned.

    Args:
        view: what the page shows.
    """
    return _configurations(view.outcomes, view.colour, view.pinned)


def drawn(view: View) -> pd.DataFrame:
    """Return those of the configurations that are drawn.

    Args:
        view: what the page shows.
    """
    found = configurations(view)
    return found[(found["place"] < MOST_LINES) | found[PINNED]]


@data.cached
def _configurations(question: Question, colour: str, pinned: list[str]) -> pd.DataFrame:
    outcomes = question.frame()
    kept = [pin in pinned for pin in pins.of(outcomes)] if pinned else False
    return axes.named(outcomes.assign(**{"place": range(len(outcomes)), PINNED: kept}), list(axes.NAMES), colour)


@data.cached
def _measured(question: Question, parts: list[str]) -> dict[str, pd.DataFrame]:
    """Return the curves of each metric.

    All metrics are read at once, and of the axes only those that tell configurations apart: reading millions of
    logged points, and making thousands of texts, is what takes long.
    """
    curves = question.columns(("metric", *parts, *MEASURED))
    return {metric: curves[curves["metric"] == metric] for metric in question.values["metrics"]}


def _with_axes(curves: pd.DataFrame, shown: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    """Give the curves of the drawn configurations all their axes, their names and their order; drop the others."""
    kept = [*pins.ORDER, "configuration", PINNED]
    return shown[kept].merge(curves, on=parts)[[*kept, *MEASURED]]


def _note(found: pd.DataFrame, view: View) -> str:
    lost, runs = int(found["diverged"].sum()), int(found["seeds"].sum())
    sentences = [f"Lines: mean over up to {int(found['seeds'].max())} seeds; band: {BANDS[view.band]}."]
    if view.smoothing:
        sentences.append(
            f"Lines smoothed by a moving average ({view.smoothing} %); bands, the numbers under the pointer and "
            "downloads are as measured."
        )
    if SCALES[view.scale][0]:
        sentences.append("Step 0 has no place on a logarithmic axis.")
    if lost:
        sentences.append(f"{lost} of {runs} runs diverged; a line ends with a cross where.")
    if found[PINNED].any():
        sentences.append("Pinned configurations have thicker lines.")
    if len(found) > MOST_LINES:
        kept = " and the pinned ones" if found[PINNED].any() else ""
        sentences.append(f"{len(found)} configurations are selected; the first {MOST_LINES}{kept} are drawn.")
    return " ".join(sentences)
