"""What a network declares: how its layers are connected, forward and backward.

A network does not own weights. The caller hands it the layers, so the same definition serves the training study (every
configuration has its own weights) and the propagation study (all configurations share one noise matrix).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from torch import Tensor

from engine.activations import Activation
from engine.networks.affine import Affine
from engine.normalizations import Normalization
from engine.normalizations.base import Running, Scale
from engine.registry import Registry
from engine.scheme import Scheme

Map = TypeVar("Map", bound=Affine, covariant=True)


@dataclass
class HiddenLayer(Generic[Map]):
    """One hidden layer: affine map, normalization, activation.

    Attributes:
        affine: the affine map over all configurations.
        activation: φ, or a piecewise one when configurations differ.
        norm: the normalization, likewise.
        scale: γ and β of the normalization, or None.
        running: running statistics of the normalization, or None.
    """

    affine: Map
    activation: Activation
    norm: Normalization
    scale: Scale | None = None
    running: Running | None = None


@dataclass
class Tape:
    """What one hidden layer leaves behind for its backward pass and for statistics, all `[config, batch, unit]`.

    Attributes:
        inputs: what entered the affine map.
        pre: what entered the activation.
        act: what left it.
        saved: the normalization's own memory.
    """

    inputs: Tensor
    pre: Tensor
    act: Tensor
    saved: Any


@dataclass
class LayerGradient:
    """Gradients of one hidden layer.

    Attributes:
        act: at the layer's output `[config, batch, unit]`.
        affine: at the affine map's output, same shape.
        scale: of γ and β, or None.
    """

    act: Tensor
    affine: Tensor
    scale: Scale | None


class Network(Scheme):
    """A family of networks.

    Attributes:
        order: the operations of one hidden layer, in execution order.
    """

    order: ClassVar[tuple[str, ...]]

    def dims(self, inputs: int, width: int, depth: int) -> list[int]:
        """Return the number of units of the input and of each hidden layer.

        Args:
            inputs: size of an example.
            width: units in each hidden layer.
            depth: number of hidden layers.
        """
        raise NotImplementedError(f"{type(self).__name__} must define dims")

    def forward(self, layers: Sequence[HiddenLayer], x: Tensor, keep_pre: bool = True) -> list[Tape]:
        """Run the hidden layers in training mode.

        Args:
            layers: the hidden layers, first to last.
            x: inputs `[config, batch, unit]`, or `[1, batch, unit]` shared by all.
            keep_pre: whether each tape's `pre` is wanted for more than the backward pass, and is never overwritten.

        Returns:
            One tape per layer; the last one's `act` is the output.
        """
        raise NotImplementedError(f"{type(self).__name__} must define forward")

    def backward(
        self, layers: Sequence[HiddenLayer], tapes: Sequence[Tape], gradient: Tensor
    ) -> Iterator[LayerGradient]:
        """Carry a gradient back from the output of the last hidden layer.

        Args:
            layers: as in forward.
            tapes: what forward returned.
            gradient: at the output of the last layer `[config, batch, unit]`.

        Returns:
            The gradients of each layer, last to first. A layer's weights may be changed once its gradients are out.
        """
        raise NotImplementedError(f"{type(self).__name__} must define backward")

    def evaluate(self, layers: Sequence[HiddenLayer], x: Tensor) -> Tensor:
        """Run the hidden layers in evaluation mode.

        Args:
            layers: the hidden layers, first to last.
            x: inputs, as in forward.

        Returns:
            The output of the last layer `[config, batch, unit]`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define evaluate")


networks: Registry[Network] = Registry("network", "engine.networks")
