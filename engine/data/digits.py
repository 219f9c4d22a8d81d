"""Handwritten digits of 8×8 pixels, shipped with scikit-learn."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets


@datasets.register
class Digits(Dataset):
    """1,797 handwritten digits, a fifth of them held out, stratified."""

    name = "digits"
    image = (8, 1)
    features, classes, train_size, test_size = 64, 10, 1437, 360
    fewest = 139
    card = Card(
        "Digits",
        "8×8 grey images, 10 classes, values 0 to 16",
        "Alpaydin & Kaynak 1998, UCI; as shipped with scikit-learn",
        notes="A stratified fifth is the test split.",
    )

    def load(self) -> Split:
        """Return the digits, a stratified fifth of them as the test split."""
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        x, y = load_digits(return_X_y=True)
        parts = train_test_split(x.astype(np.float32), y.astype(np.int64), test_size=0.2, stratify=y, random_state=0)
        train_x, test_x, train_y, test_y = parts
        return Split(train_x, train_y, test_x, test_y)
