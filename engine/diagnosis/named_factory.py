"""The network that a command names, for cells that are to be computed again."""

from collections.abc import Callable
from typing import Any

from goldilocks.engine.data.own import by_digest_alone
from goldilocks.engine.diagnosis.cell import DiagnosisCell
from goldilocks.engine.diagnosis.examination import prepare
from goldilocks.engine.diagnosis.factory import load_function
from goldilocks.engine.diagnosis.inputs import is_description
from goldilocks.engine.diagnosis.named import Source, the_same
from goldilocks.engine.diagnosis.subject import Subject
from goldilocks.engine.errors import RequestError, short

Function = str | Callable[..., Any]


def subjects(factory: Function, batch: Function | None = None, loss: Function | None = None) -> Source:
    """Return what finds the network of a cell: the one that the factory makes, where it is the cell's.

    Args:
        factory: as for `goldilocks diagnose`; imported at once where it is a name, as the two others are.
        batch: returns what went into it.
        loss: its loss.

    Returns:
        A function that makes the subject of a cell; a cell of another network it refuses.

    Raises:
        RequestError: one of the three cannot be imported.
    """
    given, measured_by = _loaded(batch), _loaded(loss)
    made: dict[tuple[str, int, str], Subject] = {}

    def subject(cell: DiagnosisCell) -> Subject:
        key = cell.dataset, cell.classes, cell.formats
        if key not in made:
            goes_in = given or _described(cell)
            formats = tuple(filter(None, cell.formats.split(",")))
            classes = cell.classes or None
            # What the store says of the input may name a folder, which only the command may.
            with by_digest_alone():
                ready = prepare(factory, goes_in, "as_is", 1, classes=classes, loss=measured_by, origin=cell.dataset)
            made[key] = Subject.of(ready, formats)
        return the_same(made[key], cell)

    return subject


def _loaded(function: Function | None) -> Any:
    return load_function(function) if isinstance(function, str) else function


def _described(cell: DiagnosisCell) -> str:
    if not is_description(cell.dataset):
        raise RequestError(
            f"what went in came from {short(cell.dataset)}, and a name that a store holds is not imported: name the "
            "function with --batch"
        )
    return cell.dataset
