"""No cost at test time: a batch norm folded into the layer before it, against the same network with it and without."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.cell import NormAxis
from goldilocks.engine.cores import Progress, kernel_threads
from goldilocks.engine.cost import Cost
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.networks import HiddenLayer
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.folding import fold
from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.normalizations.none import NoNormalization
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.cost import training_cost
from goldilocks.engine.training.instrumented import watched
from goldilocks.engine.training.trainer import Trainer

CPU = torch.device("cpu")
KINDS = UNFOLDED, FOLDED, FREE = "unfolded", "folded", "without batch norm"
# Forward passes of each kind. They take turns, so that whatever else the machine does meets all of them.
ROUNDS, WARM_UP = 30, 3
SHARE_OF_TRAINING = 0.5


class FoldingCell(TrainingCell):
    """A briefly trained network with batch norm that is then folded; batch_size counts the examples of both."""

    study = "folding"

    norm: NormAxis = BatchNorm()


def _cannot_be_folded(cell: FoldingCell) -> str | None:
    if not cell.norm.tracks:
        return f"norm = {cell.norm}: this study folds a batch norm. Allowed: batch"
    if cell.network.order[:2] != ("affine", "norm"):
        return f"network = {cell.network}: its norm does not follow an affine map directly, so it cannot be folded"
    if cell.batch_size > cell.dataset.test_size:
        return f"batch_size = {cell.batch_size}: {cell.dataset} has {cell.dataset.test_size} test examples"
    return None


FoldingCell.rules = (_cannot_be_folded, *TrainingCell.rules)


@studies.register
class Folding(Study[FoldingCell]):
    """Folded and unfolded networks: how much they differ, and what they cost."""

    name = "folding"
    cell = FoldingCell
    typical_share = 0.1
    card = Card(
        "Folding batch norm",
        "s = γ/√(running variance + eps), W' = W·s, b' = (b − running mean)·s + β",
        "Ioffe & Szegedy 2015, section 3.1; Jacob et al. 2018, section 3.2",
        notes="Times are medians of forward passes of one network in evaluation mode, on one core of a CPU; the three "
        "kinds take turns. They are valid for one machine and its load at the time.",
    )
    quantities = (
        Quantity(
            "fold_difference",
            "Folded against unfolded",
            "Largest difference of a logit between the folded and the unfolded network, divided by the largest logit.",
            better="lower",
        ),
        Quantity(
            "forward_time",
            "Time of a forward pass",
            "Median time of one network's forward pass over a batch of test examples: with its batch norms, with them "
            "folded, and without any.",
            "s",
            "lower",
        ),
    )

    def group_key(self, cell: FoldingCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[FoldingCell], device: torch.device) -> Cost:
        first = cells[0]
        products = sum(shape.products for shape in (*first.shapes, first.readout))
        passes = 3 * first.steps + len(KINDS) * (WARM_UP + ROUNDS)
        return Cost(2.0 * len(cells) * products * first.batch_size * passes, training_cost(cells, device).bytes)

    def run(self, cells: Sequence[FoldingCell], device: torch.device, progress: Progress) -> Outcome:
        rows = Measurements()
        # One core: threads that wait for each other would be what is measured.
        with kernel_threads(1):
            trainer = Trainer(cells, device)
            updates = watched(trainer, lambda share: progress(SHARE_OF_TRAINING * share))
            for number, cell in enumerate(cells, 1):
                _measure(trainer, number - 1, cell.cell_id, rows)
                progress(SHARE_OF_TRAINING + (1 - SHARE_OF_TRAINING) * number / len(cells))
        return Outcome([cell.cell_id for cell in cells], {"measurements": rows.table()}, updates)


def _measure(trainer: Trainer, number: int, cell_id: str, rows: Measurements) -> None:
    """Compare and time the network of one configuration, on a CPU, wherever it was trained."""
    model = trainer.model.select(slice(number, number + 1)).to(CPU)
    x = trainer.test_x[None, : trainer.first.batch_size].to(CPU)
    kinds = {UNFOLDED: model.hidden, FOLDED: fold(model.hidden), FREE: [_without(layer) for layer in model.hidden]}

    def forward(layers: Sequence[HiddenLayer[BatchedAffine]]) -> Tensor:
        return model.readout.forward(trainer.network.evaluate(layers, x))

    unfolded, folded = forward(kinds[UNFOLDED]), forward(kinds[FOLDED])
    largest = unfolded.abs().max().clamp_min(torch.finfo(unfolded.dtype).tiny)
    rows.add(cell_id, "fold_difference", ((folded - unfolded).abs().max() / largest).item())
    for kind, seconds in forward_times({kind: partial(forward, layers) for kind, layers in kinds.items()}).items():
        rows.add(cell_id, "forward_time", seconds, part=kind)


def _without(layer: HiddenLayer[BatchedAffine]) -> HiddenLayer[BatchedAffine]:
    """Return a layer of the same size without normalization, with a bias instead."""
    assert layer.running is not None
    bias = torch.zeros_like(layer.running.mean)
    affine = replace(layer.affine, bias=bias)
    return replace(layer, affine=affine, norm=NoNormalization(), scale=None, running=None)


def forward_times(passes: Mapping[str, Callable[[], Tensor]]) -> dict[str, float]:
    """Return the median time of each forward pass in seconds, taken in turns.

    Args:
        passes: what is timed, by name.
    """
    times: dict[str, list[float]] = {name: [] for name in passes}
    for turn in range(WARM_UP + ROUNDS):
        for name, forward in passes.items():
            start = time.perf_counter()
            forward()
            if turn >= WARM_UP:
                times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}
