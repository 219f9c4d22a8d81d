"""Oracles of the queries behind the live page: tabulated maps, theory by layer, and what was measured in the plane."""

from __future__ import annotations

from math import exp, isfinite, log, sqrt

import pandas as pd

from tests.oracles.closed_forms import FORMS, Form
from tests.oracles.queries.numbers import finite, highest, mean
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import Tables, groups, keep, where

NETWORK = ("study", "init", "preprocessing", "norm", "width", "depth", "batch_size", "study_axes")


@oracle("activation")
def activation_maps(tables: Tables, activation: str | None) -> Rows:
    yield from where(tables.read("activation_maps"), activation=activation).to_dict("records")


@oracle("q")
def edge_of_chaos(tables: Tables, activation: str) -> Rows:
    for maps in where(tables.read("activation_maps"), activation=activation).to_dict("records"):
        columns = (maps[name] for name in ("log_q", "length", "slope", "length_slope"))
        for log_q, length, slope, length_slope in zip(*columns, strict=True):
            q = exp(log_q)
            bias = q - length / slope
            if bias >= -1e-9 * q:
                point = {"weight_variance": 1 / slope, "bias_variance": max(bias, 0.0)}
                yield {"q": q, **point, "attracts": length_slope / slope <= 1 + 1e-9}


@oracle("layer")
def mean_field_layers(
    tables: Tables,
    activation: str,
    normalizes: str,
    eps: float,
    sigma_w: float,
    sigma_b: float,
    depth: int,
    unlike_start: float,
    alike_start: float,
) -> Rows:
    form, weight, batch = FORMS[activation], sigma_w**2, normalizes == "batch"
    bias, q, chis, rows = sigma_b**2, sigma_w**2 + (0 if batch else sigma_b**2), [], []
    pair = [(weight * start + bias) / (weight + bias) for start in (unlike_start, alike_start)]
    for layer in range(1, depth + 1):
        s = q if normalizes == "nothing" else q / (q + eps)
        chis.append(weight * form.slope(s) * s / q)
        unlike, alike = (None, None) if batch else pair
        rows.append({"layer": layer, "q": q, "std": sqrt(form.variance(s)), "unlike": unlike, "alike": alike})
        q = weight * form.variance(s) if batch else weight * form.length(s) + bias
        pair = [_behind(form, s, c, weight, bias) for c in pair]
    for number, row in enumerate(rows):
        yield row | {"chi": chis[number], "gradient": exp(sum(map(log, chis[number + 1 :])) / 2)}


def _behind(form: Form, s: float, c: float, weight: float, bias: float) -> float:
    length = weight * form.length(s)
    return (length * form.correlation(s, c) + bias) / (length + bias)


@oracle(*NETWORK)
def measured_in_plane(tables: Tables, activation: str, norm: str, noise: float) -> Rows:
    yield from _propagated(tables, activation, norm, noise)
    yield from _simulated(tables, activation, norm)


def _chosen(rows: pd.DataFrame, study: str, activation: str) -> pd.DataFrame:
    axes = {"network": "mlp", "dataset": "gaussian", "activation": activation}
    return where(rows, study=study, status="done", **axes)


def _of_family(rows: pd.DataFrame, norm: str) -> pd.DataFrame:
    return keep(rows, [name.partition("(")[0] == norm for name in rows["norm"]])


def _sound(row: pd.Series) -> bool:
    """Tells whether a layer has a finite scale of weights and a finite deviation."""
    return all(row[name] is not None and isfinite(row[name]) for name in ("sigma_w", "preact_std"))


def _squares(values: pd.Series) -> list[float]:
    return [float(value) ** 2 for value in finite(values)]


def _propagated(tables: Tables, activation: str, norm: str, noise: float) -> Rows:
    every = _chosen(tables.layers, "propagation", activation)
    for key, rows in groups(_of_family(every, norm), *NETWORK):
        layers = [part for _, part in sorted(rows.groupby("layer"), key=lambda one: one[0])]
        scales = [mean(part["sigma_w"]) for part in layers]
        known = [scale for scale in scales if scale is not None and isfinite(scale)]
        if not known:
            continue
        others = [name for name in NETWORK if name != "norm"]
        twins = where(every, norm="none", layer=1)
        every_row = [row for _, row in twins.iterrows()]
        twins = keep(twins, [all(row[name] == key[name] for name in others) and _sound(row) for row in every_row])
        first, weight = mean(_squares(twins["preact_std"])), mean(_squares(twins["sigma_w"]))
        beyond = first is not None and first - weight > noise * first
        kept = [part for part, scale in zip(layers, scales, strict=True) if scale is not None and isfinite(scale)]
        yield key | {
            "seeds": max(map(len, kept)),
            "sigma_w": known[-1],
            "sigma_b": sqrt(first - weight) if beyond else 0.0,
            "q": [mean(_squares(part["preact_std"])) if key["norm"] == "none" else None for part in kept],
            "std": [mean(finite(part["std"])) for part in kept],
            "gradient": [mean(finite(part["grad_rms"])) for part in kept],
            "unlike": None,
            "alike": None,
        }


def _simulated(tables: Tables, activation: str, norm: str) -> Rows:
    rows = _of_family(_chosen(tables.quantities, "mean_field", activation), norm)
    for key, network in groups(rows, *NETWORK):
        layered = keep(network, [name in ("length", "correlation") for name in network["quantity"]])
        if layered.empty:
            continue
        layers = [part for _, part in sorted(layered.groupby("position"), key=lambda one: one[0])]

        def means(quantity: str, end: str = "", layers: list[pd.DataFrame] = layers) -> list[float | None]:
            found = [where(part, quantity=quantity) for part in layers]
            return [mean(finite(one[one["part"].str.endswith(end)]["value"])) for one in found]

        yield key | {
            "seeds": max(part["seed"].nunique() for part in layers),
            "sigma_w": sqrt(highest(where(network, quantity="weight_variance")["value"])),
            "sigma_b": sqrt(highest(where(network, quantity="bias_variance")["value"])),
            "q": means("length"),
            "std": None,
            "gradient": None,
            "unlike": means("correlation", ", unlike inputs"),
            "alike": means("correlation", ", alike inputs"),
        }
