"""Step one of transfer: a network is trained on the big source set, once, and its weights are kept."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.data.downloaded import data_folder
from goldilocks.engine.data.fashion_parts import FashionSource
from goldilocks.engine.grid.cell import DatasetAxis, NetworkAxis, PreprocessingAxis
from goldilocks.engine.networks import saved
from goldilocks.engine.networks.conv import Conv
from goldilocks.engine.networks.parameters import Classifier, initialize
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.studies.base import Cost, Outcome, Quantity, Study, studies
from goldilocks.engine.studies.chunking import chunks
from goldilocks.engine.studies.measurements import Measurements
from goldilocks.engine.studies.modes import Evaluation
from goldilocks.engine.studies.training import Trainer, Training, TrainingCell


class SourceCell(TrainingCell):
    """A network trained on the source set; its id names the file of its weights."""

    study = "transfer_source"

    network: NetworkAxis = Conv(strided=2, dense=2)
    dataset: DatasetAxis = FashionSource()
    preprocessing: PreprocessingAxis = Raw()


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
        return Training().cost(cells, device)

    def run(self, cells: Sequence[SourceCell], device: torch.device, progress: Progress) -> Outcome:
        trained = source_networks(cells, device, progress)
        before = initialize(cells, cells[0].dataset.classes, device)
        trainer = Trainer(cells, device)
        found = Measurements()
        accuracy = Evaluation(trainer.network, trained).with_running(trainer.test_x, trainer.test_y).correct.tolist()
        for number, cell in enumerate(cells):
            found.add(cell.cell_id, "source_accuracy", accuracy[number])
            for quantity, model in (("source_filter", trained), ("source_filter_before", before)):
                for unit, weights in enumerate(model.hidden[0].affine.weight[number].T.tolist(), 1):
                    for place, weight in enumerate(weights):
                        found.add(cell.cell_id, quantity, weight, place, f"unit {unit}")
        return Outcome([cell.cell_id for cell in cells], {"measurements": found.table()})


def weights_file(cell: SourceCell) -> Path:
    """Return where the weights of a source network are kept.

    Args:
        cell: the training that they come from.
    """
    return data_folder() / "sources" / f"{cell.cell_id}.safetensors"


def source_networks(cells: Sequence[SourceCell], device: torch.device, progress: Progress) -> Classifier:
    """Return trained networks: those whose weights are kept are read, the others are trained and kept.

    Args:
        cells: one training each, all of one shape; the same may occur several times.
        device: where.
        progress: told how far it is.
    """
    unique = {cell.cell_id: cell for cell in cells}
    networks = initialize(list(unique.values()), cells[0].dataset.classes, device)
    missing = {place: cell for place, cell in enumerate(unique.values()) if not _read(cell, networks, place)}
    if missing:
        for place, cell, chunk, number in _train(missing, device, progress):
            for (_, ours), (_, theirs) in zip(saved.named_tensors(networks), saved.named_tensors(chunk), strict=True):
                ours[place] = theirs[number]
            _keep(cell, networks, place)
    order = {cell_id: place for place, cell_id in enumerate(unique)}
    return networks.select(torch.tensor([order[cell.cell_id] for cell in cells], device=device))


def _train(
    missing: dict[int, SourceCell], device: torch.device, progress: Progress
) -> list[tuple[int, SourceCell, Classifier, int]]:
    """Train networks and return for each its place, its cell, the batch it was trained in, and its place there."""

    def train(chunk: Sequence[TrainingCell], progress: Progress) -> Classifier:
        trainer = Trainer(chunk, device)
        update = trainer.replay(lambda made, loss: None)
        for step in range(trainer.first.steps):
            update(step)
            progress((step + 1) / trainer.first.steps)
        return trainer.model

    parts = chunks(list(missing.values()), device)
    models = side_by_side(train, parts, progress)
    within = [(model, number) for model, part in zip(models, parts, strict=True) for number in range(len(part))]
    return [(place, cell, *found) for (place, cell), found in zip(missing.items(), within, strict=True)]


def _read(cell: SourceCell, networks: Classifier, place: int) -> bool:
    try:
        saved.load(weights_file(cell), networks, place, cell.canonical_json)
    except FileNotFoundError:
        return False
    except saved.Unusable as error:
        warnings.warn(f"{error}. The network is trained again.", stacklevel=2)
        return False
    return True


def _keep(cell: SourceCell, networks: Classifier, place: int) -> None:
    try:
        saved.save(weights_file(cell), networks, place, cell.canonical_json)
    except OSError as error:
        warnings.warn(f"{weights_file(cell)}: the weights cannot be kept: {error.strerror}", stacklevel=2)
