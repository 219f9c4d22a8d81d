"""A stratified subset of Fashion-MNIST that travels with the code."""

from importlib.resources import as_file, files

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets

ASSET = "fashion_small.npz"


@datasets.register
class FashionSmall(Dataset):
    """600 training and 100 test images per class of Fashion-MNIST."""

    name = "fashion-small"
    aliases = ("fashion_small",)
    image = (28, 1)
    features, classes, train_size, test_size = 784, 10, 6000, 1000
    fewest = 600
    card = Card(
        "Fashion-MNIST, small",
        "28×28 grey images of clothing, 10 classes, values 0 to 1",
        "Xiao, Rasul & Vollgraf 2017 (MIT licence)",
        notes="The first images of each class in the original order; made by engine/data/assets/make_fashion_small.py.",
    )

    def load(self) -> Split:
        """Return the images that travel with the code."""
        with as_file(files("goldilocks.engine.data") / "assets" / ASSET) as path, np.load(path) as arrays:
            train, test = (arrays[key].reshape(-1, 784).astype(np.float32) / 255 for key in ("train_x", "test_x"))
            return Split(train, arrays["train_y"].astype(np.int64), test, arrays["test_y"].astype(np.int64))
