"""Oracles of the queries about untrained networks."""

from __future__ import annotations

import itertools
import math

import pandas as pd
from scipy import integrate

from tests.oracles.queries.numbers import (
    distinct,
    ends,
    finite,
    geometric_mean,
    known,
    mean,
    most_frequent,
    ranged,
    spread,
)
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import AXES, CONFIGURATION, Tables, among, groups, keep, untrained, where


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
    chosen = among(where(untrained(tables.layers), **shape, batch_size=batch_size), **choices)
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
            **_around(rows, "theory_std", "theory_std_band", "theory_std"),
            **_around(rows, "theory_grad_rms", "theory_grad_band", "theory_grad"),
            **{name: mean(finite(rows[name])) for name in ("frac_saturated", "frac_zero", "frac_dead_units")},
        }


@oracle("network", "dataset", "preprocessing", "activation", "norm", "init", "depth", "width", "batch_size", "layer")
def std_by_layer(tables: Tables, activation: str | None, norm: str | None) -> Rows:
    for key, rows in groups(where(untrained(tables.layers), activation=activation, norm=norm), *AXES, "layer"):
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
    tables: Tables, network, dataset, preprocessing, depth, width, batch_size, tap, most_seeds, **choices: list | None
) -> Rows:
    shape = {"network": network, "dataset": dataset, "preprocessing": preprocessing, "depth": depth, "width": width}
    chosen = among(where(untrained(tables.histograms), **shape, batch_size=batch_size), **choices)
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
            **_around(rows, "theory_std", "theory_std_band", "theory_std"),
            **_around(rows, "theory_grad_rms", "theory_grad_band", "theory_grad"),
            "std_overflowed": _broken(rows["std"]),
            "grad_rms": mean(finite(rows["grad_rms"])),
            "theory_grad_rms": mean(rows["theory_grad_rms"]),
            "theory_grad_band": mean(rows["theory_grad_band"]),
            "grad_rms_overflowed": _broken(rows["grad_rms"]),
        }


