"""A thousand training images: what CS231n's second assignment trains its deep networks on."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets
from goldilocks.engine.data.fashion_small import FashionSmall

PER_CLASS = 100


@datasets.register
class Fashion1000(Dataset):
    """The first 100 training images per class of `fashion-small`, and its test images."""

    name = "fashion-1000"
    image = FashionSmall.image
    features, classes, train_size, test_size = 784, 10, 1000, 1000
    fewest = 100
    card = Card(
        "Fashion-MNIST, 1,000 images",
        "28×28 grey images of clothing, 10 classes, values 0 to 1",
        "Xiao, Rasul & Vollgraf 2017 (MIT licence); CS231n, assignment 2",
        notes="The first 100 training images of each class of fashion-small; the same test images.",
    )

    def load(self) -> Split:
        """Return the first training images of each class of `fashion-small`, and its test images."""
        whole = FashionSmall().load()
        first = np.sort(np.concatenate([np.flatnonzero(whole.train_y == c)[:PER_CLASS] for c in range(self.classes)]))
        return Split(whole.train_x[first], whole.train_y[first], whole.test_x, whole.test_y)
