"""A backbone of the user's, and what is done with it."""

from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, Field

from goldilocks.engine.cell import BATCHED, Cell, OptimizerAxis, PreprocessingAxis, Rate, Steps
from goldilocks.engine.networks.backbone import Backbone
from goldilocks.engine.networks.backbone_trial import without_scheme
from goldilocks.engine.optimizers.momentum import Momentum
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.transfer.schemes import SchemeName
from goldilocks.engine.transfer.target_sets import images_per_class, shortage


class BackboneCell(Cell):
    """A backbone that is adapted to one target set; depth and width are those of the new fully connected layers."""

    study = "backbone_transfer"

    network: Annotated[Backbone, BeforeValidator(Backbone.parse)]
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


def _backbone_refuses(cell: BackboneCell) -> str | None:
    if not cell.dataset.classes or not cell.dataset.image:
        return f"dataset = {cell.dataset}: a backbone wants labelled images"
    if cell.preprocessing != Raw() or not cell.norm.absent:
        return f"preprocessing = {cell.preprocessing}, norm = {cell.norm}: a backbone has its own. Allowed: raw, none"
    if cell.scheme == "scratch" and (reason := _without_scheme(cell.network)):
        return f"scheme = scratch: {reason}. Leave scratch out of the grid's schemes"
    if cell.init.data_dependent:
        return f"init = {cell.init}: it depends on the data, which frozen layers would not have seen"
    return None


def _about_shortage(cell: BackboneCell) -> str | None:
    return shortage(cell.dataset, cell.per_class)


BackboneCell.rules = (_backbone_refuses, *Cell.rules)
BackboneCell.notes = (*Cell.notes, _about_shortage)


@lru_cache
def _without_scheme(network: Backbone) -> str | None:
    return without_scheme(network.module())
