"""Oracles of the lecture's questions that have a study of their own."""

from __future__ import annotations

import json
import math

import pandas as pd

from tests.oracles.queries.numbers import finite, highest, known, lowest, margin, mean, median
from tests.oracles.queries.quantities import largest
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import Tables, groups, keep, where

SHAPE = ["dataset", "preprocessing", "network", "init", "activation", "norm", "depth", "width"]
LINEAR = [*SHAPE, "batch_size", "steps", "study_axes"]


@oracle("dataset", "-condition_number", "preprocessing", "steps", "study_axes")
def lecture_01_preprocessing(tables: Tables, size, steps, depth, width) -> Rows:
    deep = {"study": "training", "network": "mlp", "norm": "none", "init": "kaiming", "activation": "relu"}
    trained = where(tables.outcomes, **deep, optimizer="sgd", depth=depth, width=width)
    for key, rows in groups(where(tables.quantities, study="preprocessing"), *LINEAR):
        cells = [own for _, own in groups(rows, "cell_id")]
        rest = [largest(own, "perturbed_loss", position=0.0, part="mean") for own in cells]
        factors = {part: _ratios(cells, "perturbed_loss", size, part, rest) for part in ("mean", "low", "high")}
        accuracy = {
            part: [largest(own, "perturbed_accuracy", position=size, part=part) for own in cells]
            for part in ("mean", "low", "high")
        }
        slow = [largest(own, "excess_loss", position=float(steps), part="rate 1/largest curvature") for own in cells]
        yield {
            **key,
            "seeds": len(cells),
            "condition_number": mean(largest(own, "condition_number") for own in cells),
            "loss_factor": mean(factors["mean"]),
            "loss_factor_low": lowest(factors["low"]),
            "loss_factor_high": highest(factors["high"]),
            "accuracy": mean(accuracy["mean"]),
            "accuracy_low": lowest(accuracy["low"]),
            "accuracy_high": highest(accuracy["high"]),
            "excess_loss": mean(slow),
            **_deep(where(trained, dataset=key["dataset"], preprocessing=key["preprocessing"])),
        }


@oracle("dataset", "descent_steps", "study_axes", "batch_size", "steps")
def lecture_01_centring(tables: Tables, centred, scaled, size, depth, width, better, tolerance) -> Rows:
    kind = {"study": "training", "network": "mlp", "norm": "none", "init": "kaiming", "activation": "relu"}
    trained = where(tables.outcomes, **kind, optimizer="sgd", depth=depth, width=width)
    classifier = [axis for axis in LINEAR if axis != "preprocessing"]
    for one, rows in groups(where(tables.quantities, study="preprocessing"), *classifier):
        key = {"dataset": one["dataset"]}
        factors, conditions = {}, {}
        for pipeline, own in groups(rows, "preprocessing"):
            cells = [cell for _, cell in groups(own, "cell_id")]
            rest = [largest(cell, "perturbed_loss", position=0.0, part="mean") for cell in cells]
            factors[pipeline["preprocessing"]] = mean(_ratios(cells, "perturbed_loss", size, "mean", rest))
            conditions[pipeline["preprocessing"]] = mean(largest(cell, "condition_number") for cell in cells)
        before, after = conditions.get(centred), conditions.get(scaled)
        gain = before / after if before is not None and after else None
        told = {
            "descent_steps": one["steps"],
            "study_axes": one["study_axes"],
            "factor_centred": factors.get(centred),
            "factor_standardized": factors.get(scaled),
            "condition_centred": before,
            "condition_standardized": after,
            "condition_gain": gain,
            "for_the_loss": None if gain is None else "enough" if gain <= better else "not enough",
        }
        compared = [
            {**length, **row}
            for length, own in groups(where(trained, **key), "batch_size", "steps")
            if (row := _centring(own, (centred, scaled), tolerance))
        ]
        for row in compared or [dict.fromkeys(("batch_size", "steps", *CENTRING))]:
            yield {**key, **told, **row}


CENTRING = (
    *("seeds", "accuracy_centred", "rate_centred", "accuracy_standardized", "rate_standardized", "gain", "gain_margin"),
    "for_training",
)


