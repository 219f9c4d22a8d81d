"""The study of the networks that transfer starts from: their accuracy, and the filters of their first layer."""

from collections.abc import Sequence
from typing import Any

import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import Cost
from goldilocks.engine.initial import initialize
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.cost import training_cost
from goldilocks.engine.training.evaluation import Evaluation
from goldilocks.engine.training.trainer import Trainer
from goldilocks.engine.transfer.source_networks import SourceCell, source_networks


@studies.register
class TransferSource(Study[SourceCell]):
    """Source networks, and the filters of their first layer."""

    name = "transfer_source"
    cell = SourceCell
    typical_share = 0.2
    card = Card(
        "Source networks for transfer",
        "minibatch gradient descent on softmax cross-entropy, once for each seed",
        "CS231n 2021, lecture 7; Yosinski et al. 2014",
        notes="The weights are kept as safetensors in the folder of data sets and verified when read.",
    )
    quantities = (
        Quantity(
            "source_accuracy",
            "Test accuracy on the source classes",
            "Share of correct predictions on the test split of the source set, in evaluation mode, after training.",
            better="higher",
        ),
        Quantity(
            "source_filter",
            "Weight",
            "Weights of a unit of the first layer after training; of a convolution row by row, within each position by "
            "channel.",
            position="Place in the filter",
        ),
        Quantity(
            "source_filter_before",
            "Weight before training",
            "The same weights before training.",
            position="Place in the filter",
        ),
    )

    def group_key(self, cell: SourceCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[SourceCell], device: torch.device) -> Cost:
        return training_cost(cells, device)

    def run(self, cells: Sequence[SourceCell], device: torch.device, progress: Progress) -> Outcome:
        trained = source_networks(cells, device, progress)
        before = initialize(cells, cells[0].dataset.classes, device)
        trainer = Trainer(cells, device)
        rows = Measurements()
        accuracy = Evaluation(trainer.network, trained).with_running(trainer.test_x, trainer.test_y).correct.tolist()
        for number, cell in enumerate(cells):
            rows.add(cell.cell_id, "source_accuracy", accuracy[number])
            for quantity, model in (("source_filter", trained), ("source_filter_before", before)):
                for unit, weights in enumerate(model.hidden[0].affine.weight[number].T.tolist(), 1):
                    for place, weight in enumerate(weights):
                        rows.add(cell.cell_id, quantity, weight, place, f"unit {unit}")
        return Outcome([cell.cell_id for cell in cells], {"measurements": rows.table()})
