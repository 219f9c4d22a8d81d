"""The study of training: curves of classifiers, with the loss that theory expects at the start."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.cost import Cost
from goldilocks.engine.data.base import prepared
from goldilocks.engine.predictions.cells import predicted_first_loss
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.cost import TYPICAL_SHARE, training_cost
from goldilocks.engine.training.curves import Curves
from goldilocks.engine.training.trainer import Trainer


@studies.register
class Training(Study[TrainingCell]):
    """Training curves of classifiers."""

    name = "training"
    cell = TrainingCell
    typical_share = TYPICAL_SHARE
    card = Card(
        "Training",
        "minibatch gradient descent on softmax cross-entropy; evaluation on the whole test split",
        "CS231n 2021, lecture 7",
        notes="Minibatches are consecutive pieces of endless reshuffling, their order a function of data set and seed.",
    )

    def group_key(self, cell: TrainingCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[TrainingCell], device: torch.device) -> Cost:
        return training_cost(cells, device)

    def run(self, cells: Sequence[TrainingCell], device: torch.device, progress: Progress) -> Outcome:
        def train(chunk: Sequence[TrainingCell], progress: Progress) -> Curves:
            return Trainer(chunk, device).train(progress)

        parts = chunks(cells, device)
        curves = side_by_side(train, parts, progress)
        tables = [pa.table(c.rows([cell.cell_id for cell in part])) for c, part in zip(curves, parts, strict=True)]
        updates = [made for c in curves for made in c.divergence.updates()]
        split = prepared(cells[0].dataset, cells[0].preprocessing)
        chance = float(np.bincount(split.test_y).max() / len(split.test_y))
        losses = [predicted_first_loss(cell) for cell in cells]
        ids = [cell.cell_id for cell in cells]
        return Outcome(ids, {"curves": pa.concat_tables(tables)}, updates, chance=chance, first_losses=losses)
