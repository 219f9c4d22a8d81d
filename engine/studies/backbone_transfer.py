"""Transfer from a backbone of the user's own: the four schemes of the study `transfer`, with its pretrained weights."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from goldilocks.engine.card import Card
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import FLOAT_BYTES, Cost
from goldilocks.engine.data import Dataset
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.networks.backbone import Backbone
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.curves import logged_steps
from goldilocks.engine.transfer.accuracy import accuracy_quantities, add_accuracy, part_of
from goldilocks.engine.transfer.backbone_cell import BackboneCell
from goldilocks.engine.transfer.backbone_trainer import FROZEN, ROWS, BackboneTrainer, Seen, intervals
from goldilocks.engine.transfer.schemes import LOWER_RATE


@studies.register
class BackboneTransfer(Study[BackboneCell]):
    """Accuracy on a target set by scheme and by number of images, from pretrained weights of the user's."""

    name = "backbone_transfer"
    cell = BackboneCell
    typical_share = 0.2
    card = Card(
        "Transfer from your own backbone",
        "scratch: all new · last_layer: all frozen but a new read-out · dense_layers: all frozen below depth new fully "
        f"connected layers · fine_tune: a new read-out, the other layers at {LOWER_RATE:g} times the rate",
        "CS231n 2021, lecture 7; Yosinski et al. 2014",
        notes="In plain PyTorch, one network after the other. Frozen layers are in evaluation mode.",
    )
    quantities = (
        *accuracy_quantities("backbone"),
        Quantity(
            "backbone_shift",
            "Distance moved / pretrained norm",
            "‖W − W_pretrained‖ / ‖W_pretrained‖ of a weight array of the backbone after the last update.",
            position="Weight array, in the module's order",
            decides=False,
        ),
    )

    def group_key(self, cell: BackboneCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[BackboneCell], device: torch.device) -> Cost:
        first = cells[0]
        evaluations = len(logged_steps(first.steps, intervals(first)))
        passed = first.dataset.test_size * (1 if first.scheme in FROZEN else evaluations)
        trained = 0 if first.scheme in FROZEN else 3 * first.batch_size * first.steps
        flops, entries = _one_example(first.network, first.dataset)
        return Cost(len(cells) * flops * (passed + trained), FLOAT_BYTES * entries * max(ROWS, first.batch_size))

    def run(self, cells: Sequence[BackboneCell], device: torch.device, progress: Progress) -> Outcome:
        data = Seen.by(cells, device)
        rows, updates = Measurements(), []
        for number, cell in enumerate(cells):
            trainer = BackboneTrainer(cell, data, device)
            curves = trainer.train(partial(_tell, progress, number, len(cells)))
            add_accuracy(rows, "backbone", cell, curves.logged, curves.values["test_accuracy"][:, 0].tolist())
            for array, shift in enumerate(trainer.shifts(), 1):
                rows.add(cell.cell_id, "backbone_shift", shift, array, part_of(cell))
            updates += curves.divergence.updates()
        return Outcome([cell.cell_id for cell in cells], {"measurements": rows.table()}, updates)


def _tell(progress: Progress, done: int, cells: int, share: float) -> None:
    progress((done + share) / cells)


@lru_cache
def _one_example(network: Backbone, dataset: Dataset) -> tuple[float, float]:
    """Return the operations of one example's forward pass, and the numbers it leaves behind for the way back."""
    entries = 0

    def count(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal entries
        entries += output.numel() if isinstance(output, Tensor) and not list(module.children()) else 0

    module = network.module().eval()
    for part in module.modules():
        part.register_forward_hook(count)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        module(network.images(torch.zeros(1, dataset.features or 0), dataset))
    return float(counter.get_total_flops()), float(entries)
