"""The stream of a network of one's own as the layers that the other studies have: statistics and histograms."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from goldilocks.engine.diagnosis.flow import Flow, Layer
from goldilocks.engine.diagnosis.measurement import Array, Measurement
from goldilocks.engine.statistics import BINS
from goldilocks.store import tables

# Columns of the table `layers`, and the fields of `measurement.Signal` at the end of the layer.
COLUMNS = {
    "mean": "mean",
    "std": "std",
    "rms": "rms",
    "min": "minimum",
    "max": "maximum",
    "frac_saturated": "frac_saturated",
    "frac_zero": "frac_zero",
    "frac_dead_units": "frac_dead_units",
    "unit_std": "unit_std",
    "grad_rms": "grad_rms",
}
# Where a site has none, such as the saturated share of an addition.
ABSENT = ("frac_saturated", "grad_rms")
Row = dict[str, Any]


def layer_tables(ids: Sequence[str], found: Measurement, flow: Flow) -> dict[str, pa.Table]:
    """Return the tables `layers` and `layer_histograms`.

    Args:
        ids: of the cells, one per configuration.
        found: the measurement, with histograms where there is a stream.
        flow: its sites.
    """
    layers, histograms = [], []
    for place, cell_id in enumerate(ids):
        for layer in flow.layers:
            names = {"cell_id": cell_id, "layer": layer.number}
            layers.append(names | _statistics(found, place, layer))
            histograms += [names | row for row in _histograms(found, place, layer)]
    return {"layers": _table("layers", layers), "layer_histograms": _table("layer_histograms", histograms)}


def _table(name: str, rows: list[Row]) -> pa.Table:
    # Floats in the store's width: pyarrow does not round.
    narrow = [field.name for field in tables.schema(name) if field.type == pa.float32()]
    rounded = [{key: _narrow(value) if key in narrow else value for key, value in row.items()} for row in rows]
    return tables.of_rows(name, rounded)


def _narrow(value: float | None) -> float | None:
    with np.errstate(over="ignore"):
        return None if value is None else float(np.float32(value))


def _statistics(found: Measurement, place: int, layer: Layer) -> Row:
    signal = {name: float(getattr(found.signal, field)[place, layer.output.index]) for name, field in COLUMNS.items()}
    sound = found.signal.nonfinite[place, layer.output.index] == 0
    row: Row = {name: None if np.isnan(one) and name in ABSENT and sound else one for name, one in signal.items()}
    row["preact_std"] = float(found.signal.std[place, layer.step.index])
    if (weight := _weight(found, layer)) is not None:
        fan_in = found.parameters[weight].fan_in
        row["sigma_w"] = float(found.weights.std[place, weight]) * fan_in**0.5 if fan_in else None
        row["weight_grad_rms"] = float(found.weights.grad_rms[place, weight])
    return row


def _weight(found: Measurement, layer: Layer) -> int | None:
    """Return the place of the matrix of a layer among the parameters, or None where it has none."""
    if layer.weighted is None:
        return None
    named = layer.weighted.parameters
    places = (n for n, one in enumerate(found.parameters) if one.part == "weight" and one.name in named)
    return next(places, None)


def _histograms(found: Measurement, place: int, layer: Layer) -> Iterator[Row]:
    counts = found.counts
    if counts is None:
        return
    step, output = (counts.sites.index(site.index) for site in (layer.step, layer.output))
    taps = {"act": counts.signal[place, output]}
    # An activation may give fewer values than enter it, as gated ones do.
    if _total(counts.signal[place, step]) == _total(taps["act"]):
        taps["pre"] = counts.signal[place, step]
    if _total(counts.gradient[place, output]) == _total(taps["act"]):
        taps["grad"] = counts.gradient[place, output]
    for tap, row in taps.items():
        if _total(row):
            lo, hi, *numbers = row.tolist()
            below, above, nowhere = map(int, numbers[BINS:])
            bins = [int(number) for number in numbers[:BINS]]
            edges = {"lo": lo, "hi": hi}
            yield {"tap": tap, **edges, "counts": bins, "underflow": below, "overflow": above, "nonfinite": nowhere}


def _total(row: Array) -> float:
    return float(row[2:].sum())
