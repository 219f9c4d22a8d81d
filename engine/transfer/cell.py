"""One network of the engine that is adapted to one target set: the configuration."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.cell import (
    BATCHED,
    Cell,
    DatasetAxis,
    NetworkAxis,
    OptimizerAxis,
    PreprocessingAxis,
    Rate,
    Steps,
)
from goldilocks.engine.data.fashion_parts import FashionSource
from goldilocks.engine.networks.conv import Conv
from goldilocks.engine.optimizers.momentum import Momentum
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.transfer.schemes import SchemeName, TransferScheme, transfer_scheme
from goldilocks.engine.transfer.source_networks import SourceCell
from goldilocks.engine.transfer.target_sets import images_per_class, shortage


class TransferCell(Cell):
    """One network that is adapted to one target set."""

    study = "transfer"

    network: NetworkAxis = Conv(strided=2, dense=2)
    source: DatasetAxis = FashionSource()
    source_lr: Rate
    source_steps: Steps
    scheme: SchemeName
    per_class: Annotated[int, Field(strict=True, ge=1, le=1_000_000), BATCHED]
    preprocessing: PreprocessingAxis = Raw()
    optimizer: OptimizerAxis = Momentum()
    lr: Annotated[Rate, BATCHED]
    steps: Steps

    @property
    def source_cell(self) -> SourceCell:
        """The training of the source network."""
        fields = {key: getattr(self, key) for key in TrainingCell.model_fields}
        of_source = {"dataset": self.source, "lr": self.source_lr, "steps": self.source_steps}
        return SourceCell.model_construct(**(fields | of_source))

    @property
    def dense(self) -> int:
        """Number of fully connected layers before the read-out."""
        return self.network.head_layers

    @property
    def layers(self) -> TransferScheme:
        """Which layers are kept and trained."""
        return transfer_scheme(self.scheme, self.depth - self.dense, self.depth)

    @property
    def images(self) -> int:
        """Number of images of each class, where the target set has fewer than `per_class`."""
        return images_per_class(self.dataset, self.per_class)


def _transfer_refuses(cell: TransferCell) -> str | None:
    if not cell.dense:
        return f"network = {cell.network}: fully connected layers on convolutions are needed. Allowed: conv(dense=…)"
    if cell.source.image != cell.dataset.image:
        return f"dataset = {cell.dataset}: its images are not as large as those of source = {cell.source}"
    if cell.init.data_dependent:
        return f"init = {cell.init}: it depends on the data, which kept layers would not have seen"
    return None


def _source_refuses(cell: TransferCell) -> str | None:
    return cell.source_cell.refusal()


def _about_source(cell: TransferCell) -> str | None:
    return cell.source.remark


def _about_shortage(cell: TransferCell) -> str | None:
    return shortage(cell.dataset, cell.per_class)


TransferCell.rules = (_transfer_refuses, *Cell.rules, _source_refuses)
TransferCell.notes = (*Cell.notes, _about_source, _about_shortage)
