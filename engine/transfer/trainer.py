"""Many networks of the engine, each adapted to its target set in the same way."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.data.base import Split
from goldilocks.engine.initial import initialize
from goldilocks.engine.loss import Loss
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.statistics import norm
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.update_size import UpdateSize
from goldilocks.engine.transfer.cell import TransferCell
from goldilocks.engine.transfer.head_trainer import HeadTrainer, features, positions
from goldilocks.engine.transfer.target_sets import minibatches, seen_from


class TransferTrainer(Learner):
    """One chunk of cells that differ in seed, rate and number of images only.

    Args:
        cells: the cells.
        sources: the source network of each.
        device: where.
    """

    def __init__(self, cells: Sequence[TransferCell], sources: Classifier, device: torch.device):
        self.cells, self.first, self.sources, self.device = cells, cells[0], sources, device
        self.steps, self.configs = self.first.steps, len(cells)
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
        self.head = HeadTrainer(network, above, fresh.readout, positions(below), self.first.optimizer, rates)
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
        self._seen_test_x = self.test_x[self.seen[:, 0]] if self.scheme.frozen else self.test_x

    def step(self, made: int | Tensor, size: UpdateSize | None = None) -> Loss:
        examples = self.first.batch_size
        index = self.order.index_select(1, torch.arange(examples, device=self.device) + made * examples)
        return self.head.step(self.train_x[self.seen, index], self.train_y[index], made + 1)

    def evaluate(self) -> Loss:
        return self.head.evaluate(self._seen_test_x, self.test_y)

    def shifts(self) -> Tensor:
        """Return how far each hidden layer's weights are from the source's, relative to these `[layer, config]`."""
        pairs = zip(self.model.affines()[:-1], self.sources.affines()[:-1], strict=True)
        return torch.stack([norm(ours.weight - source.weight) / norm(source.weight) for ours, source in pairs])