def _centring(rows: pd.DataFrame, pipelines: tuple[str, str], tolerance: float) -> dict | None:
    """What standardizing gains over centring, each at its best rate."""
    best = {}
    for name in pipelines:
        rates = {}
        for key, own in groups(where(rows, preprocessing=name), "lr"):
            if not own["diverged"].any() and _measured(own["final_test_accuracy"]):
                rates[key["lr"]] = own.set_index("seed")["final_test_accuracy"].to_dict()
        if not rates:
            return None
        rate = min(rates, key=lambda lr: (-mean(rates[lr].values()), lr))
        best[name] = (rate, rates[rate])
    (rate, centred), (other, standardized) = (best[name] for name in pipelines)
    seeds = sorted(set(centred) & set(standardized))
    if not seeds:
        return None
    gain = [standardized[seed] - centred[seed] for seed in seeds]
    center, half = mean(gain), margin(gain)
    low, high = (center - half, center + half) if half is not None else (-math.inf, math.inf)
    verdict = "enough" if high <= tolerance else "not enough" if low > 0 else "undecided"
    values = (
        len(seeds), mean(centred[seed] for seed in seeds), rate, mean(standardized[seed] for seed in seeds), other,
        center, half, verdict,
    )  # fmt: skip
    return dict(zip(CENTRING, values, strict=True))


def _measured(accuracies) -> bool:
    """Whether the mean of accuracies is a number; one that is not is no accuracy, and none is the best."""
    found = mean(accuracies)
    return found is not None and math.isfinite(found)


def _ratios(cells, quantity, position, part, divisors) -> list[float]:
    values = [largest(own, quantity, position=position, part=part) for own in cells]
    return [value / divisor for value, divisor in zip(values, divisors, strict=False) if None not in (value, divisor)]


def _deep(rows: pd.DataFrame) -> dict:
    rates = []
    for key, own in groups(rows, "lr", "batch_size", "steps") if len(rows) else ():
        if not own["diverged"].any():
            rates.append((key["lr"], list(own["final_test_accuracy"])))
    measured = [one for one in rates if _measured(one[1])]
    best, accuracy = min(measured, key=lambda one: (-mean(one[1]), one[0]), default=(None, []))
    return {
        "largest_rate": max((lr for lr, _ in rates), default=None),
        "best_rate": best,
        "deep_accuracy": mean(accuracy),
        "deep_accuracy_low": lowest(accuracy),
        "deep_accuracy_high": highest(accuracy),
    }


@oracle(*SHAPE, "batch_size", "optimizer", "lr", "steps", "layer")
def lecture_09_batch_norm(tables: Tables, activation: str | None) -> Rows:
    shape = [*SHAPE, "batch_size", "optimizer", "lr", "steps"]
    rows = where(tables.quantities, study="batch_norm_layer", activation=activation)
    last = [at is None or at == steps for at, steps in zip(rows["position"], rows["steps"], strict=False)]
    for key, layer in groups(keep(rows, last), *shape, "part"):
        found = []
        for _, own in groups(layer, "seed"):
            names = ("gamma_mean", "gamma_std", "beta_mean", "beta_std", "identity_error")
            seed = {name: largest(own, name) for name in names}
            found += [seed] if len(finite([seed["gamma_mean"], seed["beta_mean"]])) == 2 else [None]
        sound = known(found)
        column = {name: known(seed[name] for seed in sound) for name in names}
        yield {
            **{name: key[name] for name in shape},
            "layer": key["part"],
            "seeds": len(sound),
            "left_out": len(found) - len(sound),
            "gamma": mean(column["gamma_mean"]),
            "gamma_margin": margin(column["gamma_mean"]),
            "gamma_std": mean(column["gamma_std"]),
            "beta": mean(column["beta_mean"]),
            "beta_margin": margin(column["beta_mean"]),
            "beta_std": mean(column["beta_std"]),
            "identity_error": highest(column["identity_error"]),
        }


