"""Grids: named sets of cells, from a preset or a file; everything is checked before anything starts."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from goldilocks.engine.cell import Cell
from goldilocks.engine.data.own import by_digest_alone
from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.grid.presets import preset_names, preset_text
from goldilocks.engine.grid.study_tables import cells_of
from goldilocks.engine.slips import explained
from goldilocks.store.nearest import nearest

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
            return cls(name, text, tuple(cells_of(table.get("study"), source)))
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
