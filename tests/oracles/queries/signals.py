"""Oracles of the queries about untrained networks."""

from __future__ import annotations

import math

import pandas as pd

from tests.oracles.queries.numbers import (
    distinct,
    finite,
    geometric_mean,
    known,
    mean,
    most_frequent,
    ranged,
    spread,
)
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import AXES, Tables, among, groups, keep, where


def _broken(values) -> int:
    return len(known(values)) - len(finite(values))


def _any(values):
    """A value that all of them have."""
    (one,) = distinct(values) or [None]
    return one


@oracle("activation", "norm", "init", "layer")
def signal_by_layer(
    tables: Tables, network, dataset, preprocessing, depth, width, batch_size, **choices: list | None
) -> Rows:
    shape = {"network": network, "dataset": dataset, "preprocessing": preprocessing, "depth": depth, "width": width}
    chosen = among(where(tables.layers, study="propagation", **shape, batch_size=batch_size), **choices)
    for key, rows in groups(chosen, "init", "activation", "norm", "layer"):
        both = [
            math.isfinite(std) and math.isfinite(center) for std, center in zip(rows["std"], rows["mean"], strict=False)
        ]
        yield {
            **key,
            "seeds": len(rows),
            "sigma_w": _any(rows["sigma_w"]),
            "std_overflowed": both.count(False),
            "mean": mean(finite(rows["mean"])),
            **ranged("std", finite(rows["std"])),
            "preact_std": mean(finite(rows["preact_std"])),
            "preact_std_overflowed": _broken(rows["preact_std"]),
            "grad_rms_overflowed": _broken(rows["grad_rms"]),
            **ranged("grad_rms", finite(rows["grad_rms"])),
            **{
                name: mean(rows[name])
                for name in ("theory_std", "theory_std_band", "theory_grad_rms", "theory_grad_band")
            },
            **{name: mean(finite(rows[name])) for name in ("frac_saturated", "frac_zero", "frac_dead_units")},
        }


@oracle("network", "dataset", "preprocessing", "activation", "norm", "init", "depth", "width", "batch_size", "layer")
def std_by_layer(tables: Tables, activation: str | None, norm: str | None) -> Rows:
    for key, rows in groups(where(tables.layers, activation=activation, norm=norm), *AXES, "layer"):
        usable = keep(rows, [len(finite(pair)) == 2 for pair in zip(rows["std"], rows["grad_rms"], strict=False)])
        yield {
            **key,
            "seeds": len(rows),
            "left_out": len(rows) - len(usable),
            "std": mean(usable["std"]),
            "std_spread": spread(list(usable["std"])),
            "theory_std": mean(finite(rows["theory_std"])),
            "grad_rms": mean(usable["grad_rms"]),
            "frac_saturated": mean(finite(rows["frac_saturated"])),
        }


BINS = ["init", "activation", "norm", "layer", "seed", "lo", "hi", "counts", "underflow", "overflow", "nonfinite"]


@oracle("activation", "norm", "init", "layer", "seed")
def layer_distributions(
    tables: Tables, network, dataset, preprocessing, depth, width, batch_size, tap, **choices: list | None
) -> Rows:
    shape = {"network": network, "dataset": dataset, "preprocessing": preprocessing, "depth": depth, "width": width}
    rows = where(tables.histograms, study="propagation", tap=tap, **shape, batch_size=batch_size)
    return among(rows, **choices)[BINS].to_dict("records")


@oracle("activation", "norm", "init", "layer", "seed")
def distributions_of_layers(
    tables: Tables, network, dataset, preprocessing, depth, width, batch_size, tap, most_seeds, **choices: list | None
) -> Rows:
    shape = {"network": network, "dataset": dataset, "preprocessing": preprocessing, "depth": depth, "width": width}
    chosen = among(where(tables.histograms, study="propagation", **shape, batch_size=batch_size), **choices)
    for _, rows in groups(chosen, "init", "activation", "norm"):
        first = sorted(set(rows["seed"]))[:most_seeds]
        yield from rows[rows["seed"].isin(first) & (rows["tap"] == tap)][BINS].to_dict("records")


