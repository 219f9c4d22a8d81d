"""The multilayer perceptron of the lecture: affine map, normalization, activation, again and again."""

from goldilocks.engine.card import Card
from goldilocks.engine.data import Dataset
from goldilocks.engine.networks.base import networks
from goldilocks.engine.networks.connection import LayerShape
from goldilocks.engine.networks.sequential import Sequential


@networks.register
class Mlp(Sequential):
    """depth hidden layers of equal width: h ← φ(norm(hW + b))."""

    name = "mlp"
    nested = True
    theory = "feedforward"
    card = Card(
        "Multilayer perceptron",
        "h ← φ(norm(hW + b)), depth times; a classifier adds one affine read-out",
        "CS231n 2021, lecture 7",
        snippet="nn.Sequential(*[m for _ in range(depth) for m in (nn.Linear(width, width), norm, activation)])",
        rank=10,
    )

    def shapes(self, dataset: Dataset, width: int, depth: int) -> list[LayerShape]:
        return [LayerShape(self.features(dataset, width), width), *[LayerShape(width, width)] * (depth - 1)]
