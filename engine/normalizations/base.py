"""What a normalization declares: a forward pass, its hand-written backward pass, and its evaluation mode."""

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme
from goldilocks.engine.theory.spheres import Sphere


@dataclass
class Scale:
    """Learnable scale and shift, with their gradients' shape.

    Attributes:
        gamma: γ `[config, 1, unit]`.
        beta: β `[config, 1, unit]`, or None where the normalization has no shift.
    """

    gamma: Tensor
    beta: Tensor | None

    def tensors(self) -> list[Tensor]:
        """Return γ, and β where it exists."""
        return [self.gamma] if self.beta is None else [self.gamma, self.beta]


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
        learnable: whether γ exists.
        shifts: whether β exists, too.
        tracks: whether it normalizes over the batch and keeps running statistics for evaluation, which is then affine:
            γ·(z − mean)/√(variance + variance_offset) + β.
        absorbs_bias: whether a bias before it changes nothing; classifiers then have none there.
        minimum_batch: smallest number of values of a unit, examples times positions, for which the training mode is
            defined.
        absent: whether it leaves everything as it is.
    """

    learnable: ClassVar[bool] = False
    shifts: ClassVar[bool] = True
    tracks: ClassVar[bool] = False
    absorbs_bias: ClassVar[bool] = False
    minimum_batch: ClassVar[int] = 1
    absent: ClassVar[bool] = False

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
            dy: gradient at the output `[config, batch, unit]`; may be overwritten.
            saved: what forward returned beside its output.
            scale: γ and β, as in forward.

        Returns:
            The gradient at z, and the gradients of γ and β (None where scale is None).
        """
        raise NotImplementedError(f"{type(self).__name__} must define backward")

    def evaluate(self, z: Tensor, scale: Scale | None, running: Running | None) -> Tensor:
        """Normalize in evaluation mode.

        Args:
            z: pre-activations `[config, batch, unit]`; may be overwritten.
            scale: γ and β; None stands for γ = 1, β = 0.
            running: the running statistics, where the member tracks them.
        """
        raise NotImplementedError(f"{type(self).__name__} must define evaluate")

    def for_positions(self, positions: int) -> "Normalization":
        """Return the form for images, whose rows are the positions of one example after those of another.

        Args:
            positions: rows that belong to one example.
        """
        return self

    @property
    def variance_offset(self) -> float:
        """What is added to a variance or mean square before its root is taken: eps, where a member has one."""
        return 0.0

    def sphere(self, batch: int, width: int) -> Sphere | None:
        """Return what it makes of Gaussian pre-activations, or None where no theory is known.

        Args:
            batch: number of examples.
            width: number of units.
        """
        return None

    @classmethod
    def normalizes(cls) -> str | None:
        """Return over what it normalizes, as theory sees it: nothing, units or batch; None where no theory is known."""
        if cls.absent:
            return "nothing"
        if cls.sphere is Normalization.sphere:
            return None
        return "batch" if cls.tracks else "units"

    @classmethod
    def usual_eps(cls) -> float:
        """Return what is added to a variance unless something else is asked for."""
        return float(cls.model_fields["eps"].default) if "eps" in cls.model_fields else 0.0

    def refusal(self, width: int) -> str | None:
        """Say why layers of a width cannot be normalized, or return None.

        Args:
            width: units in each hidden layer.
        """
        return None


normalizations: Registry[Normalization] = Registry("normalization", "goldilocks.engine.normalizations", "{name} norm")
