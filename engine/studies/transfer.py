"""Transfer learning: a trained network meets another, smaller task, in four ways."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field
from torch import Tensor

from goldilocks.engine.card import Card
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
from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.cost import FLOAT_BYTES, Cost
from goldilocks.engine.data.base import Split
from goldilocks.engine.data.fashion_parts import FashionSource
from goldilocks.engine.initial import initialize
from goldilocks.engine.loss import Loss
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.networks.conv import Conv
from goldilocks.engine.optimizers.momentum import Momentum
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.statistics import norm
from goldilocks.engine.studies.base import Outcome, Quantity, Study, studies
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.cost import training_cost
from goldilocks.engine.training.cuda_graph import Replay
from goldilocks.engine.training.curves import Curves, logged_steps
from goldilocks.engine.transfer.head_trainer import Adaptation, features, positions
from goldilocks.engine.transfer.schemes import LOWER_RATE, SchemeName, TransferScheme, transfer_scheme
from goldilocks.engine.transfer.source_networks import SourceCell, source_networks
from goldilocks.engine.transfer.target_sets import images_per_class, minibatches, seen_from, shortage

# Share of a batch's time that its source networks take.
SHARE_OF_SOURCES = 0.3


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
        return self.network.dense if isinstance(self.network, Conv) else 0

    @property
    def layers(self) -> TransferScheme:
        """Which layers are kept and trained."""
        return transfer_scheme(self.scheme, self.depth - self.dense, self.depth)

    @property
    def images(self) -> int:
        """Number of images of each class, where the target set has fewer than `per_class`."""
        return images_per_class(self.dataset, self.per_class)

    def remarks(self) -> list[str]:
        """Say, too, that the target set has fewer images than were asked for."""
        return [*super().remarks(), *filter(None, [self.source.remark, shortage(self.dataset, self.per_class)])]

    def refusal(self) -> str | None:
        """Say why nothing can be transferred, or None."""
        if not self.dense:
            return (
                f"network = {self.network}: fully connected layers on convolutions are needed. Allowed: conv(dense=…)"
            )
        if self.source.image != self.dataset.image:
            return f"dataset = {self.dataset}: its images are not as large as those of source = {self.source}"
        if self.init.data_dependent:
            return f"init = {self.init}: it depends on the data, which kept layers would not have seen"
        return super().refusal() or self.source_cell.refusal()


@studies.register
class Transfer(Study[TransferCell]):
    """Accuracy on a target set by scheme and by number of images, and how far each layer moved."""

    name = "transfer"
    cell = TransferCell
    typical_share = 0.2
    card = Card(
        "Transfer learning",
        "scratch: all new · last_layer: all frozen but a new read-out · dense_layers: convolutions frozen, rest new · "
        f"fine_tune: a new read-out, the other layers at {LOWER_RATE:g} times the rate",
        "CS231n 2021, lecture 7; Yosinski et al. 2014",
        notes="Target sets of one seed contain each other. Frozen layers are in evaluation mode. What a preprocessing "
        "measures is taken from the source. The presets' settings were chosen on seeds 0 to 4; the presets measure on "
        "other seeds.",
    )
    quantities = (
        Quantity(
            "transfer_accuracy",
            "Test accuracy on the target",
            "Share of correct predictions on the test split of the target set after the last update.",
            better="higher",
            position="Images per class",
        ),
        Quantity(
            "transfer_curve",
            "Test accuracy on the target",
            "The same over training.",
            better="higher",
            position="Updates",
        ),
        Quantity(
            "transfer_loss",
            "Training loss on the target",
            "Cross-entropy, mean over the minibatches since the previous entry; at 0 of the first minibatch.",
            "nat",
            "lower",
            "Updates",
        ),
        Quantity(
            "layer_shift",
            "Distance moved / source norm",
            "‖W − W_source‖ / ‖W_source‖ of a hidden layer after the last update.",
            position="Layer",
            decides=False,
        ),
    )

    def group_key(self, cell: TransferCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[TransferCell], device: torch.device) -> Cost:
        like_training = training_cost([cell.source_cell for cell in cells], device)
        return Cost(len(cells) * _flops(cells[0]), like_training.bytes + FLOAT_BYTES * _feature_entries(cells))

    def run(self, cells: Sequence[TransferCell], device: torch.device, progress: Progress) -> Outcome:
        trained = [cell.source_cell for cell in cells]
        sources = source_networks(trained, device, lambda share: progress(SHARE_OF_SOURCES * share))
        places = torch.arange(len(cells), device=device).split([len(part) for part in chunks(trained, device)])

        def adapt(chunk: Tensor, progress: Progress) -> tuple[pa.Table, list[int]]:
            adapting = Adapting([cells[place] for place in chunk.tolist()], sources.select(chunk), device)
            return adapting.train(progress)

        rest = lambda share: progress(SHARE_OF_SOURCES + (1 - SHARE_OF_SOURCES) * share)
        found = side_by_side(adapt, places, rest)
        steps = [step if step >= 0 else None for _, diverged_at in found for step in diverged_at]
        table = pa.concat_tables([table for table, _ in found])
        return Outcome([cell.cell_id for cell in cells], {"measurements": table}, steps)


class Adapting:
    """One chunk of cells that differ in seed, rate and number of images only.

    Args:
        cells: the cells.
        sources: the source network of each.
        device: where.
    """

    def __init__(self, cells: Sequence[TransferCell], sources: Classifier, device: torch.device):
        self.cells, self.first, self.sources, self.device = cells, cells[0], sources, device
        self.scheme, network, dataset = self.first.layers, self.first.network, self.first.dataset
        split = seen_from(self.first.source, dataset, self.first.preprocessing)
        self.train_y, self.test_y = (torch.from_numpy(labels).to(device) for labels in (split.train_y, split.test_y))
        self._see(split)
        fresh = initialize(cells, dataset.classes, device)
        kept = sources.select(torch.arange(len(cells), device=device))
        self.model = Classifier(kept.hidden[: self.scheme.kept] + fresh.hidden[self.scheme.kept :], fresh.readout)
        lr = torch.tensor([cell.lr for cell in cells], device=device)
        rates = torch.stack([share * lr for share in self.scheme.rates])
        below, above = self.model.hidden[: self.scheme.frozen], self.model.hidden[self.scheme.frozen :]
        self.adaptation = Adaptation(network, above, fresh.readout, positions(below), self.first.optimizer, rates)
        length = self.first.steps * self.first.batch_size
        orders = [minibatches(dataset, split.train_y, cell.images, cell.seed, length) for cell in cells]
        self.order = torch.from_numpy(np.stack(orders)).to(device)

    def _see(self, split: Split) -> None:
        """Put the examples through the frozen layers, once for each source network."""
        seeds = [cell.seed for cell in self.cells]
        different = list(dict.fromkeys(seeds)) if self.scheme.frozen else seeds[:1]
        firsts = torch.tensor([seeds.index(seed) for seed in different], device=self.device)
        below = self.sources.select(firsts).hidden[: self.scheme.frozen]
        self.train_x, self.test_x = (
            features(self.first.network, below, torch.from_numpy(x).to(self.device)[None])
            for x in (split.train_x, split.test_x)
        )
        # Which of these each configuration sees.
        seen = [different.index(seed) if self.scheme.frozen else 0 for seed in seeds]
        self.seen = torch.tensor(seen, device=self.device)[:, None]

    def train(self, progress: Progress) -> tuple[pa.Table, list[int]]:
        """Make every step and return the measurements, and where each configuration diverged, or -1."""
        steps = self.first.steps
        curves = Curves(len(self.cells), logged_steps(steps), self.device)
        within = Replay(lambda made: curves.accumulate(made, self._step(made)), self.device)
        test_x = self.test_x[self.seen[:, 0]] if self.scheme.frozen else self.test_x
        curves.evaluated_before(self.adaptation.evaluate(test_x, self.test_y))
        curves.open(self._step(0))
        for made in range(1, steps + 1):
            if made in curves.logged:
                curves.close(made, self.adaptation.evaluate(test_x, self.test_y))
                progress(made / steps)
            if made < steps:
                within(made)
        return self._measurements(curves), curves.diverged_at.tolist()

    def _step(self, made: int | Tensor) -> Loss:
        """Make one update, given the number of those before it, and return the loss it was made from."""
        size = self.first.batch_size
        index = self.order.index_select(1, torch.arange(size, device=self.device) + made * size)
        return self.adaptation.step(self.train_x[self.seen, index], self.train_y[index], made + 1)

    def _measurements(self, curves: Curves) -> pa.Table:
        found = Measurements()
        accuracy, loss = (curves.values[name].T.tolist() for name in ("test_accuracy", "train_loss"))
        shifts = _shifts(self.model, self.sources).T.tolist()
        for c, cell in enumerate(self.cells):
            part = f"{cell.scheme}, {cell.images} per class"
            found.add(cell.cell_id, "transfer_accuracy", accuracy[c][-1], cell.images, cell.scheme)
            for step, row in curves.logged.items():
                found.add(cell.cell_id, "transfer_curve", accuracy[c][row], step, part)
                found.add(cell.cell_id, "transfer_loss", loss[c][row], step, part)
            for layer, shift in enumerate(shifts[c], 1):
                found.add(cell.cell_id, "layer_shift", shift, layer, part)
        return found.table()


def _shifts(model: Classifier, sources: Classifier) -> Tensor:
    """Return how far the weights of each hidden layer are from the source's, relative to these `[layer, config]`."""
    pairs = [
        (ours.affine.weight, theirs.affine.weight) for ours, theirs in zip(model.hidden, sources.hidden, strict=True)
    ]
    return torch.stack([norm(a - b) / norm(b) for a, b in pairs])


def _flops(cell: TransferCell) -> float:
    """Return the operations of one cell; its share in the pass through the frozen layers is counted whole."""
    frozen = cell.layers.frozen
    products = [shape.products for shape in cell.shapes] + [cell.readout.products]
    evaluated = cell.dataset.test_size * len(logged_steps(cell.steps))
    above = 3 * cell.batch_size * cell.steps + evaluated
    return 2.0 * (
        sum(products[frozen:]) * above + sum(products[:frozen]) * (cell.dataset.train_size + cell.dataset.test_size)
    )


def _feature_entries(cells: Sequence[TransferCell]) -> float:
    """Return the numbers that leave the frozen layers, for every source network and configuration."""
    first, frozen = cells[0], cells[0].layers.frozen
    if not frozen:
        return 0.0
    size = first.shapes[frozen - 1].size
    per_source = first.dataset.train_size + first.dataset.test_size
    return size * (per_source * len({cell.seed for cell in cells}) + first.dataset.test_size * len(cells))
