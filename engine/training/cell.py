"""The configuration of a training run; other studies that train build on it."""

from typing import Annotated

from goldilocks.engine.cell import BATCHED, Cell, OptimizerAxis, PreprocessingAxis, Rate, Steps
from goldilocks.engine.data.base import datasets
from goldilocks.engine.optimizers.sgd import Sgd
from goldilocks.engine.preprocessings.standardize import Standardize


class TrainingCell(Cell):
    """A network trained on a classification data set."""

    study = "training"

    preprocessing: PreprocessingAxis = Standardize()
    optimizer: OptimizerAxis = Sgd()
    lr: Annotated[Rate, BATCHED]
    steps: Steps


def _lacks_labels(cell: TrainingCell) -> str | None:
    if not cell.dataset.classes:
        labelled = [member.name for member in datasets if member.classes]
        return f"dataset = {cell.dataset}: it has no labels to train on. Allowed: {', '.join(labelled)}"
    return None


TrainingCell.rules = (_lacks_labels, *Cell.rules)
