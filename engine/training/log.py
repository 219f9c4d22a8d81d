"""What is written down while networks train: the loop calls, a log decides what is measured."""

from abc import ABC, abstractmethod
from collections.abc import Collection

from torch import Tensor

from goldilocks.engine.training.divergence import Divergence


class Log(ABC):
    """One training run, written down.

    Updates come in intervals that end at the logged steps. `within` and `at_end` may be captured and replayed: they do
    nothing but change tensors in place.

    Attributes:
        logged: the logged steps, ascending, the first one 0.
        divergence: which networks have diverged.
        retires: whether networks that have diverged may be left out from then on.
    """

    logged: Collection[int]
    divergence: Divergence
    retires: bool = False

    @abstractmethod
    def before(self) -> None:
        """Look at the networks before the first update."""

    @abstractmethod
    def first(self) -> None:
        """Make the first update and take it in."""

    @abstractmethod
    def within(self, made: int | Tensor) -> None:
        """Make an update within an interval and take it in.

        Args:
            made: number of updates made before, or a tensor that holds it.
        """

    @abstractmethod
    def at_end(self, made: int | Tensor) -> None:
        """Make the update that ends an interval and take it in.

        Args:
            made: number of updates made before, or a tensor that holds it.
        """

    @abstractmethod
    def after(self, made: int) -> None:
        """Look at the networks after the update that ends an interval.

        Args:
            made: number of updates made.
        """

    @abstractmethod
    def retire(self) -> Tensor:
        """Leave out what has diverged, and return the places of the others among those active until now."""
