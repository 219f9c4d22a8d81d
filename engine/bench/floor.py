"""What an update costs beside its matrix products: each part of it alone, on the tensors of a real one.

`python -m goldilocks.engine.bench.floor` measures with one thread, in seconds of the processor, the least of several
rounds, and prints each part as a share of the whole update.
"""

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.bench.suite import classifiers
from goldilocks.engine.execution.allocator import keep_freed_memory
from goldilocks.engine.loss import cross_entropy
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.trainer import Trainer
from goldilocks.engine.training.update_size import UpdateSize

# Width, depth, batch, configurations.
SHAPES = ((64, 10, 64, 200), (128, 10, 128, 100), (32, 10, 64, 200))
ROUNDS = 9


class Parts:
    """The parts of an update of a batch of classifiers, each of which can be done alone.

    Args:
        trainer: the classifiers.
    """

    def __init__(self, trainer: Trainer):
        self._trainer, self._hidden = trainer, trainer.model.hidden
        x, self._labels = trainer.minibatch(0)
        self._tapes = trainer.network.forward(self._hidden, x, keep_pre=False)
        self._logits = trainer.model.readout.forward(self._tapes[-1].act)
        at_logits = cross_entropy(self._logits, self._labels).gradient
        assert at_logits is not None
        self._at_logits = at_logits
        # Gradients of every size and place that an update has.
        self._at_layer = [torch.randn_like(tape.act) for tape in self._tapes]
        self._at_tensor = [1e-6 * torch.randn_like(tensor) for tensor in trainer.model.tensors()]

    def products(self) -> None:
        """Do all matrix products, biases left out."""
        for weight, h, _, _ in self._maps():
            torch.bmm(h, weight)
        for depth, (weight, h, dz, _) in reversed(list(enumerate(self._maps()))):
            torch.bmm(h.mT, dz)
            if depth:
                torch.bmm(dz, weight.mT)

    def biases(self) -> None:
        """Add every bias, and sum its gradient."""
        for _, _, dz, bias in self._maps():
            if bias is not None:
                dz.add_(bias)
                dz.sum(BATCH, keepdim=True)

    def norms(self) -> None:
        """Normalize every layer, and carry a gradient back."""
        for layer, tape, dz in zip(self._hidden, self._tapes, self._at_layer, strict=True):
            if not layer.norm.absent:
                layer.norm.forward(tape.pre, layer.scale, layer.running)
                layer.norm.backward(dz, tape.saved, layer.scale)

    def activations(self) -> None:
        """Apply every activation, and carry a gradient back."""
        for layer, tape, dz in zip(self._hidden, self._tapes, self._at_layer, strict=True):
            layer.activation.apply_(tape.pre)
            layer.activation.backward(dz, tape.pre, tape.act)

    def loss(self) -> None:
        """Draw a minibatch, and compute loss and gradient at the logits."""
        self._trainer.minibatch(1)
        cross_entropy(self._logits, self._labels)

    def changes(self) -> None:
        """Change every tensor."""
        trainer = self._trainer
        for tensor, gradient, state in zip(trainer.model.tensors(), self._at_tensor, trainer.state, strict=True):
            trainer.optimizer.update(tensor, gradient, trainer.lr, state, 1)

    def _maps(self) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor | None]]:
        """Yield weight, input, gradient at the output, and bias of every affine map."""
        for layer, tape, dz in zip(self._hidden, self._tapes, self._at_layer, strict=True):
            yield layer.affine.weight, tape.inputs, dz, layer.affine.bias
        readout = self._trainer.model.readout
        yield readout.weight, self._tapes[-1].act, self._at_logits, readout.bias


def measure(width: int, depth: int, batch: int, configs: int, norm: str, optimizer: str) -> dict[str, float]:
    """Return processor seconds of an update, and the shares of its parts.

    Args:
        width: units in each hidden layer.
        depth: number of hidden layers.
        batch: examples in a minibatch.
        configs: configurations; as many of them as fit into a core's cache are measured.
        norm: name of the normalization.
        optimizer: name of the update rule.
    """
    cells = classifiers(width, depth, batch, configs, 100, norm, optimizer)
    device = torch.device("cpu")
    trainer = Trainer(chunks(cells, device)[0], device)
    parts = Parts(trainer)
    calls: dict[str, Callable[[], object]] = {
        "whole": lambda: trainer.step(1),
        "logged": lambda: trainer.step(1, UpdateSize()),
        **{name: getattr(parts, name) for name in ("products", "biases", "norms", "activations", "loss", "changes")},
    }
    seconds = dict.fromkeys(calls, torch.inf)
    # In turns, for the machine's speed drifts.
    for _ in range(ROUNDS):
        for name, call in calls.items():
            seconds[name] = min(seconds[name], _seconds(call))
    whole = seconds.pop("whole")
    return {"configs": len(trainer.cells), "ms": 1e3 * whole} | {name: each / whole for name, each in seconds.items()}


def _seconds(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def main() -> None:
    """Measure every shape, without and with batch norm, and Adam once."""
    torch.set_num_threads(1)
    keep_freed_memory()
    cases = [(shape, norm, "sgd") for shape in SHAPES for norm in ("none", "batch")]
    for shape, norm, optimizer in [*cases, (SHAPES[0], "batch", "adam")]:
        found = measure(*shape, norm, optimizer)
        shares = ", ".join(f"{name} {share:.0%}" for name, share in found.items() if name not in ("configs", "ms"))
        print(f"{shape} {norm} {optimizer}: {found['configs']} at once, {found['ms']:.1f} ms: {shares}", flush=True)


if __name__ == "__main__":
    main()