@oracle("layer")
def layers_of_configuration(tables: Tables, init, activation, norm, depth, width) -> Rows:
    configured = where(tables.layers, study="propagation", init=init, activation=activation, norm=norm)
    shape = ("network", "dataset", "preprocessing", "depth", "width", "batch_size")
    shapes = [key for key, _ in groups(configured, *shape)]
    if not shapes:
        return
    nearest = min(
        shapes,
        key=lambda one: (
            abs(math.log(one["depth"] / depth)),
            abs(math.log(one["width"] / width)),
            *(one[axis] for axis in ("network", "dataset", "preprocessing", "batch_size")),
        ),
    )
    for key, rows in groups(where(configured, **nearest), "layer"):
        yield {
            **nearest,
            **key,
            "seeds": len(rows),
            "sigma_w": _any(rows["sigma_w"]),
            "std": mean(finite(rows["std"])),
            "theory_std": mean(rows["theory_std"]),
            "theory_std_band": mean(rows["theory_std_band"]),
            "std_overflowed": _broken(rows["std"]),
            "grad_rms": mean(finite(rows["grad_rms"])),
            "theory_grad_rms": mean(rows["theory_grad_rms"]),
            "theory_grad_band": mean(rows["theory_grad_band"]),
            "grad_rms_overflowed": _broken(rows["grad_rms"]),
        }


def _agreeing(rows: pd.DataFrame) -> int:
    verdict = most_frequent(rows["verdict"])
    return len(rows) if verdict is None else (rows["verdict"] == verdict).sum()


@oracle("activation", "norm", "init")
def configuration_verdicts(tables: Tables, network, dataset, preprocessing, depth, width, batch_size) -> Rows:
    shape = {"network": network, "dataset": dataset, "preprocessing": preprocessing, "depth": depth, "width": width}
    for key, rows in groups(where(tables.rates, **shape, batch_size=batch_size), "init", "activation", "norm"):
        yield {
            **key,
            "seeds": len(rows),
            "verdict": most_frequent(rows["verdict"]),
            "agreeing": _agreeing(rows),
            **{
                name: geometric_mean(finite(rows[name]))
                for name in ("forward_rate", "backward_rate", "forward_factor", "backward_factor")
            },
        }


def _sound(rows: pd.DataFrame) -> pd.DataFrame:
    pairs = zip(rows["forward_rate"], rows["backward_rate"], strict=False)
    return keep(rows, [len(finite(pair)) == 2 and min(pair) > 0 for pair in pairs])


@oracle("activation", "norm", "init", "depth", "width", "batch_size")
def signal_verdicts(tables: Tables, activation: str | None, norm: str | None) -> Rows:
    for key, rows in groups(where(tables.rates, activation=activation, norm=norm), *AXES):
        sound = _sound(rows)
        yield {
            **key,
            "verdict": most_frequent(rows["verdict"]),
            "agreement": _agreeing(rows) / len(rows),
            "seeds": len(rows),
            "left_out": len(rows) - len(sound),
            "forward_rate": geometric_mean(sound["forward_rate"]),
            "backward_rate": geometric_mean(sound["backward_rate"]),
        }


@oracle("x", "y")
def signal_map(tables: Tables, x: str, y: str, **choices: list | None) -> Rows:
    rates = among(where(tables.rates, study="propagation"), **choices)
    for key, rows in groups(rates, *dict.fromkeys((x, y))):
        sound = _sound(rows)
        yield {
            "x": None if key[x] is None else str(key[x]),
            "y": None if key[y] is None else str(key[y]),
            "seeds": len(rows),
            "lost": len(rows) - len(sound),
            "forward_rate": geometric_mean(sound["forward_rate"]),
            "backward_rate": geometric_mean(sound["backward_rate"]),
            "share_diverged": (rows["verdict"] == "diverged").mean(),
            "share_just_right": (rows["verdict"] == "just right").mean(),
            "verdict": most_frequent(rows["verdict"]),
        }
