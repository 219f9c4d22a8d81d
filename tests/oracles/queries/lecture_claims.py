"""Oracles of the claims that were stated before the seeds that confirm them were looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.oracles.queries.lecture_studies import DISCREPANCY, TRANSFER, evidence, with_spec
from tests.oracles.queries.numbers import finite, margin, mean
from tests.oracles.queries.quantities import largest
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import AXES, Tables, groups, where

# What a network is of whose gaps or accuracies are compared.
GAP = [name for name in DISCREPANCY if name != "batch_size"]
SETTING = [name for name in TRANSFER if name != "dataset"]
Seeds = dict[tuple, list[dict[int, float]]]


def judged(names: list[str], seeds: Seeds, claims: dict[int, str], thresholds: dict[int, float] | None = None) -> Rows:
    """Yields a row per group of seeds and claim: the mean of the differences, its margin, and what follows."""
    for key, found in seeds.items():
        for number, claim in claims.items():
            values = [differences[number] for differences in found if number in differences]
            if not values:
                continue
            center, half = mean(values), margin(values)
            threshold = (thresholds or {}).get(number, 0.0)
            certain = center is not None and half is not None
            yield {
                **dict(zip((*names, "evidence"), key, strict=True)),
                "number": number,
                "claim": claim,
                "seeds": len(values),
                "mean": center,
                "margin": half,
                "threshold": threshold,
                "seeds_that_agree": sum(value > threshold for value in values),
                "verdict": "holds"
                if certain and center - half > threshold
                else "does not hold"
                if certain and center + half <= threshold
                else "undecided",
            }


def _known(differences: dict[int, Iterable[Any]]) -> dict[int, float]:
    """Returns signed sums of numbers all of which are known: `(a, b)` is a - b, `(a, b, c, d)` is (a - b) - (c - d)."""
    signs = (1, -1, -1, 1)
    return {
        number: sum(sign * value for sign, value in zip(signs, values, strict=False))
        for number, values in ((number, list(values)) for number, values in differences.items())
        if len(finite(values)) == len(values)
    }


@oracle(*GAP, "evidence", "number")
def lecture_14_claims(tables: Tables, small: int, medium: int, large: int, selection: int) -> Rows:
    rows = with_spec(
        where(tables.quantities, study="discrepancy", quantity="loss_gap"),
        lr_per_example="lr_per_example",
        epochs="epochs",
    )
    gaps = {tuple(key.values()): largest(own) for key, own in groups(rows, *GAP, "seed", "batch_size")}
    norm, seeds = GAP.index("norm"), {}
    for *setting, seed in dict.fromkeys(key[:-1] for key in gaps if key[norm] != "none"):
        plain_setting = [*setting[:norm], "none", *setting[norm + 1 :]]
        # A gap counts where the same seed has it with and without.
        pairs = {
            size: (gaps.get((*plain_setting, seed, size)), gaps.get((*setting, seed, size)))
            for size in (small, medium, large)
        }
        plain, normed = (
            {size: pair[one] if None not in pair else None for size, pair in pairs.items()} for one in (0, 1)
        )
        differences = _known(
            {
                1: (plain[small], normed[small]),
                2: (plain[medium], normed[medium]),
                3: (normed[large], normed[small]),
                4: (normed[large], normed[small], plain[large], plain[small]),
            }
        )
        seeds.setdefault((*setting, evidence(seed, selection)), []).append(differences)
    claims = {
        1: f"the gap is smaller with batch norm, in batches of {small}",
        2: f"the gap is smaller with batch norm, in batches of {medium}",
        3: f"with batch norm the gap grows from batches of {small} to {large}",
        4: "it grows more than without batch norm",
    }
    return judged(GAP, seeds, claims)


@oracle(*SETTING, "evidence", "number")
def lecture_17_claims(
    tables: Tables, similar: str, dissimilar: str, small: int, large: int, loss: float, selection: int
) -> Rows:
    rows = with_spec(
        where(tables.quantities, quantity="transfer_accuracy"),
        source="source.name",
        source_steps="source_steps",
        source_lr="source_lr",
        per_class="per_class",
    )
    rows = rows[rows["dataset"].isin([similar, dissimilar])]
    seeds: Seeds = {}
    for key, own in groups(rows, *SETTING, "seed"):
        accuracy = {(row["dataset"], row["per_class"], row["part"]): row["value"] for row in own.to_dict("records")}
        few, many = ({scheme: accuracy.get((similar, count, scheme)) for scheme in SCHEMES} for count in (small, large))
        few_apart, apart = (
            {scheme: accuracy.get((dissimilar, count, scheme)) for scheme in SCHEMES} for count in (small, large)
        )
        differences = _known(
            {
                1: (few["last_layer"], few["scratch"]),
                2: (few["fine_tune"], few["scratch"]),
                3: (few["fine_tune"], few["scratch"], few_apart["fine_tune"], few_apart["scratch"]),
                4: (many["dense_layers"], many["last_layer"]),
                5: (apart["dense_layers"], apart["last_layer"]),
                6: (many["last_layer"], many["scratch"], apart["last_layer"], apart["scratch"]),
                7: (apart["dense_layers"], apart["scratch"]),
            }
        )
        setting = tuple(key[name] for name in SETTING)
        seeds.setdefault((*setting, evidence(key["seed"], selection)), []).append(differences)
    claims = {
        1: f"with {small} similar images per class, a new last layer on frozen ones beats scratch",
        2: f"with {small} similar images per class, fine-tuning beats scratch",
        3: "fine-tuning gains more on a similar target than on a dissimilar one",
        4: f"with {large} similar images per class, new dense layers beat a new last layer",
        5: f"with {large} dissimilar images per class, new dense layers beat a new last layer",
        6: "high layers are specific: all frozen loses more on a dissimilar target",
        7: f"low layers are general: frozen convolutions lose less than {loss} on a dissimilar target",
    }
    return judged(SETTING, seeds, claims, {7: -loss})


SCHEMES = ("scratch", "last_layer", "dense_layers", "fine_tune")
# Rates and numbers of updates are averaged over.
PRETRAINED = [*AXES, "optimizer"]


@oracle(*PRETRAINED, "evidence", "number")
def lecture_17_pretrained(tables: Tables, small: int, large: int, selection: int) -> Rows:
    rows = with_spec(where(tables.quantities, quantity="backbone_accuracy"), per_class="per_class")
    seeds: Seeds = {}
    for key, own in groups(rows, *PRETRAINED, "seed"):
        accuracy = {
            (of["per_class"], of["part"]): mean(finite(values["value"]))
            for of, values in groups(own, "per_class", "part")
        }
        few, many = ({scheme: accuracy.get((count, scheme)) for scheme in SCHEMES} for count in (small, large))
        differences = _known(
            {
                1: (few["last_layer"], few["scratch"]),
                2: (few["last_layer"], few["fine_tune"]),
                3: (many["fine_tune"], many["last_layer"]),
                4: (many["fine_tune"], many["scratch"]),
                5: (many["fine_tune"], many["last_layer"], few["fine_tune"], few["last_layer"]),
            }
        )
        setting = tuple(key[name] for name in PRETRAINED)
        seeds.setdefault((*setting, evidence(key["seed"], selection)), []).append(differences)
    claims = {
        1: f"with {small} images per class, a new last layer on frozen ones beats scratch",
        2: f"with {small} images per class, a new last layer on frozen ones beats fine-tuning",
        3: f"with {large} images per class, fine-tuning beats a new last layer",
        4: f"with {large} images per class, fine-tuning beats scratch",
        5: "the more images, the more is gained by fine-tuning over a new last layer",
    }
    return judged(PRETRAINED, seeds, claims)
