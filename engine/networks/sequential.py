"""Hidden layers one after the other, each fed by the one before: affine map, normalization, activation."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from goldilocks.engine.networks.base import HiddenLayer, LayerGradient, Network, Tape


class Sequential(Network):
    """h ← φ(norm(hW + b)), layer after layer."""

    order = ("affine", "norm", "activation")

    def forward(self, layers: Sequence[HiddenLayer], x: Tensor, keep_pre: bool = True) -> list[Tape]:
        tapes = []
        for layer in layers:
            pre, saved = layer.norm.forward(layer.affine.forward(x), layer.scale, layer.running)
            act = layer.activation(pre) if keep_pre else layer.activation.apply_(pre)
            tapes.append(Tape(x, pre, act, saved))
            x = act
        return tapes

    def backward(
        self, layers: Sequence[HiddenLayer], tapes: Sequence[Tape], gradient: Tensor
    ) -> Iterator[LayerGradient]:
        for depth in range(len(layers) - 1, -1, -1):
            layer, tape = layers[depth], tapes[depth]
            dy = layer.activation.backward(gradient, tape.pre, tape.act)
            dz, dscale = layer.norm.backward(dy, tape.saved, layer.scale)
            below = layer.affine.backward(dz) if depth else gradient
            yield LayerGradient(gradient, dz, dscale)
            gradient = below

    def evaluate(self, layers: Sequence[HiddenLayer], x: Tensor) -> Tensor:
        for layer in layers:
            x = layer.activation.apply_(layer.norm.evaluate(layer.affine.forward(x), layer.scale, layer.running))
        return x
