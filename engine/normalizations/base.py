"""What a normalization declares: a forward pass, its hand-written backward pass, and its evaluation mode."""

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from engine.registry import Registry
from engine.scheme import Scheme


@dataclass
class Scale:
    """Learnable scale and shift, with their gradients' shape.

    Attributes:
        gamma: γ `[config, 1, unit]`.
        beta: β `[config, 1, unit]`.
    """

    gamma: Tensor
    beta: Tensor


@dataclass
class Running:
    """Running statistics that evaluation uses, updated in place while training.

    Attributes:
        mean: `[config, 1, unit]`.
        variance: `[config, 1, unit]`, unbiased.
    """

    mean: Tensor
    variance: Tensor


class Normalization(Scheme):
    """A map of pre-activations `[config, batch, unit]` onto normalized ones of the same shape.

    Attributes:
        learnable: whether γ and β exist.
        tracks: whether running statistics exist.
        absorbs_bias: whether a bias before it changes nothing; classifiers then have none there.
        minimum_batch: smallest number of examples for which the training mode is defined.
    """

    learnable: ClassVar[bool] = False
    tracks: ClassVar[bool] = False
    absorbs_bias: ClassVar[bool] = False
    minimum_batch: ClassVar[int] = 1

    def forward(self, z: Tensor, scale: Scale | None, running: Running | None) -> tuple[Tensor, Any]:
        """Normalize in training mode.

        Args:
            z: pre-activations `[config, batch, unit]`; may be overwritten.
            scale: γ and β; None stands for γ = 1, β = 0.
            running: statistics to update in place; None where nobody evaluates.

        Returns:
            The normalized pre-activations, and what backward needs.
        """
        raise NotImplementedError(f"{type(self).__name__} must define forward")

    def backward(self, dy: Tensor, saved: Any, scale: Scale | None) -> tuple[Tensor, Scale | None]:
        """Carry a gradient back through the training mode.

        Args:
            dy: gradient at the output `[config, batch, unit]`.
            saved: what forward returned beside its output.
            scale: γ and β, as in forward.

        Returns:
            The gradient at z, and the gradients of γ and β (None where scale is None).
        """
        raise NotImplementedError(f"{type(self).__name__} must define backward")

    def evaluate(self, z: Tensor, scale: Scale | None, running: Running | None) -> Tensor:
        """Normalize in evaluation mode.

        Args:
            z: pre-activations `[config, batch, unit]`.
            scale: γ and β; None stands for γ = 1, β = 0.
            running: the running statistics, where the member tracks them.
        """
        raise NotImplementedError(f"{type(self).__name__} must define evaluate")


normalizations: Registry[Normalization] = Registry("normalization", "engine.normalizations")