def with_spec(rows: pd.DataFrame, **paths: str) -> pd.DataFrame:
    """Adds columns from the canonical JSON of each cell."""
    specs = [json.loads(spec) for spec in rows["spec"]]
    return rows.assign(**{name: [_at(spec, path) for spec in specs] for name, path in paths.items()})


def _at(spec: dict, path: str):
    for part in path.split("."):
        spec = spec.get(part) if spec else None
    return spec


DISCREPANCY = [
    "dataset",
    "preprocessing",
    "network",
    "init",
    "activation",
    "norm",
    "depth",
    "width",
    "optimizer",
    "lr_per_example",
    "epochs",
    "batch_size",
]


@oracle(*DISCREPANCY[:-1], "evidence", "batch_size")
def lecture_14_regularization(tables: Tables, dataset: str | None, selection: int) -> Rows:
    rows = with_spec(
        where(tables.quantities, study="discrepancy", dataset=dataset), lr_per_example="lr_per_example", epochs="epochs"
    )
    paired = {}
    for key, own in groups(rows, *DISCREPANCY, "seed"):
        right = largest(own, "mode_accuracy", part="running statistics")
        told = (largest(own, "loss_gap"), largest(own, "accuracy_on_train"), right)
        paired[tuple(key[name] for name in (*DISCREPANCY, "seed"))] = told
    norms = DISCREPANCY.index("norm")
    found: dict[tuple, list] = {}
    for key, normed in paired.items():
        plain = paired.get((*key[:norms], "none", *key[norms + 1 :]))
        if key[norms] != "none" and plain is not None:
            found.setdefault((*key[:-1], evidence(key[-1], selection)), []).append((*plain, *normed))
    for key, seeds in found.items():
        sound = [one for one in seeds if math.isfinite(one[0]) and math.isfinite(one[3])]
        without, norm = [one[0] for one in sound], [one[3] for one in sound]
        saved = [a - b for a, b in zip(without, norm, strict=False)]
        yield {
            **dict(zip((*DISCREPANCY, "evidence"), key, strict=True)),
            "seeds": len(sound),
            "left_out": len(seeds) - len(sound),
            "loss_gap_without": mean(without),
            "loss_gap_without_margin": margin(without),
            "loss_gap_with": mean(norm),
            "loss_gap_with_margin": margin(norm),
            "saved": mean(saved),
            "saved_margin": margin(saved),
            "seeds_that_save": sum(one > 0 for one in saved),
            "train_accuracy_without": mean(one[1] for one in sound),
            "train_accuracy_with": mean(one[4] for one in sound),
            **_gained("train", [(one[1], one[4]) for one in sound]),
            "test_accuracy_without": mean(one[2] for one in sound),
            "test_accuracy_with": mean(one[5] for one in sound),
            **_gained("test", [(one[2], one[5]) for one in sound]),
        }


def _gained(name: str, pairs: list[tuple]) -> dict:
    gain = [normed - plain for plain, normed in pairs if None not in (plain, normed)]
    return {f"{name}_gain": mean(gain), f"{name}_gain_margin": margin(gain)}


@oracle(*SHAPE, "batch_size", "optimizer", "lr", "steps")
def lecture_15_folding(tables: Tables) -> Rows:
    for key, rows in groups(
        where(tables.quantities, study="folding"), *SHAPE, "batch_size", "optimizer", "lr", "steps"
    ):
        seeds = [own for _, own in groups(rows, "seed")]
        difference = [largest(own, "fold_difference") for own in seeds]
        times = {
            part: [largest(own, "forward_time", part=part) for own in seeds]
            for part in ("unfolded", "folded", "without batch norm")
        }
        ratios = {
            part: [a / b for a, b in zip(times[part], times["without batch norm"], strict=False)]
            for part in ("folded", "unfolded")
        }
        yield {
            **key,
            "seeds": len(seeds),
            "left_out": len(seeds) - len(finite(difference)),
            "difference": highest(finite(difference)),
            "unfolded_ms": 1e3 * median(times["unfolded"]),
            "folded_ms": 1e3 * median(times["folded"]),
            "without_ms": 1e3 * median(times["without batch norm"]),
            "folded_to_without": mean(ratios["folded"]),
            "folded_to_without_margin": margin(ratios["folded"]),
            "unfolded_to_without": mean(ratios["unfolded"]),
            "unfolded_to_without_margin": margin(ratios["unfolded"]),
        }


