"""The residual perceptron: each layer adds something to a stream instead of replacing it."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Literal

import torch
from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.data import Dataset
from goldilocks.engine.networks.base import HiddenLayer, LayerGradient, Network, Tape, networks
from goldilocks.engine.networks.connection import LayerShape


@networks.register
class ResidualMlp(Network):
    """x ← xW + b, then x ← x + α·(φ(norm(x))W + b) again and again; φ(norm(x)) of the last x is the output."""

    name = "residual_mlp"
    order = ("affine", "add", "norm", "activation")
    theory = "residual"
    card = Card(
        "Residual multilayer perceptron",
        "x ← xW + b once; x ← x + α·(φ(norm(x))W + b), depth − 1 times; the read-out sees φ(norm(x))",
        "He, Zhang, Ren & Sun 2016 (pre-activation); De & Smith 2020 (SkipInit); Zhang, Dauphin & Ma 2019 (Fixup)",
        notes="branch sets α: 1 (none), 1/√depth, or a number per block that starts at 0 and is learned "
        "(zero). A block has one affine map, so that depth counts affine maps followed by an activation, as "
        "elsewhere. Where a branch keeps the variance, that of the stream doubles per block with α = 1, and grows "
        "like l + 1 behind batch norm, however many maps a branch has. Statistics of a layer are those of the stream x "
        "after its block; pre and saturation are those of the activation that follows. No band is predicted.",
        snippet="x = x + alpha * layer(activation(norm(x)))",
        rank=20,
    )

    branch: Literal["none", "1/sqrt(depth)", "zero"] = "none"

    def shapes(self, dataset: Dataset, width: int, depth: int) -> list[LayerShape]:
        return [LayerShape(self.features(dataset, width), width), *[LayerShape(width, width)] * (depth - 1)]

    def branch_factor(self, layer: int, depth: int) -> float | None:
        # The first layer begins the stream.
        return None if layer == 1 else {"none": 1.0, "1/sqrt(depth)": depth**-0.5, "zero": 0.0}[self.branch]

    @property
    def learns_factors(self) -> bool:
        return self.branch == "zero"

    def shifts(self, biases: Sequence[Tensor]) -> Sequence[Tensor]:
        factors = (self.branch_factor(layer, len(biases)) for layer in range(1, len(biases) + 1))
        added = [bias if factor is None else factor * bias for factor, bias in zip(factors, biases, strict=True)]
        return list(accumulate(added))

    def forward(self, layers: Sequence[HiddenLayer], x: Tensor, keep_pre: bool = True) -> list[Tape]:
        tapes: list[Tape] = []
        stream = None
        for layer in layers:
            branch = layer.affine.forward(x)
            stream = _added(stream, branch, layer)
            # Normalization and activation may write over what they get, and the stream flows on.
            pre, saved = layer.norm.forward(stream.clone(), layer.scale, layer.running)
            act = layer.activation(pre) if keep_pre else layer.activation.apply_(pre)
            learned = layer.branch is not None and layer.branch.learned
            tapes.append(Tape(x, pre, act, saved, branch if learned else None, stream if keep_pre else None))
            x = act
        return tapes

    def backward(
        self, layers: Sequence[HiddenLayer], tapes: Sequence[Tape], gradient: Tensor
    ) -> Iterator[LayerGradient]:
        at_stream = None
        for layer, tape in zip(reversed(layers), reversed(tapes), strict=True):
            dy = layer.activation.backward(gradient, tape.pre, tape.act)
            through, dscale = layer.norm.backward(dy, tape.saved, layer.scale)
            at_stream = through if at_stream is None else at_stream + through
            if layer.branch is None:
                yield LayerGradient(at_stream, at_stream, dscale)
            else:
                at_branch = at_stream * layer.branch.factor
                dfactor = None if tape.branch is None else (at_stream * tape.branch).sum((1, 2), keepdim=True)
                gradient = layer.affine.backward(at_branch)
                yield LayerGradient(at_stream, at_branch, dscale, dfactor)

    def evaluate(self, layers: Sequence[HiddenLayer], x: Tensor) -> Tensor:
        stream = None
        for layer in layers:
            stream = _added(stream, layer.affine.forward(x), layer)
            x = layer.activation.apply_(layer.norm.evaluate(stream.clone(), layer.scale, layer.running))
        return x


def _added(stream: Tensor | None, branch: Tensor, layer: HiddenLayer) -> Tensor:
    if stream is None or layer.branch is None:
        return branch
    return torch.addcmul(stream, branch, layer.branch.factor)
