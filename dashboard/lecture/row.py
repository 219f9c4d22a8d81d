"""A row of the lecture: a claim, a question to the reader, the figure that answers it, and what to notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.lecture.judgment import NOTHING, Measured


@dataclass(frozen=True)
class Finding:
    """What the store says about a claim.

    Attributes:
        figure: the figure.
        shown: what it shows, in one sentence.
        beside: more figures, to compare the first one with.
        measured: what became of the claim.
    """

    figure: Figure
    shown: str
    beside: tuple[Figure, ...] = ()
    measured: Measured = NOTHING

    @property
    def verdict(self) -> str:
        """What the figures show and what became of the claim, in sentences."""
        return " ".join(filter(None, (self.shown, self.measured.text)))


@dataclass(frozen=True)
class Prediction:
    """A question that the reader answers before the data do; title and claim, which stand above it, do not answer it.

    Attributes:
        question: what is asked.
        options: possible answers; `Measured.answer` is the right one.
    """

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One row of the lecture.

    Attributes:
        number: 1 to 17.
        title: what it is about.
        claim: what the lecture says, in one sentence.
        notice: what to look for in the figure.
        find: asks the store; None when it has nothing on this.
        measure: judges the claim by what the row's named queries answer; says nothing when they have nothing.
        prediction: asked before the figure is shown.
        page: the page that goes further, as a file.
        query: what to choose there.
    """

    number: int
    title: str
    claim: str
    notice: str
    find: Callable[[], Finding | None] = field(repr=False)
    measure: Callable[[], Measured] = field(repr=False)
    prediction: Prediction
    page: str = "views/activation_statistics.py"
    query: Mapping[str, str | list[str]] = field(default_factory=dict)

    def ask(self) -> Finding | None:
        """Return the figures and what became of the claim; None when there is nothing."""
        found = self.find()
        return found and replace(found, measured=self.measure())
