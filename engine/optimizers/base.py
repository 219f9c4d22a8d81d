"""What an update rule declares: how gradients become updates, with one learning rate per configuration."""

from typing import ClassVar

from torch import Tensor

from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme


class Optimizer(Scheme):
    """A rule that changes parameters in place.

    Attributes:
        slots: number of state tensors kept for each parameter.
    """

    slots: ClassVar[int] = 0

    def update(self, parameter: Tensor, gradient: Tensor, lr: Tensor, state: list[Tensor], step: int | Tensor) -> None:
        """Change one parameter and its state in place.

        Args:
            parameter: `[config, …]`, changed.
            gradient: same shape; may be overwritten.
            lr: learning rates, of a shape that broadcasts against the parameter.
            state: `slots` tensors of the parameter's shape, zero before the first step, changed.
            step: number of this update, from 1, or a tensor that holds it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update")


optimizers: Registry[Optimizer] = Registry("optimizer", "goldilocks.engine.optimizers")
