"""The handwritten digits at the size of Fashion-MNIST: a target unlike clothing."""

import numpy as np
from scipy.ndimage import zoom

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets
from goldilocks.engine.data.digits import Digits

ENLARGED, BORDER, BRIGHTEST = 3, 2, 16


@datasets.register
class Digits28(Dataset):
    """The digits, three times as large, with a black border."""

    name = "digits-28"
    image = (28, 1)
    features, classes, train_size, test_size = 784, 10, Digits.train_size, Digits.test_size
    fewest = Digits.fewest
    card = Card(
        "Digits at 28×28",
        "28×28 grey images, 10 classes, values 0 to 1",
        "Alpaydin & Kaynak 1998, UCI; as shipped with scikit-learn",
        notes="The 8×8 images, enlarged three times by linear interpolation, inside a border of two black pixels.",
    )

    def load(self) -> Split:
        """Return the digits, enlarged and with a border."""
        raw = Digits().load()
        return Split(_enlarged(raw.train_x), raw.train_y, _enlarged(raw.test_x), raw.test_y)


def _enlarged(x: np.ndarray) -> np.ndarray:
    images = zoom(x.reshape(-1, 8, 8) / BRIGHTEST, (1, ENLARGED, ENLARGED), order=1)
    return np.pad(images, ((0, 0), (BORDER, BORDER), (BORDER, BORDER))).reshape(len(x), -1).astype(np.float32)
