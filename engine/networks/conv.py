"""The convolutional network of the lecture in small: convolutions, then fully connected layers where wanted."""

from typing import Annotated, Literal

from pydantic import Field

from goldilocks.engine.card import Card
from goldilocks.engine.data import Dataset
from goldilocks.engine.networks.base import networks
from goldilocks.engine.networks.connection import Dense, LayerShape
from goldilocks.engine.networks.convolution import Convolution
from goldilocks.engine.networks.sequential import Sequential

GAUSSIAN_SIDE = 8


@networks.register
class Conv(Sequential):
    """depth − dense convolutions and dense fully connected layers, h ← φ(norm(h∗W + b)) each."""

    name = "conv"
    aliases = ("cnn",)
    theory = "convolution"
    card = Card(
        "Convolutional network",
        "h ← φ(norm(h∗W + b)), depth − dense times; h ← φ(norm(hW + b)), dense times; a classifier adds a read-out",
        "CS231n 2021, lecture 7; He, Zhang, Ren & Sun 2015 (fan-in = filter² · channels)",
        notes="width is the number of channels. Windows are filter × filter, with zeros beyond the border; the first "
        "strided convolutions move by 2 pixels. Batch norm takes its statistics over batch and positions "
        "(BatchNorm2d); group, layer and RMS norm over all positions of an example (GroupNorm, with one group for the "
        "latter two), with γ and β per channel. The read-out and the fully connected layers, of dense_width units or "
        "else width, see the flattened image: averaging over positions would hide from a shallow stack where things "
        "are. Gaussian inputs are images of side × side pixels with width channels. A unit is a channel: it is dead "
        "when inactive at every position of every example. Predictions know that the border sees fewer inputs; they "
        "are given for Gaussian inputs without normalization, and without a band.",
        snippet="nn.Conv2d(width, width, {filter}, padding={filter} // 2)",
        rank=30,
    )

    filter: Literal[1, 3, 5, 7] = 3
    strided: Annotated[int, Field(ge=0, le=8)] = 0
    dense: Annotated[int, Field(ge=0, le=8)] = 0
    dense_width: Annotated[int, Field(ge=1, le=65_536)] | None = None
    side: Annotated[int, Field(ge=1, le=256)] = GAUSSIAN_SIDE

    @property
    def head_layers(self) -> int:
        return self.dense

    def features(self, dataset: Dataset, width: int) -> int:
        return dataset.features or self.side**2 * width

    def shapes(self, dataset: Dataset, width: int, depth: int) -> list[LayerShape]:
        side, channels = dataset.image or (self.side, width)
        shapes = []
        for layer in range(depth - self.dense):
            convolution = Convolution(side, channels, self.filter, 2 if layer < self.strided else 1)
            shapes.append(LayerShape(convolution.receptive * channels, width, convolution))
            side, channels = convolution.out_side, width
        for _ in range(self.dense):
            before = shapes[-1]
            shapes.append(LayerShape(before.size, self.dense_width or width, Dense(before.positions)))
        return shapes

    def refusal(self, dataset: Dataset, depth: int) -> str | None:
        if dataset.features and not dataset.image:
            return f"network = {self}: the examples of dataset = {dataset} are not images"
        if dataset.image and self.side != GAUSSIAN_SIDE:
            return f"network = {self}: side is for Gaussian inputs; images of {dataset} have a side of their own"
        if self.dense_width and not self.dense:
            return f"network = {self}: dense_width needs dense of at least 1"
        if depth - self.dense < max(1, self.strided):
            needed = self.dense + max(1, self.strided)
            return f"depth = {depth}: network = {self} needs at least {needed}, its fully connected layers included"
        return None
