"""A measurement from the rows that it has in the store, number by number what it was."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from goldilocks.engine.diagnosis.cell import DiagnosisCell
from goldilocks.engine.diagnosis.measurement import Configuration, Cost, Measurement, Signal, Weights
from goldilocks.engine.diagnosis.site import Parameter, Site
from goldilocks.engine.diagnosis.stored_columns import (
    FIRST_LOSS,
    PARAMETER_NUMBERS,
    PARAMETER_TRUTHS,
    SITE,
    TAPS,
    of_row,
)
from goldilocks.engine.errors import RequestError
from goldilocks.store import Store

Row = dict[str, Any]


def read_back(handle: Store, cells: Sequence[DiagnosisCell]) -> Measurement:
    """Return what the store holds of cells of one network.

    Args:
        handle: the store, which has all of them.
        cells: at least one.

    Raises:
        RequestError: a cell failed, or is not whole.
    """
    ids = [cell.cell_id for cell in cells]
    known = _by_cell(handle, "SELECT * FROM cells JOIN runs USING (run_id)", ids)
    for cell_id in ids:
        if known[cell_id][0]["status"] == "failed":
            raise RequestError(f"{known[cell_id][0]['error']}; this is recorded in the store as cell {cell_id}")
    about = [known[cell_id][0] for cell_id in ids]
    diagnoses = [rows[0] for rows in _in_order(handle, "SELECT * FROM diagnoses", ids)]
    sites = _in_order(handle, "SELECT * FROM sites ORDER BY site", ids)
    parameters = _in_order(handle, "SELECT * FROM parameters ORDER BY parameter", ids, at_least=0)
    taps = _in_order(handle, "SELECT * FROM taps ORDER BY site", ids)
    losses = _in_order(handle, f"SELECT * FROM measurements WHERE quantity = '{FIRST_LOSS}'", ids)
    return Measurement(
        configurations=tuple(Configuration(str(cell.init), cell.seed) for cell in cells),
        sites=tuple(of_row(Site, row, SITE) for row in sites[0]),
        parameters=tuple(of_row(Parameter, row) for row in parameters[0]),
        signal=Signal(**_columns(taps, TAPS)),
        weights=Weights(
            **_columns(parameters, PARAMETER_NUMBERS),
            **{name: _column(parameters, name).astype(bool) for name in PARAMETER_TRUTHS},
        ),
        first_loss=np.array([rows[0]["value"] for rows in losses], float),
        classes=cells[0].classes or None,
        cost=_cost(about, diagnoses),
        examples=cells[0].batch_size,
        unseen=tuple(diagnoses[0]["unseen"]),
        remarks=tuple(dict.fromkeys(remark for row in diagnoses for remark in row["remarks"])),
    )


def _by_cell(handle: Store, sql: str, ids: Sequence[str]) -> dict[str, list[Row]]:
    found: pa.Table = handle.query(f"SELECT * FROM ({sql}) WHERE list_contains($ids, cell_id)", ids=list(ids)).arrow()
    rows: dict[str, list[Row]] = {}
    for row in found.to_pylist():
        rows.setdefault(row["cell_id"], []).append(row)
    return rows


def _in_order(handle: Store, sql: str, ids: Sequence[str], at_least: int = 1) -> list[list[Row]]:
    """Return the rows of each cell, which are as many for all."""
    found = _by_cell(handle, sql, ids)
    counts = {len(found.get(cell_id, [])) for cell_id in ids}
    if len(counts) != 1 or min(counts) < at_least:
        raise RequestError("the store does not hold the whole of this diagnosis: `goldilocks store check` says more")
    return [found.get(cell_id, []) for cell_id in ids]


def _columns(rows: list[list[Row]], columns: dict[str, str]) -> dict[str, np.ndarray]:
    return {field: _column(rows, name) for name, field in columns.items()}


def _column(rows: list[list[Row]], name: str) -> np.ndarray:
    values = [[np.nan if row[name] is None else row[name] for row in of_cell] for of_cell in rows]
    return np.array(values, float).reshape(len(rows), -1)


def _cost(about: list[Row], diagnoses: list[Row]) -> Cost:
    """Return what the cells took when they were computed."""
    return Cost(
        method=diagnoses[0]["method"],
        reason=diagnoses[0]["reason"],
        device=about[0]["device"],
        configurations=len(about),
        at_once=max(row["at_once"] for row in diagnoses),
        seconds=sum(row["seconds"] for row in about),
        plain_seconds=float("nan"),
        forecast_bytes=float("nan"),
    )
