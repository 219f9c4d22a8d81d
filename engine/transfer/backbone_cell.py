"""A backbone of the user's, and what is done with it."""

from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator

from goldilocks.engine.networks.backbone import Backbone
from goldilocks.engine.networks.backbone_trial import without_scheme
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.transfer.adapted_cell import AdaptedCell


class BackboneCell(AdaptedCell):
    """A backbone that is adapted to one target set; depth and width are those of the new fully connected layers."""

    study = "backbone_transfer"

    network: Annotated[Backbone, BeforeValidator(Backbone.parse)]


def _backbone_refuses(cell: BackboneCell) -> str | None:
    if not cell.dataset.classes or not cell.dataset.image:
        return f"dataset = {cell.dataset}: a backbone needs labelled images"
    if cell.preprocessing != Raw() or not cell.norm.absent:
        return f"preprocessing = {cell.preprocessing}, norm = {cell.norm}: a backbone has its own. Allowed: raw, none"
    if cell.scheme == "scratch" and (reason := _without_scheme(cell.network)):
        return f"scheme = scratch: {reason}. Leave scratch out of the grid's schemes"
    if cell.init.data_dependent:
        return f"init = {cell.init}: it depends on the data, which frozen layers would not have seen"
    return None


BackboneCell.rules = (_backbone_refuses, *AdaptedCell.rules)


@lru_cache
def _without_scheme(network: Backbone) -> str | None:
    return without_scheme(network.module())
