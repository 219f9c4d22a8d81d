"""Training curves on the device: what is logged, at which steps, and when a configuration diverged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.loss import Loss
from goldilocks.engine.statistics import norm

# Intervals of a training run at whose ends it is evaluated.
LOGGED_INTERVALS = 20


def logged_steps(steps: int) -> list[int]:
    """Return the steps at which a run is evaluated: the start, the end, and evenly between.

    Args:
        steps: number of updates.
    """
    return sorted({round(steps * k / LOGGED_INTERVALS) for k in range(LOGGED_INTERVALS + 1)})


class UpdateSize:
    """Size of one update, gathered from the tensors while they are changed one after the other.

    Attributes:
        gradient: norm of all gradients `[config]`, or None before the first.
        change: norm of the changes of the weights `[config]`, likewise.
        weight: norm of the weights before `[config]`, likewise.
    """

    gradient: Tensor | None = None
    change: Tensor | None = None
    weight: Tensor | None = None

    def note(self, gradient: Tensor, weight: Tensor | None) -> None:
        """Take in a gradient, and the weight matrix it is about to change, unless it changes another tensor.

        Args:
            gradient: `[config, …]`.
            weight: `[config, fan_in, fan_out]`, or None.
        """
        self.gradient = _joined(self.gradient, gradient)
        if weight is not None:
            self._before = weight.clone()
            self.weight = _joined(self.weight, weight)

    def note_change(self, weight: Tensor) -> None:
        """Take in the weight matrix after its change."""
        self.change = _joined(self.change, self._before.sub_(weight))


def _norms(size: UpdateSize) -> dict[str, Tensor]:
    found = {}
    if size.gradient is not None:
        found["grad_norm"] = size.gradient
    if size.change is not None and size.weight is not None:
        found["update_ratio"] = size.change / size.weight
    return found


def _joined(known: Tensor | None, part: Tensor) -> Tensor:
    """Return the norm of what is known and one more tensor together; no square overflows on the way."""
    return norm(part) if known is None else torch.hypot(known, norm(part))


class Curves:
    """Values at the logged steps, `[logged step, config]` on the device; NaN after a configuration has diverged.

    Args:
        configs: number of configurations.
        logged: the logged steps, ascending, the first one 0.
        device: where.
    """

    def __init__(self, configs: int, logged: Sequence[int], device: torch.device):
        self.logged = {step: row for row, step in enumerate(logged)}
        names = ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "grad_norm", "update_ratio")
        self.values = {name: torch.full((len(logged), configs), torch.nan, device=device) for name in names}
        self.diverged_at = torch.full((configs,), -1, device=device)
        # Numbers of the configurations that are still trained: what is logged belongs to these, in this order.
        self.active = torch.arange(configs, device=device)
        self._loss, self._correct = torch.zeros(configs, device=device), torch.zeros(configs, device=device)
        self._minibatches = torch.zeros((), device=device)
        # The row of each logged step, on the device.
        self._rows = torch.zeros(logged[-1] + 1, dtype=torch.long)
        self._rows[list(logged)] = torch.arange(len(logged))
        self._rows = self._rows.to(device)

    def retire(self) -> Tensor:
        """Stop logging what has diverged, and return the places of the others among those active until now."""
        places = (self.diverged_at[self.active] < 0).nonzero()[:, 0]
        self.active = self.active[places]
        self._loss, self._correct = self._loss[places], self._correct[places]
        return places

    @property
    def diverged_share(self) -> float:
        """Share of the active configurations that have diverged; waits for the device."""
        return (self.diverged_at[self.active] >= 0).float().mean().item()

    def open(self, loss: Loss, size: UpdateSize | None = None) -> None:
        """Take in the first minibatch, and the size of the update made from it: they stand at step 0."""
        self._write(0, train_loss=loss.value, train_accuracy=loss.correct)
        if size is not None:
            self._write(0, **_norms(size))
        self.accumulate(0, loss)

    def accumulate(self, made: int | Tensor, loss: Loss) -> None:
        """Take in a minibatch within an interval; does nothing but change tensors in place.

        Args:
            made: number of updates made before, or a tensor that holds it.
            loss: the minibatch's.
        """
        self._note_divergence(made, loss.value)
        self._loss += loss.value
        self._correct += loss.correct
        self._minibatches += 1

    def close(self, made: int | Tensor, test: Loss, size: UpdateSize | None = None) -> None:
        """End an interval at a logged step: means over its minibatches; like `accumulate`, in place.

        Args:
            made: number of updates made, or a tensor that holds it.
            test: the evaluation after them.
            size: the size of the last one.
        """
        # Read from a tensor at one place, not at a number: that would wait for the device.
        row = self._rows[made.view(1)] if isinstance(made, Tensor) else self.logged[made]
        self._write(row, train_loss=self._loss / self._minibatches, train_accuracy=self._correct / self._minibatches)
        for total in (self._loss, self._correct, self._minibatches):
            total.zero_()
        if size is not None:
            self._write(row, **_norms(size))
        self._log_test(row, made, test)

    def evaluated_before(self, test: Loss) -> None:
        """Take in the evaluation before the first update."""
        self._log_test(0, 0, test)

    def _log_test(self, row: int | Tensor, made: int | Tensor, test: Loss) -> None:
        self._write(row, test_loss=test.value, test_accuracy=test.correct)
        self._note_divergence(made, test.value)

    def _write(self, row: int | Tensor, **values: Tensor) -> None:
        for name, value in values.items():
            self.values[name][row, self.active] = value.to(self.values[name].dtype)

    def _note_divergence(self, made: int | Tensor, loss: Tensor) -> None:
        known = self.diverged_at[self.active]
        self.diverged_at[self.active] = torch.where(~loss.isfinite() & (known < 0), made, known)

    def rows(self, cell_ids: Sequence[str]) -> dict[str, Any]:
        """Return the columns of the store's table `curves`, cell after cell.

        Args:
            cell_ids: id of each configuration.
        """
        steps = np.fromiter(self.logged, np.int32)
        diverged_at = self.diverged_at.cpu().numpy()
        # The first logged step after the divergence shows it; what a configuration did later depends on when it was
        # retired, hence on its neighbours, and is not kept.
        last = np.where(diverged_at < 0, len(steps), np.searchsorted(steps, diverged_at))
        gone = np.arange(len(steps)) > last[:, None]
        values = {name: value.T.cpu().numpy() for name, value in self.values.items()}
        columns = {name: np.where(gone, np.nan, value).astype(np.float32).ravel() for name, value in values.items()}
        return {"cell_id": np.repeat(cell_ids, len(steps)), "step": np.tile(steps, len(cell_ids)), **columns}
