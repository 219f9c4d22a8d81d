"""Fashion-MNIST cut in two by class, for transfer: what a network learns on one part, it meets again in the other."""

import numpy as np

from engine.card import Card
from engine.data.base import Dataset, Split, datasets
from engine.data.fashion_small import FashionSmall

# Tops, shoes and what is neither are in both parts, so that low layers have something to pass on.
SOURCE_CLASSES = (0, 1, 3, 5, 8)
TARGET_CLASSES = (2, 4, 6, 7, 9)


@datasets.register
class FashionSource(Dataset):
    """T-shirt, trouser, dress, sandal and bag."""

    name = "fashion-source"
    image = (28, 1)
    features, classes, train_size, test_size = 784, 5, 3000, 500
    card = Card(
        "Fashion-MNIST, source classes",
        "28×28 grey images of T-shirts, trousers, dresses, sandals and bags, values 0 to 1",
        "Xiao, Rasul & Vollgraf 2017 (MIT licence)",
        notes="Half of the classes of fashion-small: what a network is trained on before the transfer.",
    )

    def load(self) -> Split:
        return part(SOURCE_CLASSES)


@datasets.register
class FashionTarget(Dataset):
    """Pullover, coat, shirt, sneaker and ankle boot."""

    name = "fashion-target"
    image = (28, 1)
    features, classes, train_size, test_size = 784, 5, 3000, 500
    card = Card(
        "Fashion-MNIST, target classes",
        "28×28 grey images of pullovers, coats, shirts, sneakers and ankle boots, values 0 to 1",
        "Xiao, Rasul & Vollgraf 2017 (MIT licence)",
        notes="The other half of the classes of fashion-small: a target similar to the source.",
    )

    def load(self) -> Split:
        return part(TARGET_CLASSES)


def part(classes: tuple[int, ...]) -> Split:
    """Return the examples of some classes of `fashion-small`, the classes numbered from 0.

    Args:
        classes: which ones, ascending.
    """
    whole = FashionSmall().load()
    kept, tested = np.isin(whole.train_y, classes), np.isin(whole.test_y, classes)
    train_y, test_y = (np.searchsorted(classes, labels) for labels in (whole.train_y[kept], whole.test_y[tested]))
    return Split(whole.train_x[kept], train_y, whole.test_x[tested], test_y)
