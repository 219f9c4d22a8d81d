"""Independent N(0,1) inputs: the lecture's experiment."""

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, datasets


@datasets.register
class Gaussian(Dataset):
    """x ~ N(0, 1), independent; as many features as the network is wide."""

    name = "gaussian"
    features = None
    card = Card(
        "Gaussian inputs",
        "x ~ N(0, 1), independent",
        "CS231n 2021, lecture 7",
        notes="No labels: for the propagation study only.",
        label="N(0,1) inputs",
    )
