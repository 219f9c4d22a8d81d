"""Oracles of the lecture's questions about training, and of those of its second assignment."""

from __future__ import annotations

import math
import re

import pandas as pd

from tests.oracles.queries.numbers import ends, finite, highest, known, mean, median, ranged, spread
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import Tables, groups, reach, where


def _standardized(tables: Tables, **chosen) -> pd.DataFrame:
    kind = {"study": "training", "network": "mlp", "preprocessing": "standardize", "optimizer": "sgd"}
    return where(tables.outcomes, **kind, **chosen)


SYMMETRY = ("network", "preprocessing", "init", "activation", "width", "batch_size", "optimizer", "lr", "steps")
SOLVER = ("preprocessing", "init", "activation", "lr")


@oracle("init", "activation", "units", "network", "preprocessing", "batch_size", "optimizer", "lr", "steps")
def lecture_02_symmetry(tables: Tables, depth, norm, dataset) -> Rows:
    quantities = where(tables.quantities, study="symmetry", depth=depth, norm=norm, dataset=dataset)
    for key, rows in groups(quantities, *SYMMETRY):
        units = {when: where(rows, quantity="distinct_units", part=when)["value"] for when in ("before", "after")}
        gradient = where(rows, quantity="layer_gradient_norm", part="before", position=1.0)["value"]
        yield {
            **{"units" if name == "width" else name: value for name, value in key.items()},
            "seeds": rows["seed"].nunique(),
            **ends("distinct_before", units["before"]),
            **ends("distinct_after", units["after"]),
            "distinct_gradients": ends("", where(rows, quantity="distinct_gradients", part="before")["value"])["_high"],
            "gradient_norm": mean(finite(gradient)),
            "weight_change": mean(finite(where(rows, quantity="weight_change", position=1.0)["value"])),
            "largest_change": highest(finite(where(rows, quantity="weight_change")["value"])),
            "accuracy_before": mean(finite(where(rows, quantity="share_correct", part="before")["value"])),
            **ranged("accuracy", finite(where(rows, quantity="share_correct", part="after")["value"])),
        }


@oracle("activation", "depth")
def lecture_03_depth(tables: Tables, init, dataset, width, lr, **length) -> Rows:
    kind = {"study": "propagation", "network": "mlp", "norm": "none"}
    kind |= {"preprocessing": "standardize", "batch_size": length["batch_size"]}
    layers = where(tables.layers, **kind, init=init, dataset=dataset, width=width)
    trained = _standardized(tables, norm="none", init=init, dataset=dataset, width=width, lr=lr, **length)
    for key, rows in groups(trained, "activation", "depth"):
        alike = where(layers, **key)
        last, ratios = where(alike, layer=key["depth"]), []
        for cell_id, gradient in last.set_index("cell_id")["grad_rms"].items():
            first = where(alike, cell_id=cell_id, layer=1)["grad_rms"].iloc[0]
            ratios += [first / gradient] if gradient else []
        accuracy = finite(rows["final_test_accuracy"])
        yield {
            **key,
            "seeds": len(rows),
            **ranged("accuracy", accuracy),
            "share_that_train": mean(rows["trains"]),
            "last_std": mean(finite(last["std"])),
            "gradient_ratio": mean(finite(ratios)),
        }


def independent(shares: list[float], networks: int, together: float | None = None) -> float:
    """How many independent networks would scatter as the shares of the seeds do: at least the seeds, at most all."""
    seeds, variance = len(shares), (spread(shares) or 0) ** 2
    share, z = sum(shares) / seeds if together is None else together, 1.95996
    if seeds == 1 or (variance == 0 and share in (0, 1)):
        return seeds
    if variance == 0:
        return networks
    wallace = math.sqrt((seeds - 1) * math.expm1((z * (8 * seeds - 5) / (8 * seeds - 7)) ** 2 / (seeds - 1)))
    return max(seeds, min(networks, share * (1 - share) * seeds / variance * (z / wallace) ** 2))


