"""A row of the lecture: a claim, a question to the reader, the figure that answers it, and what to notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from goldilocks.dashboard.figure import Figure


@dataclass(frozen=True)
class Finding:
    """What the store says about a claim.

    Attributes:
        figure: the figure.
        verdict: what was measured, in one sentence.
        answer: which option of the row's prediction the data support.
        beside: more figures, to compare the first one with.
    """

    figure: Figure
    verdict: str
    answer: str = ""
    beside: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """A question that the reader answers before the data do.

    Attributes:
        question: what is asked.
        options: possible answers; `Finding.answer` is the right one.
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
        measure: says what the row's named query answers: numbers with interval and seeds; empty when it has none.
        prediction: asked before the figure is shown, where that helps.
        page: the page that goes further, as a file.
        query: what to choose there.
    """

    number: int
    title: str
    claim: str
    notice: str
    find: Callable[[], Finding | None] = field(repr=False)
    measure: Callable[[], str] = field(repr=False)
    prediction: Prediction | None = None
    page: str = "views/activation_statistics.py"
    query: Mapping[str, str | list[str]] = field(default_factory=dict)

    def ask(self) -> Finding | None:
        """Return the finding, its verdict with the answer of the row's named query; None when there is nothing."""
        found = self.find()
        return found and replace(found, verdict=" ".join(filter(None, (found.verdict, self.measure()))))
