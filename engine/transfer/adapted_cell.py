"""What both kinds of transfer have in common: a network that is adapted to a small target set."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.cell import BATCHED, Cell, OptimizerAxis, PreprocessingAxis, Rate, Steps
from goldilocks.engine.optimizers.momentum import Momentum
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.transfer.schemes import SchemeName
from goldilocks.engine.transfer.target_sets import images_per_class, shortage


class AdaptedCell(Cell):
    """One network that is adapted to one target set; where its pretrained weights are from, each study says."""

    scheme: SchemeName
    per_class: Annotated[int, Field(strict=True, ge=1, le=1_000_000), BATCHED]
    preprocessing: PreprocessingAxis = Raw()
    optimizer: OptimizerAxis = Momentum()
    lr: Annotated[Rate, BATCHED]
    steps: Steps

    @property
    def images(self) -> int:
        """Number of images of each class, where the target set has fewer than `per_class`."""
        return images_per_class(self.dataset, self.per_class)


def _about_shortage(cell: AdaptedCell) -> str | None:
    return shortage(cell.dataset, cell.per_class)


AdaptedCell.notes = (*Cell.notes, _about_shortage)