@oracle("activation", "depth", "norm")
def lecture_10_depth_with_batch_norm(tables: Tables, inits: list, dataset, width, lr, **length) -> Rows:
    trained = _standardized(tables, dataset=dataset, width=width, lr=lr, **length)
    shares = {
        tuple(key.values()): (key, rows, _share_that_train(rows))
        for key, rows in groups(trained[trained["init"].isin(inits)], "activation", "depth", "norm")
    }
    for key, rows, share in shares.values():
        by_init = {one["init"]: list(own["final_test_accuracy"]) for one, own in groups(rows, "init")}
        sound = {init: values for init, values in by_init.items() if len(finite(values)) == len(values)}
        best = min(sound, key=lambda init: (-mean(sound[init]), init), default=None)
        *_, plain = shares.get((key["activation"], key["depth"], "none"), [None])
        yield {
            **key,
            "networks": len(rows),
            "seeds": rows["seed"].nunique(),
            **share,
            **gain(share, None if key["norm"] == "none" else plain),
            "best_init": best,
            **ranged("accuracy", sound.get(best, [])),
        }


def _share_that_train(rows: pd.DataFrame) -> dict[str, float]:
    share, z = mean(rows["trains"]), 1.95996
    number = independent([mean(own["trains"]) for _, own in groups(rows, "seed")], len(rows), share)
    center = share + z**2 / (2 * number)
    half = z * math.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    ends = {"share_low": (center - half) / (1 + z**2 / number), "share_high": (center + half) / (1 + z**2 / number)}
    return {"independent": number, "share_that_train": share, **ends}


def gain(one: dict[str, float], other: dict[str, float] | None) -> dict[str, float | None]:
    """The difference of two shares, with an interval made of theirs."""
    if other is None:
        return dict.fromkeys(("gain", "gain_low", "gain_high"))
    mean_gain = one["share_that_train"] - other["share_that_train"]
    below = math.hypot(one["share_that_train"] - one["share_low"], other["share_high"] - other["share_that_train"])
    above = math.hypot(one["share_high"] - one["share_that_train"], other["share_that_train"] - other["share_low"])
    return {"gain": mean_gain, "gain_low": mean_gain - below, "gain_high": mean_gain + above}


@oracle("activation", "depth", "norm")
def lecture_12_learning_rates(tables: Tables, init, dataset, width, fast, rates, **length) -> Rows:
    reached = {cell_id: reach(rows, fast) for cell_id, rows in tables.curves.groupby("cell_id")}
    for key, swept in groups(
        _standardized(tables, init=init, dataset=dataset, width=width, **length), "activation", "depth", "norm"
    ):
        seeds = [rows for _, rows in groups(swept, "seed") if rows["lr"].nunique() >= rates]
        if not seeds:
            continue
        largest = [_largest(rows["lr"], list(rows["trains"])) for rows in seeds]
        steps = [min(known(reached[cell_id] for cell_id in rows["cell_id"]), default=None) for rows in seeds]
        swept_rates = {lr["lr"]: list(rows["final_test_accuracy"]) for lr, rows in groups(swept, "lr")}
        means = {lr: mean(values) for lr, values in swept_rates.items() if len(finite(values)) == len(values)}
        best = min(means, key=lambda lr: (-means[lr], lr), default=None)
        yield {
            **key,
            "seeds": len(seeds),
            "seeds_that_train": len(known(largest)),
            "seeds_that_are_fast": len(known(steps)),
            "largest_rate": median(largest),
            **ends("largest_rate", largest),
            "best_rate": best,
            "accuracy": means.get(best),
            "steps_to_fast": median(steps),
            **ends("steps", steps),
        }


@oracle("activation", "depth", "lr")
def lecture_12_by_rate(tables: Tables, init, dataset, width, **length) -> Rows:
    trained = _standardized(tables, init=init, dataset=dataset, width=width, **length)
    for key, rows in groups(trained, "activation", "depth", "lr"):
        sides = {norm: where(rows, norm=norm).set_index("seed") for norm in ("none", "batch")}
        seeds = sorted(set(sides["none"].index) & set(sides["batch"].index))
        if not seeds:
            continue
        accuracy = {
            norm: [_number(side["final_test_accuracy"][seed]) for seed in seeds] for norm, side in sides.items()
        }
        pairs = zip(accuracy["none"], accuracy["batch"], strict=True)
        gain = [normed - plain for plain, normed in pairs if None not in (plain, normed)]
        diverged = {norm: sum(bool(side["diverged"][seed]) for seed in seeds) for norm, side in sides.items()}
        yield {
            **key,
            "seeds": len(gain),
            "diverged_without": diverged["none"],
            "diverged_with": diverged["batch"],
            "accuracy_without": mean(accuracy["none"]),
            "accuracy_with": mean(accuracy["batch"]),
            **ranged("gain", gain),
        }


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _largest(values, which: list[bool]) -> float | None:
    return max((value for value, one in zip(values, which, strict=False) if one), default=None)


