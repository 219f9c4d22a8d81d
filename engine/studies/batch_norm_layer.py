"""Batch norm as a layer: what its γ and β become while a network trains, and whether it can be the identity."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.card import Card
from goldilocks.engine.cell import NormAxis
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import Cost
from goldilocks.engine.measurements import BatchMeasurements
from goldilocks.engine.normalizations.base import Normalization, Scale
from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.cost import TYPICAL_SHARE, training_cost
from goldilocks.engine.training.instrumented import measured, watched
from goldilocks.engine.training.trainer import Trainer

LETTERS = {"gamma": "γ", "beta": "β"}
QUANTILES = {"low": 0.05, "median": 0.5, "high": 0.95}
STATISTICS = {"mean": "Mean", "std": "Standard deviation", **{k: f"{q:.0%} quantile" for k, q in QUANTILES.items()}}


class BatchNormLayerCell(TrainingCell):
    """A network with batch norm whose γ and β are watched while it trains."""

    study = "batch_norm_layer"

    norm: NormAxis = BatchNorm()


def _lacks_batch_norm(cell: BatchNormLayerCell) -> str | None:
    if not (cell.norm.tracks and cell.norm.learnable and cell.norm.shifts):
        return f"norm = {cell.norm}: γ and β of batch norm are what this study watches. Allowed: batch"
    return None


BatchNormLayerCell.rules = (_lacks_batch_norm, *TrainingCell.rules)


@studies.register
class BatchNormLayer(Study[BatchNormLayerCell]):
    """γ and β of every layer over training."""

    name = "batch_norm_layer"
    cell = BatchNormLayerCell
    typical_share = TYPICAL_SHARE
    card = Card(
        "Batch norm as a layer",
        "y = γ·(z − E[z])/√(Var[z] + eps) + β: γ and β after k updates; y − z for γ = √(Var[z] + eps), β = E[z]",
        "Ioffe & Szegedy 2015; CS231n 2021, lecture 7",
        notes="The identity is tried after training, on what enters each normalization for the first minibatch.",
    )
    quantities = (
        *(
            Quantity(
                f"{name}_{statistic}",
                f"{letter}, {meaning.lower()}",
                f"{meaning} of {letter} over the units of a layer.",
                position="Updates",
            )
            for name, letter in LETTERS.items()
            for statistic, meaning in STATISTICS.items()
        ),
        Quantity(
            "identity_error",
            "Deviation from the identity",
            "Largest |y − z| in a minibatch divided by the largest |z|, for γ = √(Var[z] + eps) and β = E[z].",
            better="lower",
            decides=False,
        ),
    )

    def group_key(self, cell: BatchNormLayerCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[BatchNormLayerCell], device: torch.device) -> Cost:
        return training_cost(cells, device)

    def run(self, cells: Sequence[BatchNormLayerCell], device: torch.device, progress: Progress) -> Outcome:
        ids = [cell.cell_id for cell in cells]
        table, steps = measured(cells, ids, device, progress, _watch)
        return Outcome(ids, {"measurements": table}, steps)


def _watch(trainer: Trainer, rows: BatchMeasurements, progress: Progress) -> list[int | None]:
    def look(step: int) -> None:
        for number, layer in enumerate(trainer.model.hidden, 1):
            assert layer.scale is not None
            for name, values in zip(LETTERS, layer.scale.tensors(), strict=True):
                for statistic, value in _statistics(values).items():
                    rows.add(f"{name}_{statistic}", value, step, f"layer {number}")

    updates = watched(trainer, progress, look)
    for number, error in enumerate(_identity_errors(trainer), 1):
        rows.add("identity_error", error, None, f"layer {number}")
    return updates


def _statistics(values: Tensor) -> dict[str, Tensor]:
    """Return each of STATISTICS `[config]` of values `[config, 1, unit]`."""
    flat = values.flatten(1)
    levels = torch.tensor(list(QUANTILES.values()), device=flat.device)
    quantiles = dict(zip(QUANTILES, torch.quantile(flat, levels, dim=1), strict=True))
    return {"mean": flat.mean(1), "std": flat.std(1, correction=0), **quantiles}


class _Probe:
    """Stands in for a normalization during one forward pass, and tries whether it can be the identity.

    Args:
        norm: the normalization.
        errors: where the deviation `[config]` is put.
    """

    def __init__(self, norm: Normalization, errors: list[Tensor]):
        self._norm, self._errors = norm, errors

    def forward(self, z: Tensor, scale: Scale | None, running: None) -> tuple[Tensor, Any]:
        self._errors.append(identity_error(self._norm, z))
        return self._norm.forward(z, scale, running)


def identity_error(norm: Normalization, z: Tensor) -> Tensor:
    """Return how far a batch norm is from the identity with γ = √(Var z + eps), β = E z `[config]`.

    max |y − z| / max |z|

    Args:
        norm: a batch norm.
        z: what it normalizes `[config, batch, unit]`.
    """
    variance = z.var(BATCH, correction=0, keepdim=True)
    scale = Scale((variance + norm.variance_offset).sqrt(), z.mean(BATCH, keepdim=True))
    y, _ = norm.forward(z.clone(), scale, None)
    return (y - z).flatten(1).abs().amax(1) / z.flatten(1).abs().amax(1)


def _identity_errors(trainer: Trainer) -> list[Tensor]:
    errors: list[Tensor] = []
    layers = [
        replace(layer, norm=_Probe(layer.norm, errors), running=None)  # type: ignore[arg-type]
        for layer in trainer.model.hidden
    ]
    trainer.network.forward(layers, trainer.minibatch(0)[0])
    return errors
