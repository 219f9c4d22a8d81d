"""From a row of the store back to its cell. What a row says is data; what is wrong with it is said in a sentence."""

import json
from typing import Any

from pydantic import ValidationError

from goldilocks.engine.cell import Cell
from goldilocks.engine.data.own import by_digest_alone
from goldilocks.engine.errors import RequestError
from goldilocks.engine.plugins import OPEN
from goldilocks.engine.studies import studies

Row = dict[str, Any]


def cell_of(row: Row) -> Cell:
    """Return the cell that a row of the store's `cells` describes.

    Args:
        row: with `cell_id` and `spec`.

    Raises:
        RequestError: this code makes another cell of it, or none; the message says why and what to do.
    """
    try:
        spec = json.loads(row["spec"])
        study = studies.parse(spec.pop("study"))
        for axis, value in spec.items():
            _refuse_missing_plugin(axis, value)
        with by_digest_alone():
            cell = study.cell(**{axis: _written(value) for axis, value in spec.items()})
        refusal = cell.refusal()
    except ValidationError as error:
        raise RequestError(_reason(error)) from None
    except RequestError:
        raise
    except Exception as error:
        raise RequestError(
            f"this version of Goldilocks cannot read its spec ({type(error).__name__}: {error})"
        ) from None
    if refusal:
        raise RequestError(f"this version of Goldilocks refuses it: {refusal}")
    if cell.cell_id != row["cell_id"]:
        raise RequestError(
            f"in this version of Goldilocks its spec is that of cell {cell.cell_id}: check out the version in "
            "runs.code_version of its run, or recompute it with `goldilocks run`"
        )
    return cell


def _refuse_missing_plugin(axis: str, value: Any) -> None:
    """Refuse a member of a plugin that is not loaded, or not in the version that computed the cell."""
    if not isinstance(value, dict) or "plugin" not in value:
        return
    name, version = value.get("name"), value["plugin"]
    loaded = {member.plugin for registry in OPEN for member in registry if member.name == name and member.plugin}
    if version in loaded:
        return
    if loaded:
        raise RequestError(
            f"{axis} = {name} comes from version {version} of a plugin, and the given file is version "
            f"{loaded.pop()}: give the file as it was, with --plugin FILE"
        )
    raise RequestError(f"{axis} = {name} comes from a plugin (version {version}): give its file with --plugin FILE")


def _written(value: Any) -> Any:
    """Return a scheme as grid files write it, and any other value as it is."""
    if not isinstance(value, dict):
        return value
    parameters = ((key, given) for key, given in value.items() if key not in ("name", "plugin"))
    return f"{value['name']}({', '.join(f'{key}={given!r}' for key, given in parameters)})"


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    axis = ".".join(map(str, first["loc"]))
    if isinstance(cause := first.get("ctx", {}).get("error"), RequestError):
        return f"{axis}: {cause}"
    if first["type"] == "missing":
        return f"its spec lacks the axis {axis} that this version of Goldilocks requires"
    if first["type"] == "extra_forbidden":
        return f"its spec has an axis {axis} that this version of Goldilocks does not know"
    return f"{axis} = {first['input']!r}: {first['msg'].lower()}"
