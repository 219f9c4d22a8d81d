"""From the [[study]] tables of a grid file to cells: every value is checked, and each refusal names file and key."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

from pydantic import TypeAdapter, ValidationError

from goldilocks.engine.cell import Cell
from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.grid.sample import sample
from goldilocks.engine.scheme import written_out
from goldilocks.engine.slips import fraction
from goldilocks.engine.studies import studies
from goldilocks.store.nearest import nearest

# Beyond this a grid is a slip of the pen: its cells alone would fill the memory of a laptop.
MOST_CELLS = 2_000_000
# Keys of a study table that are no axes.
OF_TABLE = ("kind", "sample")
# Axes of which a sampled network has every value: initializations are compared on the same networks, rates and draws.
COMPLETE = ("init", "lr", "lr_per_example", "seed")


def cells_of(given: Any, source: str) -> Iterable[Cell]:
    """Return every cell of a grid once, in the order of the file.

    Args:
        given: what the file has under `study`, as TOML gives it.
        source: what to call the file in messages.

    Raises:
        RequestError: something in it is not allowed; the message names the place and the key.
    """
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        raise RequestError(f"{source}: needs at least one [[study]] table")
    if not given:
        raise RequestError(f"{source}: has no study; add a [[study]] table")
    unique: dict[str, Cell] = {}
    for number, table in enumerate(given, 1):
        for cell in _study_cells(table, f"{source}: study {number}", MOST_CELLS - len(unique)):
            unique.setdefault(cell.cell_id, cell)
    return unique.values()


def _study_cells(table: dict[str, Any], place: str, room: int) -> Iterator[Cell]:
    kind = table.get("kind")
    if kind is None:
        raise RequestError(f"{place}: key 'kind' is missing. Allowed: {', '.join(study.name for study in studies)}")
    try:
        study = studies[str(kind)].cell
    except RequestError as error:
        raise RequestError(f"{place}: kind = {short(kind)}: {error}") from None
    place = f"{place} ({kind})"
    axes = {key: values for key, values in table.items() if key not in OF_TABLE}
    _check_keys(study, axes, place)
    values = {key: _axis_values(study, key, given, place) for key, given in axes.items()}
    # Tables that differ in axes of one value have the same sample.
    sampled = [key for key, choices in values.items() if key not in COMPLETE and len(choices) > 1]
    networks = prod(len(values[key]) for key in sampled)
    wanted = _sample_size(table["sample"], networks, place) if "sample" in table else networks
    count = wanted * prod(len(choices) for key, choices in values.items() if key not in sampled)
    if count > room:
        raise RequestError(f"{place}: {count:,} cells; at most {MOST_CELLS:,} are allowed. Shorten a list")
    for combination in _combinations(values, sampled, wanted if wanted < networks else None):
        cell = study.model_construct(**{**_defaults(study), **dict(zip(values, combination, strict=True))})
        refusal = cell.refusal()
        if refusal:
            raise RequestError(f"{place}: {refusal}")
        yield cell


def _sample_size(given: Any, networks: int, place: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= networks:
        raise RequestError(
            f"{place}: sample = {short(given)}: a whole number from 1 to {networks:,} is required, the number of "
            f"combinations of all axes but {', '.join(COMPLETE)}"
        )
    return given


def _combinations(values: dict[str, list[Any]], sampled: Sequence[str], size: int | None) -> Iterator[tuple[Any, ...]]:
    """Yield every combination, or all of a sample of networks, each under every value of the other axes."""
    if size is None:
        yield from product(*values.values())
        return
    for row in sample([len(values[key]) for key in sampled], size):
        of_network = {key: [values[key][number]] for key, number in zip(sampled, row, strict=True)}
        yield from product(*(values | of_network).values())


def _check_keys(study: type[Cell], axes: dict[str, Any], place: str) -> None:
    fields = study.model_fields
    for key in axes:
        if key not in fields:
            raise RequestError(f"{place}: unknown key {short(key)}; {nearest(key, (*OF_TABLE, *fields))}")
    missing = [key for key, axis in fields.items() if axis.is_required() and key not in axes]
    if missing:
        raise RequestError(f"{place}: key {missing[0]!r} is missing; required: {', '.join(missing)}")


def _axis_values(study: type[Cell], key: str, given: Any, place: str) -> list[Any]:
    listed = given if isinstance(given, list) else [given]
    written = [written_out(value) if isinstance(value, str) else [value] for value in listed]
    if not written or not all(written):
        raise RequestError(f"{place}: {key} = []: the list is empty; give at least one value")
    choices = (one for values in written for one in values)
    return list(dict.fromkeys(_axis_value(study, key, value, place) for value in choices))


def _axis_value(study: type[Cell], key: str, value: Any, place: str) -> Any:
    truth = isinstance(value, bool) and study.model_fields[key].annotation is not bool
    if truth or isinstance(value, list | dict):
        raise RequestError(f"{place}: {key} = {short(value)}: a single value or a flat list of values is required")
    try:
        return _adapter(study, key).validate_python(value)
    except RequestError as error:
        raise RequestError(f"{place}: {key} = {short(value)}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        message = str(cause) if isinstance(cause, RequestError) else fraction(value) or first["msg"].lower()
        raise RequestError(f"{place}: {key} = {short(value)}: {message}") from None


@lru_cache
def _adapter(study: type[Cell], key: str) -> TypeAdapter:
    axis = study.model_fields[key]
    annotation: Any = axis.annotation
    for extra in axis.metadata:
        annotation = _annotated(annotation, extra)
    return TypeAdapter(annotation)


def _annotated(annotation: Any, extra: Any) -> Any:
    from typing import Annotated

    return Annotated[annotation, extra]


@lru_cache
def _defaults(study: type[Cell]) -> dict[str, Any]:
    axes = {key: axis.default for key, axis in study.model_fields.items() if not axis.is_required()}
    return {key: _axis_value(study, key, value, "default") for key, value in axes.items()}
