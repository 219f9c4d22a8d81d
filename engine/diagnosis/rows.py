"""From the measurement of a network to the rows of the store, cell by cell."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from goldilocks.engine.diagnosis.cell import DiagnosisCell
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.flow import Flow
from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.layer_rows import layer_tables
from goldilocks.engine.diagnosis.measurement import Measurement
from goldilocks.engine.diagnosis.stored_columns import FIRST_LOSS, PARAMETER_NUMBERS, SITE, TAPS, as_row
from goldilocks.engine.diagnosis.subject import Subject
from goldilocks.engine.diagnosis.verdict import verdict
from goldilocks.engine.measurements import Measurements
from goldilocks.store import tables

Row = dict[str, Any]


def rows(
    cells: Sequence[DiagnosisCell], found: Measurement, subject: Subject
) -> tuple[dict[str, pa.Table], frozenset[str]]:
    """Return the store's tables, and the ids of the cells in which a value was not finite.

    Args:
        cells: one per configuration of the measurement, in its order.
        found: with histograms.
        subject: what was measured.
    """
    flow, ids, finite = Flow(found.sites), [cell.cell_id for cell in cells], _finite(found)
    sites, parameters = _site_rows(flow), [{"parameter": n, **as_row(one)} for n, one in enumerate(found.parameters)]
    collected: dict[str, list[Row]] = {name: [] for name in ("diagnoses", "sites", "taps", "parameters", "findings")}
    losses = Measurements()
    for place, cell in enumerate(cells):
        alone = found.only(place)
        findings = judge(alone, tuple(filter(None, cell.formats.split(","))))
        new = {
            "diagnoses": [_about(alone, findings, subject)],
            "sites": sites,
            "taps": list(_taps(found, place, bool(finite[place]))),
            "parameters": [row | _numbers(found, place, n) for n, row in enumerate(parameters)],
            "findings": [_finding_row(one) for one in findings],
        }
        for name, of_cell in new.items():
            collected[name] += [{"cell_id": cell.cell_id, **row} for row in of_cell]
        losses.add(cell.cell_id, FIRST_LOSS, found.first_loss[place])
    made = {name: tables.of_rows(name, listed) for name, listed in collected.items()}
    strange = frozenset(cell_id for cell_id, sound in zip(ids, finite, strict=True) if not sound)
    return made | {"measurements": losses.table()} | layer_tables(ids, found, flow), strange


def _finite(found: Measurement) -> np.ndarray:
    """Tell for each configuration whether all values, gradients, weights and its loss are finite."""
    signal, weights = found.signal, found.weights
    sound = np.isfinite(found.first_loss) & (signal.nonfinite == 0).all(1) & ~(weights.nonfinite > 0).any(1)
    # At sites NaN may also say that a gradient is not measured; where it is one, those of weights are, too.
    floating = [place for place, one in enumerate(found.parameters) if one.floating]
    return sound & ~np.isinf(signal.grad_rms).any(1) & np.isfinite(weights.grad_rms[:, floating]).all(1)


def _about(found: Measurement, findings: tuple[Finding, ...], subject: Subject) -> Row:
    return {
        "verdict": verdict(findings, found.inits[0]),
        "method": found.cost.method,
        "reason": found.cost.reason,
        "at_once": found.cost.at_once,
        "packages": json.dumps(subject.packages, sort_keys=True),
        "unseen": list(found.unseen),
        "remarks": list(found.remarks),
    }


def _site_rows(flow: Flow) -> list[Row]:
    ends = {layer.output.index: layer.number for layer in flow.layers}
    return [{**as_row(site, SITE), "label": site.label, "layer": ends.get(site.index)} for site in flow.sites]


def _taps(found: Measurement, place: int, finite: bool) -> Iterator[Row]:
    for site in found.sites:
        numbers = {name: float(getattr(found.signal, field)[place, site.index]) for name, field in TAPS.items()}
        sound = numbers["frac_nonfinite"] == 0
        absent = {
            "frac_saturated": site.activation is None or sound,
            "similarity": sound,
            "theory_rms": True,
            "grad_rms": site.kind == "input" or finite,
        }
        yield {
            "site": site.index,
            **{name: None if np.isnan(one) and absent.get(name) else one for name, one in numbers.items()},
        }


def _numbers(found: Measurement, place: int, number: int) -> Row:
    weights = found.weights
    numbers = {name: float(getattr(weights, field)[place, number]) for name, field in PARAMETER_NUMBERS.items()}
    sound = numbers["frac_nonfinite"] == 0
    counted = not found.parameters[number].floating
    absent = {"equal_units": sound, "grad_rms": counted, "update_ratio": counted}
    return {
        "treated": bool(weights.treated[place, number]),
        "got_gradient": bool(weights.got_gradient[place, number]),
        **{name: None if np.isnan(one) and absent.get(name) else one for name, one in numbers.items()},
    }


def _finding_row(finding: Finding) -> Row:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "place": finding.site,
        "measured": finding.value,
        "threshold": finding.limit,
        "why": finding.why,
        "remedy": finding.remedy,
        "code": finding.code,
    }
