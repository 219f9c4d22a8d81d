"""Training written down as curves: losses and accuracies over each interval, the test split at its end."""

from torch import Tensor

from goldilocks.engine.training.curves import LOGGED_INTERVALS, Curves, logged_steps
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.log import Log
from goldilocks.engine.training.update_size import UpdateSize


class CurveLog(Log):
    """The curves of a learner.

    Args:
        learner: what is trained.
        sizes: whether gradients and updates are measured at the logged steps, too.
        retires: whether networks that have diverged are left out.
        intervals: as for `logged_steps`.

    Attributes:
        curves: what is known so far.
    """

    def __init__(self, learner: Learner, sizes: bool = False, retires: bool = False, intervals: int = LOGGED_INTERVALS):
        self._learner, self._sizes, self.retires = learner, sizes, retires
        self.curves = Curves(learner.configs, logged_steps(learner.steps, intervals), learner.device)
        self.logged, self.divergence = self.curves.logged, self.curves.divergence

    def before(self) -> None:
        self.curves.evaluated_before(self._learner.evaluate())

    def first(self) -> None:
        size = self._size()
        self.curves.open(self._learner.step(0, size), size)
        if 1 in self.logged:
            self.curves.close(1, self._learner.evaluate(), size)

    def within(self, made: int | Tensor) -> None:
        self.curves.accumulate(made, self._learner.step(made))

    def at_end(self, made: int | Tensor) -> None:
        size = self._size()
        self.curves.accumulate(made, self._learner.step(made, size))
        self.curves.close(made + 1, self._learner.evaluate(), size)

    def after(self, made: int) -> None:
        """Do nothing: the evaluation is a part of the update that ends an interval."""

    def retire(self) -> Tensor:
        return self.curves.retire()

    def _size(self) -> UpdateSize | None:
        return UpdateSize() if self._sizes else None
