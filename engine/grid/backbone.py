"""A grid with a backbone of the user's beside its own networks: every cell of the study `transfer` once more."""

from dataclasses import replace

from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.networks.backbone import Backbone
from goldilocks.engine.transfer.backbone_cell import BackboneCell
from goldilocks.engine.transfer.cell import TransferCell


def with_backbone(grid: Grid, factory: str) -> Grid:
    """Return the grid and, for each of its cells of `transfer`, the cell that does the same from a backbone.

    A grid whose cells name the backbone themselves, and have none of `transfer`, is returned as it is.

    Args:
        grid: the grid.
        factory: `package.module:function`, which returns an `nn.Module` with pretrained weights; it has to be `named`.

    Raises:
        RequestError: the backbone cannot be made, or the grid has no such cells, or one that a backbone refuses.
    """
    backbone = Backbone.parse(factory)
    given = [cell for cell in grid.cells if isinstance(cell, TransferCell)]
    if not given and any(isinstance(cell, BackboneCell) and cell.network == backbone for cell in grid.cells):
        return grid
    if not given:
        raise RequestError(f"{grid.name}: it has no cells of kind = 'transfer' that a backbone could be used for")
    added = {cell.cell_id: cell for cell in (_from(backbone, cell) for cell in given)}
    for cell in added.values():
        if refusal := cell.refusal():
            raise RequestError(f"{grid.name} with backbone {factory!r}: {refusal}")
    return replace(grid, cells=(*grid.cells, *added.values()))


def _from(backbone: Backbone, cell: TransferCell) -> BackboneCell:
    fields = {key: getattr(cell, key) for key in BackboneCell.model_fields if key not in ("network", "depth", "norm")}
    # As many new fully connected layers as the network has.
    return BackboneCell(network=backbone, depth=max(1, cell.dense), **fields)
