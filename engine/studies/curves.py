"""Training curves on the device: what is logged, at which steps, and when a configuration diverged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.loss import Loss

# Intervals of a training run at whose ends it is evaluated.
LOGGED_INTERVALS = 20


def logged_steps(steps: int) -> list[int]:
    """Return the steps at which a run is evaluated: the start, the end, and evenly between.

    Args:
        steps: number of updates.
    """
    return sorted({round(steps * k / LOGGED_INTERVALS) for k in range(LOGGED_INTERVALS + 1)})


class Curves:
    """Values at the logged steps, `[logged step, config]` on the device.

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
        self._loss, self._correct = torch.zeros(configs, device=device), torch.zeros(configs, device=device)
        self._minibatches = 0

    def add_minibatch(self, step: int, loss: Loss) -> None:
        """Take in the minibatch that update number step + 1 is made from; close the interval where one ends."""
        self._note_divergence(step, loss.value)
        if step == 0:
            self.values["train_loss"][0], self.values["train_accuracy"][0] = loss.value, loss.correct
        self._loss += loss.value
        self._correct += loss.correct
        self._minibatches += 1
        row = self.logged.get(step + 1)
        if row is not None:
            self.values["train_loss"][row] = self._loss / self._minibatches
            self.values["train_accuracy"][row] = self._correct / self._minibatches
            self._loss.zero_()
            self._correct.zero_()
            self._minibatches = 0

    def log_update(self, step: int, grad_norm: Tensor, update_ratio: Tensor) -> None:
        """Take in the size of update number step + 1; the first one also stands at step 0."""
        for row in {self.logged.get(step + 1), 0 if step == 0 else None} - {None}:
            self.values["grad_norm"][row], self.values["update_ratio"][row] = grad_norm, update_ratio

    def log_test(self, step: int, loss: Loss) -> None:
        """Take in the evaluation after a number of updates."""
        row = self.logged[step]
        self.values["test_loss"][row], self.values["test_accuracy"][row] = loss.value, loss.correct
        self._note_divergence(step, loss.value)

    def _note_divergence(self, step: int, loss: Tensor) -> None:
        first = ~loss.isfinite() & (self.diverged_at < 0)
        self.diverged_at.masked_fill_(first, step)

    def rows(self, cell_ids: Sequence[str]) -> dict[str, Any]:
        """Return the columns of the store's table `curves`, cell after cell.

        Args:
            cell_ids: id of each configuration.
        """
        steps = np.fromiter(self.logged, np.int32)
        columns = {name: value.T.cpu().numpy().ravel() for name, value in self.values.items()}
        return {"cell_id": np.repeat(cell_ids, len(steps)), "step": np.tile(steps, len(cell_ids)), **columns}
