"""Step one of transfer: networks are trained on the big source set, once, and their weights are kept."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from goldilocks.engine.cell import DatasetAxis, NetworkAxis, PreprocessingAxis
from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.data.downloaded import data_folder
from goldilocks.engine.data.fashion_parts import FashionSource
from goldilocks.engine.initial import initialize
from goldilocks.engine.networks import saved
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.networks.conv import Conv
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.instrumented import watched
from goldilocks.engine.training.trainer import Trainer


class SourceCell(TrainingCell):
    """A network trained on the source set; its id names the file of its weights."""

    study = "transfer_source"

    network: NetworkAxis = Conv(strided=2, dense=2)
    dataset: DatasetAxis = FashionSource()
    preprocessing: PreprocessingAxis = Raw()


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
        progress: called with the share that is done, from 0 to 1.
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
        watched(trainer, progress)
        return trainer.model

    parts = chunks(list(missing.values()), device)
    models = side_by_side(train, parts, progress)
    within = [(model, number) for model, part in zip(models, parts, strict=True) for number in range(len(part))]
    return [(place, cell, *trained) for (place, cell), trained in zip(missing.items(), within, strict=True)]


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
        warnings.warn(f"{weights_file(cell)}: the weights cannot be saved: {error.strerror}", stacklevel=2)