def _around(rows: pd.DataFrame, theory: str, band: str, name: str) -> dict[str, float | None]:
    """Returns the ends of a log-normal band, each the mean over rows."""
    known = [pair for pair in zip(rows[theory], rows[band], strict=True) if None not in pair]
    ends = {"low": -1.96, "high": 1.96}
    return {
        f"{name}_{end}": mean([center * math.exp(times * width - width**2) for center, width in known])
        for end, times in ends.items()
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
    rates = among(tables.rates, **choices)
    for key, rows in groups(rates, *dict.fromkeys((x, y))):
        sound = _sound(rows)
        yield {
            "x": None if key[x] is None else str(key[x]),
            "y": None if key[y] is None else str(key[y]),
            "configurations": sum(1 for _ in groups(rows, *CONFIGURATION)),
            "seeds": len(rows),
            "lost": len(rows) - len(sound),
            "forward_rate": geometric_mean(sound["forward_rate"]),
            "backward_rate": geometric_mean(sound["backward_rate"]),
            "share_diverged": (rows["verdict"] == "diverged").mean(),
            "share_just_right": (rows["verdict"] == "just right").mean(),
            "verdict": most_frequent(rows["verdict"]),
        }


@oracle("activation", "norm", "init", "layer")
def signal_ratios(tables: Tables, baseline_init: str, baseline_activation: str, baseline_norm: str, **shape) -> Rows:
    chosen = where(untrained(tables.layers), **shape)
    base = where(chosen, init=baseline_init, activation=baseline_activation, norm=baseline_norm)
    below = {(row["seed"], row["layer"]): row for _, row in base.iterrows()}
    for key, rows in groups(chosen, "init", "activation", "norm", "layer"):
        shared = [
            (row, below[row["seed"], row["layer"]])
            for _, row in rows.iterrows()
            if (row["seed"], row["layer"]) in below
        ]
        if not shared:
            continue
        told = {}
        for name in ("std", "grad_rms"):
            ratios = finite(own[name] / other[name] for own, other in shared if own[name] and other[name])
            ratios = [ratio for ratio in ratios if ratio > 0]
            told |= {f"{name}_seeds": len(ratios), name: geometric_mean(ratios), **ends(name, ratios)}
        yield {**key, **told}


def _growths(values: list[float | None]) -> list[float] | None:
    """Decades by which each layer changes what the one before had; None where one has nothing to compare."""
    if any(value is None or not math.isfinite(value) or value <= 0 for value in values):
        return None
    return [math.log10(after / before) for before, after in itertools.pairwise(values)]


def _beyond(steps: list[float], depth: int) -> float:
    """Decades over so many layers: those that are known, and then as theirs go on."""
    if depth - 1 <= len(steps):
        return sum(steps[: depth - 1])
    known = len(steps) + 1
    last, half = steps[-1], steps[known // 2 - 2]
    power = min(math.log2(half / last), 4) if last and half / last > 1 else 0
    total, _ = integrate.quad(lambda times: times**-power, 1, depth / known)
    return sum(steps) + last * known * total


@oracle("norm", "init", "width")
def outlook_at_depth(
    tables: Tables, activation: str, depth: int, target_width: int, network: str, **scatters: float
) -> Rows:
    limits = tables.read("thresholds").set_index("name")["value"]
    big, small = math.log10(limits["factor_too_big"]), math.log10(limits["factor_too_small"])
    layers = where(tables.layers, study="propagation", activation=activation, network=network)
    sources: dict[tuple, list] = {}
    for key, rows in groups(layers[layers["depth"] >= 4], *AXES):
        by_layer = [of_layer for _, of_layer in groups(rows, "layer")]
        forward = _growths([mean(one["theory_std"]) for one in by_layer])
        backward = _growths([mean(one["theory_grad_rms"]) for one in by_layer])
        if forward is not None and backward is not None:
            sigma_w = _any(by_layer[-1]["sigma_w"])
            rank = (
                -key["depth"],
                key["dataset"] != "gaussian",
                -key["batch_size"],
                key["dataset"],
                key["preprocessing"],
            )
            place = (key["init"], key["norm"], key["width"])
            source = (rank, key, (sigma_w, by_layer), forward, [-step for step in backward])
            sources.setdefault(place, []).append(source)
    for candidates in sources.values():
        _, key, (sigma_w, by_layer), forward, backward = min(candidates, key=lambda one: one[0])
        factors = [_beyond(forward, depth), _beyond(backward, depth)]
        scatter = _scatter(by_layer, key["width"] / key["depth"], factors[1] > big, **scatters)
        strayed = scatter * depth / target_width
        doubt = (strayed + 2 * math.sqrt(strayed)) / math.log(10)
        most, least = max(factors), min(factors)
        explodes, vanishes = most - doubt > big, least + doubt < small
        if explodes and vanishes:
            explodes = most >= -least
        survives = most + doubt < big and least - doubt > small
        words = {"will explode": explodes, "will vanish": vanishes, "survives": survives, "unknown": True}
        yield {
            **{
                name: key[name] for name in ("init", "norm", "width", "depth", "batch_size", "dataset", "preprocessing")
            },
            "sigma_w": sigma_w,
            "forward": factors[0],
            "backward": factors[1],
            "doubt": doubt,
            "outlook": next(word for word, holds in words.items() if holds),
        }


def _scatter(
    by_layer: list[pd.DataFrame], per_layer: float, explodes: bool, unlike: float, usual: float, bent: float
) -> float:
    """The variance of a logarithm per layer and unit: of the signal at the last layer, or the gradient at the first."""
    bands = [mean(finite(one["theory_std_band"])) for one in by_layer]
    if all(band is None for band in bands):
        return usual
    ends = (bands[-1], mean(finite(by_layer[0]["theory_grad_band"])))
    return bent if None in ends else max(unlike if explodes else usual, *(band**2 * per_layer for band in ends))
