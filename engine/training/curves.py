"""Training curves on the device: what is logged, and at which steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.loss import Loss
from goldilocks.engine.training.divergence import Divergence
from goldilocks.engine.training.update_size import UpdateSize

# Intervals of a training run at whose ends it is evaluated.
LOGGED_INTERVALS = 20


def logged_steps(steps: int, intervals: int = LOGGED_INTERVALS) -> list[int]:
    """Return the steps at which a run is evaluated: the start, the end, and evenly between.

    Args:
        steps: number of updates.
        intervals: at most so many between evaluations.
    """
    return sorted({round(steps * k / intervals) for k in range(intervals + 1)})


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
        # What is logged belongs to its active configurations, in this order.
        self.divergence = Divergence(configs, device)
        self._loss, self._correct = torch.zeros(configs, device=device), torch.zeros(configs, device=device)
        self._minibatches = torch.zeros((), device=device)
        # The row of each logged step, on the device.
        self._rows = torch.zeros(logged[-1] + 1, dtype=torch.long)
        self._rows[list(logged)] = torch.arange(len(logged))
        self._rows = self._rows.to(device)

    def retire(self) -> Tensor:
        """Stop logging what has diverged, and return the places of the others among those active until now."""
        places = self.divergence.retire()
        self._loss, self._correct = self._loss[places], self._correct[places]
        return places

    def open(self, loss: Loss, size: UpdateSize | None = None) -> None:
        """Take in the first minibatch, and the size of the update made from it: they stand at step 0."""
        self._write(0, train_loss=loss.value, train_accuracy=loss.correct)
        if size is not None:
            self._write(0, **size.norms())
        self.accumulate(0, loss)

    def accumulate(self, made: int | Tensor, loss: Loss) -> None:
        """Take in a minibatch within an interval; does nothing but change tensors in place.

        Args:
            made: number of updates made before, or a tensor that holds it.
            loss: the minibatch's.
        """
        self.divergence.note(made, loss.value)
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
            self._write(row, **size.norms())
        self._log_test(row, made, test)

    def evaluated_before(self, test: Loss) -> None:
        """Take in the evaluation before the first update."""
        self._log_test(0, 0, test)

    def _log_test(self, row: int | Tensor, made: int | Tensor, test: Loss) -> None:
        self._write(row, test_loss=test.value, test_accuracy=test.correct)
        self.divergence.note(made, test.value)

    def _write(self, row: int | Tensor, **values: Tensor) -> None:
        for name, value in values.items():
            self.values[name][row, self.divergence.active] = value.to(self.values[name].dtype)

    def rows(self, cell_ids: Sequence[str]) -> dict[str, Any]:
        """Return the columns of the store's table `curves`, cell after cell.

        Args:
            cell_ids: id of each configuration.
        """
        steps = np.fromiter(self.logged, np.int32)
        diverged_at = self.divergence.at.cpu().numpy()
        # The first logged step after the divergence shows it; what a configuration did later depends on when it was
        # retired, hence on its neighbours, and is not kept.
        last = np.where(diverged_at < 0, len(steps), np.searchsorted(steps, diverged_at))
        gone = np.arange(len(steps)) > last[:, None]
        values = {name: value.T.cpu().numpy() for name, value in self.values.items()}
        columns = {name: np.where(gone, np.nan, value).astype(np.float32).ravel() for name, value in values.items()}
        return {"cell_id": np.repeat(cell_ids, len(steps)), "step": np.tile(steps, len(cell_ids)), **columns}
