"""Which networks of the user's own may be measured: those that a command, or a call from Python, names itself.

A grid file and a store can hold any text. If the text were enough to import a module and call a function of it, whoever
wrote the text could run anything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldilocks.engine.errors import RequestError, short

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.cell import DiagnosisCell
    from goldilocks.engine.diagnosis.subject import Subject

# Says which subject a cell is about, or raises a RequestError.
Source = Callable[["DiagnosisCell"], "Subject"]
_sources: list[Source] = []


@contextmanager
def named(source: Source | None) -> Iterator[None]:
    """Allow the cells of a network to be measured inside this context.

    Args:
        source: finds the network; None allows nothing more.
    """
    if source is None:
        yield
        return
    _sources.append(source)
    try:
        yield
    finally:
        _sources.remove(source)


def refuse_unnamed(network: Any) -> Any:
    """Refuse a network that nobody named, before anything is made of its name.

    Args:
        network: what a cell calls it.

    Raises:
        RequestError: no command named any.
    """
    if not _sources:
        raise RequestError(
            f"{short(network)} is not imported because a store or a grid file names it. If you trust the function: "
            "`goldilocks diagnose FACTORY` measures it, `goldilocks verify CELL --factory FACTORY` compares"
        )
    return network


def subject_of(cell: "DiagnosisCell") -> "Subject":
    """Return the network that a cell is about.

    Args:
        cell: the cell.

    Raises:
        RequestError: nobody named it, or it is another one than the cell's.
    """
    refuse_unnamed(cell.network)
    return _sources[-1](cell)


def the_same(subject: "Subject", cell: "DiagnosisCell") -> "Subject":
    """Return a subject if a cell is about it.

    Args:
        subject: the subject.
        cell: the cell.

    Raises:
        RequestError: it is about another one; the sentence says in what they differ.
    """
    # By which name it is found is not what it is.
    for axis, value in subject.axes.items():
        if axis not in ("network", "dataset") and getattr(cell, axis) != value:
            raise RequestError(
                f"its {axis} is {short(getattr(cell, axis))}, and that of what was named now is {short(value)}: name "
                "the code, the batch and the loss that it was computed with"
            )
    return subject
