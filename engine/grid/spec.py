"""From a grid file to cells: every value is checked before anything starts, and each refusal names file and key."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from goldilocks.engine.cell import Cell
from goldilocks.engine.data.own import by_digest_alone
from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.grid.presets import preset_names, preset_text
from goldilocks.engine.scheme import written_out
from goldilocks.engine.slips import explained, fraction
from goldilocks.engine.studies import studies
from goldilocks.store.nearest import nearest

# Beyond this a grid is a slip of the pen: its cells alone would fill the memory of a laptop.
MOST_CELLS = 2_000_000
# The largest preset has a few thousand characters.
MOST_CHARACTERS = 1_000_000
TOP_LEVEL = ("name", "study")


@dataclass(frozen=True)
class Grid:
    """A named set of cells.

    Attributes:
        name: what the grid is called.
        text: the TOML it was read from.
        cells: every cell once, in the order of the file.
    """

    name: str
    text: str
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is done that one might not expect, each sentence once."""
        return tuple(dict.fromkeys(remark for cell in self.cells for remark in cell.remarks()))

    @classmethod
    def from_toml(cls, text: str, source: str = "grid") -> "Grid":
        """Read a grid from TOML.

        Args:
            text: the file's content.
            source: what to call it in messages.

        Raises:
            RequestError: anything in it is not allowed.
        """
        if len(text) > MOST_CHARACTERS:
            raise RequestError(f"{source}: {len(text):,} characters; at most {MOST_CHARACTERS:,} are allowed")
        try:
            table = tomllib.loads(text)
            for key in table:
                if key not in TOP_LEVEL:
                    raise RequestError(f"{source}: unknown key {short(key)}; {nearest(key, TOP_LEVEL)}")
            name = table.get("name", Path(source).stem)
            if not isinstance(name, str) or not name.strip():
                raise RequestError(f"{source}: name = {short(name)}: a string is required")
            return cls(name, text, tuple(_cells(table.get("study"), source)))
        except tomllib.TOMLDecodeError as error:
            raise RequestError(f"{source}: {explained(text, error)}") from None
        except RequestError:
            raise
        except ValueError as error:
            # Python reads numbers of some thousand digits only.
            raise RequestError(f"{source}: not valid TOML: {error}") from None
        except RecursionError:
            raise RequestError(f"{source}: values are nested too deeply; a value or a flat list is required") from None


def load_grid(request: str | Path, *, confined: bool = False) -> Grid:
    """Read a preset or a grid file.

    Args:
        request: a preset's name, or the path of a `.toml` file.
        confined: whether to refuse a grid that names a folder, or needs a download: somebody else wrote it.

    Raises:
        RequestError: there is no such preset or file, or it is not a valid grid.
    """
    if not confined:
        return _load(request)
    with by_digest_alone():
        grid = _load(request)
    for dataset in dict.fromkeys(one for cell in grid.cells for one in cell.datasets):
        if not dataset.at_hand():
            raise RequestError(
                f"{request}: dataset = {dataset}: it is not on this machine, and a confined grid downloads nothing. "
                "Run the grid in a terminal first, without --confined"
            )
    return grid


def _load(request: str | Path) -> Grid:
    if str(request) in preset_names():
        return Grid.from_toml(preset_text(str(request)), str(request))
    path = Path(request)
    if path.suffix != ".toml":
        raise RequestError(
            f"there is no preset {str(request)!r}; {nearest(str(request), preset_names())}, or the path of a .toml file"
        )
    try:
        return Grid.from_toml(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise RequestError(f"{path}: not a text file in UTF-8") from None
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror}") from None


def _cells(given: Any, source: str) -> Iterable[Cell]:
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
    axes = {key: values for key, values in table.items() if key != "kind"}
    _check_keys(study, axes, place)
    values = {key: _axis_values(study, key, given, place) for key, given in axes.items()}
    count = prod(len(choices) for choices in values.values())
    if count > room:
        raise RequestError(f"{place}: {count:,} cells; at most {MOST_CELLS:,} are allowed. Shorten a list")
    for combination in product(*values.values()):
        cell = study.model_construct(**{**_defaults(study), **dict(zip(values, combination, strict=True))})
        refusal = cell.refusal()
        if refusal:
            raise RequestError(f"{place}: {refusal}")
        yield cell


def _check_keys(study: type[Cell], axes: dict[str, Any], place: str) -> None:
    fields = study.model_fields
    for key in axes:
        if key not in fields:
            raise RequestError(f"{place}: unknown key {short(key)}; {nearest(key, ('kind', *fields))}")
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
