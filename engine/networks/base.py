"""What a network declares: how its layers are connected, forward and backward.

A network does not own weights. The caller hands it the layers, so the same definition serves the training study (every
configuration has its own weights) and the propagation study (all configurations share one noise matrix).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.data import Dataset
from goldilocks.engine.networks.affine import Affine, BatchedAffine
from goldilocks.engine.networks.connection import LayerShape
from goldilocks.engine.normalizations import Normalization
from goldilocks.engine.normalizations.base import Running, Scale
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

Map = TypeVar("Map", bound=Affine, covariant=True)


@dataclass
class Branch:
    """The factor on what a residual block adds to its input.

    Attributes:
        factor: `[config, 1, 1]`.
        learned: whether it is trained.
    """

    factor: Tensor
    learned: bool


@dataclass
class HiddenLayer(Generic[Map]):
    """One hidden layer: affine map, normalization, activation.

    Attributes:
        affine: the affine map over all configurations.
        activation: φ, or a piecewise one when configurations differ.
        norm: the normalization, likewise.
        scale: γ and β of the normalization, or None.
        running: running statistics of the normalization, or None.
        branch: what the affine map's output is multiplied by before it is added to the layer's input, or None where
            nothing is added.
    """

    affine: Map
    activation: Activation
    norm: Normalization
    scale: Scale | None = None
    running: Running | None = None
    branch: Branch | None = None


def trained_tensors(layer: HiddenLayer[BatchedAffine]) -> list[Tensor]:
    """Return what is trained in a layer: weight, bias, γ, β and the factor of its branch, where they exist."""
    branch = [layer.branch.factor] if layer.branch and layer.branch.learned else []
    return [*layer.affine.tensors(), *(layer.scale.tensors() if layer.scale else []), *branch]


@dataclass
class Tape:
    """What one hidden layer leaves behind for its backward pass and for statistics, all `[config, batch, unit]`.

    On images the second axis counts the positions of all examples.

    Attributes:
        inputs: what entered the affine map.
        pre: what entered the activation.
        act: what left it.
        saved: the normalization's own memory.
        branch: what left the affine map, where a learned factor multiplies it.
        stream: what the layer hands on past the activation, in a residual network; kept for statistics only.
    """

    inputs: Tensor
    pre: Tensor
    act: Tensor
    saved: Any
    branch: Tensor | None = None
    stream: Tensor | None = None

    @property
    def output(self) -> Tensor:
        """What the layer hands on: the stream of a residual network, else what left the activation."""
        return self.act if self.stream is None else self.stream


@dataclass
class LayerGradient:
    """Gradients of one hidden layer.

    Attributes:
        output: at the layer's output `[config, batch, unit]`.
        affine: at the affine map's output, same shape.
        scale: of γ and β, or None.
        branch: of the factor of its branch `[config, 1, 1]`, or None where it is not learned.
    """

    output: Tensor
    affine: Tensor
    scale: Scale | None
    branch: Tensor | None = None

    def tensors(self, affine: BatchedAffine, tape: Tape) -> list[Tensor]:
        """Return the gradients of `trained_tensors` of the layer.

        Args:
            affine: the layer's affine map.
            tape: what the forward pass left behind in the layer.
        """
        scale = [] if self.scale is None else self.scale.tensors()
        branch = [] if self.branch is None else [self.branch]
        return [*affine.gradients(tape.inputs, self.affine), *scale, *branch]


class Network(Scheme):
    """A family of networks.

    Attributes:
        order: the operations of one hidden layer, in execution order.
        nested: whether a shallower network is the lower part of a deeper one.
        theory: which theory predicts it, or None where none is known.
    """

    order: ClassVar[tuple[str, ...]]
    nested: ClassVar[bool] = False
    theory: ClassVar[Literal["feedforward", "residual", "convolution"] | None] = None

    def features(self, dataset: Dataset, width: int) -> int:
        """Return the size of an example.

        Args:
            dataset: what the examples are from.
            width: units in each hidden layer.
        """
        return dataset.features or width

    def shapes(self, dataset: Dataset, width: int, depth: int) -> list[LayerShape]:
        """Return the sizes of each hidden layer.

        Args:
            dataset: what the examples are from.
            width: units in each hidden layer; channels of a convolutional one.
            depth: number of hidden layers.
        """
        raise NotImplementedError(f"{type(self).__name__} must define shapes")

    @property
    def head_layers(self) -> int:
        """Number of fully connected layers on top of others, which transfer may replace."""
        return 0

    def refusal(self, dataset: Dataset, depth: int) -> str | None:
        """Say why there is no such network, or return None.

        Args:
            dataset: what the examples are from.
            depth: number of hidden layers.
        """
        return None

    def branch_factor(self, layer: int, depth: int) -> float | None:
        """Return the initial factor of a residual block's branch, or None for a layer that adds nothing to its input.

        Args:
            layer: number of the hidden layer, from 1.
            depth: number of hidden layers.
        """
        return None

    @property
    def learns_factors(self) -> bool:
        """Whether the factors of the branches are trained."""
        return False

    def shifts(self, biases: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return what the biases of all layers add, before training, to what enters each layer's normalization.

        Args:
            biases: `[config, 1, unit]` of each layer.
        """
        return biases

    def forward(self, layers: Sequence[HiddenLayer], x: Tensor, keep_pre: bool = True) -> list[Tape]:
        """Run the hidden layers in training mode.

        Args:
            layers: the hidden layers, first to last.
            x: inputs `[config, batch, unit]`, or `[1, batch, unit]` shared by all.
            keep_pre: whether each tape's `pre` and `output` are wanted for more than the backward pass.

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


networks: Registry[Network] = Registry("network", "goldilocks.engine.networks")
