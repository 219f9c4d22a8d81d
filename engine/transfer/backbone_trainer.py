"""Adapting one backbone to one small target set, in plain PyTorch: the engine does not know its layers."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from goldilocks.engine import randomness
from goldilocks.engine.cores import Progress
from goldilocks.engine.data.base import Split, prepared
from goldilocks.engine.initial import drawn_affine
from goldilocks.engine.initializers import Fans
from goldilocks.engine.initializers.noise import READOUT, Layer, weight_noise
from goldilocks.engine.loss import Loss, cross_entropy, weighted_sum
from goldilocks.engine.networks.backbone import reinitialize
from goldilocks.engine.networks.connection import LayerShape
from goldilocks.engine.training.curve_log import CurveLog
from goldilocks.engine.training.curves import LOGGED_INTERVALS, Curves
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.loop import train
from goldilocks.engine.training.update_size import UpdateSize
from goldilocks.engine.transfer.backbone_cell import BackboneCell
from goldilocks.engine.transfer.schemes import LOWER_RATE
from goldilocks.engine.transfer.target_sets import chosen, minibatches

# Examples that pass through the backbone at once when nothing is learned from them.
ROWS = 32
FROZEN = ("last_layer", "dense_layers")


class Seen:
    """The examples as what is trained sees them: features where the backbone is frozen, else images.

    Args:
        split: the examples.
        used: the training examples that are needed.
        see: what makes of examples what is trained sees; called for the same examples again unless `once`.
        once: whether to call it beforehand, for all examples.
        device: where.
    """

    def __init__(
        self, split: Split, used: np.ndarray, see: Callable[[Tensor], Tensor], once: bool, device: torch.device
    ):
        self.labels = split.train_y
        train, test = (torch.from_numpy(x).to(device) for x in (split.train_x[used], split.test_x))
        self.train_y, self.test_y = (torch.from_numpy(y).to(device) for y in (split.train_y, split.test_y))
        self._place = np.full(len(split.train_y), -1)
        self._place[used] = np.arange(len(used))
        if once:
            with torch.no_grad():
                train, test = (torch.cat([see(part) for part in x.split(ROWS)]) for x in (train, test))
        self._train, self._test, self._see = train, test, (lambda x: x) if once else see

    @classmethod
    def by(cls, cells: Sequence[BackboneCell], device: torch.device) -> "Seen":
        """Return what the cells of a batch see."""
        first = cells[0]
        split = prepared(first.dataset, first.preprocessing)
        sets = [chosen(first.dataset, split.train_y, cell.images, cell.seed) for cell in cells]
        frozen, body = first.scheme in FROZEN, first.network.module().to(device).eval()

        def see(x: Tensor) -> Tensor:
            images = first.network.images(x, first.dataset)
            return body(images) if frozen else images

        return cls(split, np.unique(np.concatenate(sets)), see, frozen, device)

    def batch(self, index: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return inputs and classes of some training examples."""
        return self._see(self._train[self._place[index]]), self.train_y[index]

    def test(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield inputs and classes of the test examples, piece by piece."""
        for x, y in zip(self._test.split(ROWS), self.test_y.split(ROWS), strict=True):
            yield self._see(x), y


class BackboneTrainer(Learner):
    """One backbone with new layers on top.

    Args:
        cell: what is done.
        data: the examples of its batch.
        device: where.
    """

    # A module of the user's own may do anything.
    capturable = False
    configs = 1

    def __init__(self, cell: BackboneCell, data: Seen, device: torch.device):
        self.cell, self.data, self.device, self.steps = cell, data, device, cell.steps
        length = cell.steps * cell.batch_size
        self.order = minibatches(cell.dataset, data.labels, cell.images, cell.seed, length)
        self.body = cell.network.module().to(device)
        self.before = [weight.detach().clone() for weight in self._weights()]
        if cell.scheme == "scratch":
            reinitialize(self.body, self._draw)
        self.head = self._new_layers()
        frozen = cell.scheme in FROZEN
        rate = LOWER_RATE if cell.scheme == "fine_tune" else 1.0
        groups = [(self.head, 1.0)] if frozen else [(self.body, rate), (self.head, 1.0)]
        self._trained = [(p, share) for module, share in groups for p in module.parameters() if p.requires_grad]
        self._state = [[torch.zeros_like(p) for _ in range(cell.optimizer.slots)] for p, _ in self._trained]
        self._model = self.head if frozen else nn.Sequential(self.body, self.head)

    def _weights(self) -> list[Tensor]:
        return [parameter for parameter in self.body.parameters() if parameter.ndim > 1]

    def _draw(self, name: str, fans: Fans, shape: tuple[int, int]) -> Tensor:
        noise = weight_noise(self.cell.seed, name, shape, self.cell.init.family)
        return noise * self.cell.init.scale(fans, self.cell.activation)

    def _new_layers(self) -> nn.Sequential:
        """Return the new fully connected layers, if any, and the new read-out."""
        cell, layers = self.cell, nn.Sequential()
        hidden = cell.shapes if cell.scheme == "dense_layers" else []
        size = hidden[-1].units if hidden else cell.network.units
        readout: tuple[Layer, LayerShape] = (READOUT, LayerShape(size, cell.dataset.classes))
        for layer, shape in [*enumerate(hidden, 1), readout]:
            drawn = drawn_affine([cell], layer, shape, self.device)
            assert drawn.bias is not None
            linear = nn.Linear(shape.fan_in, shape.units, device=self.device)
            linear.weight.data, linear.bias.data = drawn.weight[0].T.contiguous(), drawn.bias[0, 0]
            layers.append(linear)
            if layer != READOUT:
                layers.append(Elementwise(cell.activation))
        return layers

    def train(self, progress: Progress) -> Curves:
        """Make every update and return the curves."""
        log = CurveLog(self, intervals=intervals(self.cell))
        # Dropout and its like draw from PyTorch's own generator.
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(randomness.torch_seed(("backbone", self.cell.seed)))
            train(self, log, progress)
        return log.curves

    def step(self, made: int | Tensor, size: UpdateSize | None = None) -> Loss:
        first = int(made) * self.cell.batch_size
        x, y = self.data.batch(self.order[first : first + self.cell.batch_size])
        self._model.train()
        logits = self._model(x)
        loss = cross_entropy(logits.detach()[None], y[None])
        assert loss.gradient is not None
        parameters = [parameter for parameter, _ in self._trained]
        gradients = torch.autograd.grad(logits, parameters, loss.gradient[0], allow_unused=True)
        with torch.no_grad():
            for (parameter, share), state, gradient in zip(self._trained, self._state, gradients, strict=True):
                # A module may hold parameters that it does not use, such as those of a second read-out.
                if gradient is None:
                    continue
                rate = torch.tensor(share * self.cell.lr, device=self.device)
                self.cell.optimizer.update(parameter, gradient.clone(), rate, state, made + 1)
        return loss

    @torch.no_grad()
    def evaluate(self) -> Loss:
        self._model.eval()
        examples = len(self.data.test_y)
        return weighted_sum((self._loss(x, y), len(y) / examples) for x, y in self.data.test())

    def _loss(self, x: Tensor, y: Tensor) -> Loss:
        return cross_entropy(self._model(x)[None], y[None], with_gradient=False)

    def shifts(self) -> list[float]:
        """Return how far each weight array of the backbone is from its pretrained one, relative to that."""
        pairs = zip(self._weights(), self.before, strict=True)
        return [((now.detach() - before).norm() / before.norm()).item() for now, before in pairs]


def intervals(cell: BackboneCell) -> int:
    """Return the number of intervals of a training run at whose ends the network is evaluated."""
    return cell.network.evaluated_intervals or LOGGED_INTERVALS


class Elementwise(nn.Module):
    """An activation of the engine as a module.

    Args:
        function: φ.
    """

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)
