"""Fashion-MNIST cut in two by class, for transfer: what a network learns on one part, it meets again in the other."""

from typing import ClassVar

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets
from goldilocks.engine.data.fashion_small import FashionSmall

REFERENCE = "Xiao, Rasul & Vollgraf 2017 (MIT licence)"


class FashionPart(Dataset):
    """Some classes of `fashion-small`, numbered from 0.

    Attributes:
        kept: which classes, ascending.
    """

    kept: ClassVar[tuple[int, ...]]
    image = FashionSmall.image
    features, classes, train_size, test_size = 784, 5, 3000, 500
    fewest = FashionSmall.fewest

    def load(self) -> Split:
        """Return the examples of the classes."""
        whole = FashionSmall().load()
        train, test = np.isin(whole.train_y, self.kept), np.isin(whole.test_y, self.kept)
        train_y, test_y = (np.searchsorted(self.kept, labels) for labels in (whole.train_y[train], whole.test_y[test]))
        return Split(whole.train_x[train], train_y, whole.test_x[test], test_y)


# Tops, shoes and what is neither are in both parts, so that low layers have something to pass on.
@datasets.register
class FashionSource(FashionPart):
    """T-shirt, trouser, dress, sandal and bag."""

    name = "fashion-source"
    kept = (0, 1, 3, 5, 8)
    card = Card(
        "Fashion-MNIST, source classes",
        "28×28 grey images of T-shirts, trousers, dresses, sandals and bags, values 0 to 1",
        REFERENCE,
        notes="Half of the classes of fashion-small: what a network is trained on before the transfer.",
    )


@datasets.register
class FashionTarget(FashionPart):
    """Pullover, coat, shirt, sneaker and ankle boot."""

    name = "fashion-target"
    kept = (2, 4, 6, 7, 9)
    card = Card(
        "Fashion-MNIST, target classes",
        "28×28 grey images of pullovers, coats, shirts, sneakers and ankle boots, values 0 to 1",
        REFERENCE,
        notes="The other half of the classes of fashion-small: a target similar to the source.",
    )