def _scale(init: str) -> float | None:
    """Returns the std of `normal(std=…)`."""
    match = re.fullmatch(r"normal\(std=(.*)\)", init)
    return float(match[1]) if match else None


@oracle("activation", "depth", "norm")
def lecture_13_weight_scale(tables: Tables, dataset, preprocessing, width, optimizer, lr, **length) -> Rows:
    kind = {"study": "training", "network": "mlp", "dataset": dataset, "preprocessing": preprocessing}
    trained = where(tables.outcomes, **kind, width=width, optimizer=optimizer, lr=lr, **length)
    trained = trained.assign(scale=[_scale(init) for init in trained["init"]])
    for key, rows in groups(trained[trained["scale"].notna()], "activation", "depth", "norm"):
        seeds = [own for _, own in groups(rows, "seed") if own["scale"].nunique() > 3]
        if not seeds:
            continue
        good = [sorted(set(own.loc[own["trains"], "scale"])) for own in seeds]
        decades = [math.log10(scales[-1] / scales[0]) if scales else 0.0 for scales in good]
        always = [scale["scale"] for scale, own in groups(rows, "scale") if own["trains"].all()]
        yield {
            **key,
            "seeds": len(seeds),
            "scales": max(own["scale"].nunique() for own in seeds),
            "trained": median(map(len, good)),
            **ends("trained", map(len, good)),
            "decades": median(decades),
            **ends("decades", decades),
            "smallest_scale": min(always, default=None),
            "largest_scale": max(always, default=None),
            "accuracy": mean(mean(finite(own["final_test_accuracy"])) for own in seeds),
            "diverged": sum(len(own) - len(finite(own["final_test_accuracy"])) for own in seeds),
        }


@oracle(*SOLVER, "norm", "-steps", "batch_size")
def assignment_2_batch_size(tables: Tables, dataset, width, depth) -> Rows:
    kind = {"study": "training", "network": "mlp", "optimizer": "adam", "dataset": dataset}
    for key, rows in groups(
        where(tables.outcomes, **kind, width=width, depth=depth), *SOLVER, "batch_size", "norm", "steps"
    ):
        sound = rows[~rows["diverged"].astype(bool)]
        yield {
            **key,
            "seeds": len(rows),
            "diverged": rows["diverged"].sum(),
            **ranged("best_test_accuracy", sound["best_test_accuracy"]),
            **ranged("final_train_accuracy", sound["final_train_accuracy"]),
        }


@oracle("preprocessing", "activation", "lr", "steps", "norm", "scale")
def assignment_2_weight_scale(tables: Tables, dataset, width, depth, batch_size) -> Rows:
    kind = {"study": "training", "network": "mlp", "optimizer": "adam", "dataset": dataset, "batch_size": batch_size}
    best = {cell_id: finite(rows["train_accuracy"]) for cell_id, rows in tables.curves.groupby("cell_id")}
    trained = where(tables.outcomes, **kind, width=width, depth=depth)
    trained = trained.assign(scale=[_scale(init) for init in trained["init"]])
    for key, rows in groups(
        trained[trained["scale"].notna()], "preprocessing", "activation", "lr", "steps", "scale", "norm"
    ):
        sound = rows[~rows["diverged"].astype(bool)]
        yield {
            **key,
            "seeds": len(rows),
            "diverged": rows["diverged"].sum(),
            **ranged("best_test_accuracy", sound["best_test_accuracy"]),
            **ranged("best_train_accuracy", (max(best[cell_id], default=None) for cell_id in sound["cell_id"])),
            **ranged("final_train_loss", sound["final_train_loss"]),
        }