@oracle(*DISCREPANCY)
def lecture_16_train_and_test(tables: Tables, dataset: str | None) -> Rows:
    chosen = with_spec(
        where(tables.quantities, study="discrepancy", dataset=dataset), lr_per_example="lr_per_example", epochs="epochs"
    )
    for key, rows in groups(chosen[chosen["norm"] != "none"], *DISCREPANCY):
        seeds = [own for _, own in groups(rows, "seed")]
        sound = [own for own in seeds if own["status"].iloc[0] != "diverged"]
        right = [largest(own, part="running statistics") for own in sound]
        wrong = [largest(own, part="batch statistics") for own in sound]
        cost = [a - b for a, b in zip(right, wrong, strict=False)]
        by_class = [largest(own, part="batch statistics, sorted") for own in sound]
        sorted_cost = [a - b for a, b in zip(right, by_class, strict=True) if None not in (a, b)]
        yield {
            **key,
            "seeds": len(sound),
            "left_out": len(seeds) - len(sound),
            "right_mode": mean(right),
            "right_mode_margin": margin(right),
            "wrong_mode": mean(wrong),
            "wrong_mode_margin": margin(wrong),
            "cost": mean(cost),
            "cost_margin": margin(cost),
            "sorted_cost": mean(sorted_cost),
            "sorted_cost_margin": margin(sorted_cost),
            "sorted": mean(by_class),
            "spoilt": mean(largest(own, part="running statistics, spoilt") for own in sound),
            **{name: mean(_rms(own, name) for own in sound) for name in ("mean_distance", "std_distance")},
            "sampling_distance": key["batch_size"] ** -0.5,
        }


def _rms(rows: pd.DataFrame, quantity: str) -> float:
    return mean(value**2 for value in where(rows, quantity=quantity)["value"]) ** 0.5


TRANSFER = [
    *(
        "source",
        "source_steps",
        "source_lr",
        "dataset",
        "preprocessing",
        "network",
        "init",
        "activation",
        "norm",
        "depth",
        "width",
    ),
    *("batch_size", "optimizer", "lr", "steps"),
]


def evidence(seed: int, selection: int) -> str:
    """Tells what the seeds below a first one were for, and what the others."""
    return "selection" if seed < selection else "confirmation"


@oracle(*TRANSFER, "evidence", "per_class", "images", "scheme")
def lecture_17_transfer(tables: Tables, dataset: str | None, selection: int) -> Rows:
    rows = with_spec(
        where(tables.quantities, quantity="transfer_accuracy", dataset=dataset),
        source="source.name",
        source_steps="source_steps",
        source_lr="source_lr",
        per_class="per_class",
    )
    rows = rows.assign(evidence=[evidence(seed, selection) for seed in rows["seed"]])
    scratch = {
        tuple(row[name] for name in (*TRANSFER, "per_class", "seed")): row["value"]
        for row in where(rows, part="scratch").to_dict("records")
    }
    for key, own in groups(rows, *TRANSFER, "evidence", "per_class", "position", "part"):
        accuracy, gain = finite(own["value"]), []
        for row in own.to_dict("records"):
            base = scratch.get(tuple(row[name] for name in (*TRANSFER, "per_class", "seed")))
            gain += [row["value"] - base] if len(finite([row["value"], base])) == 2 else []
        yield {
            **{name: key[name] for name in TRANSFER},
            "evidence": key["evidence"],
            "per_class": key["per_class"],
            "images": int(key["position"]),
            "scheme": key["part"],
            "seeds": len(accuracy),
            "left_out": len(own) - len(accuracy),
            "accuracy": mean(accuracy),
            "accuracy_margin": margin(accuracy),
            "gain": mean(gain),
            "gain_margin": margin(gain),
            "seeds_that_gain": sum(one > 0 for one in gain),
        }
