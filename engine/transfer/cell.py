"""One network of the engine that is adapted to one target set: the configuration."""

from goldilocks.engine.cell import DatasetAxis, NetworkAxis, Rate, Steps
from goldilocks.engine.data.fashion_parts import FashionSource
from goldilocks.engine.networks.conv import Conv
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.transfer.adapted_cell import AdaptedCell
from goldilocks.engine.transfer.schemes import TransferScheme, transfer_scheme
from goldilocks.engine.transfer.source_networks import SourceCell


class TransferCell(AdaptedCell):
    """A network of the engine that is adapted to one target set, from weights that it has from a source set."""

    study = "transfer"

    network: NetworkAxis = Conv(strided=2, dense=2)
    source: DatasetAxis = FashionSource()
    source_lr: Rate
    source_steps: Steps

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


TransferCell.rules = (_transfer_refuses, *AdaptedCell.rules, _source_refuses)
TransferCell.notes = (*AdaptedCell.notes, _about_source)
