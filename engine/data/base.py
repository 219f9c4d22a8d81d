"""What a data set declares: its examples, its labels and its fixed split."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from engine.preprocessings import Preprocessing
from engine.registry import Registry
from engine.scheme import Scheme


@dataclass(frozen=True)
class Split:
    """Examples and labels of both splits.

    Attributes:
        train_x: `[example, feature]`, float32.
        train_y: class of each training example, int64.
        test_x: `[example, feature]`, float32.
        test_y: class of each test example, int64.
    """

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


class Dataset(Scheme):
    """A labelled set of examples.

    Attributes:
        features: size of an example; None where the network decides.
        image: side and channels of square images, whose features are the pixels row by row and within each its
            channels; None where examples are not images.
        classes: number of classes; 0 where there are no labels.
        train_size: number of training examples; 0 where they are drawn at will.
        test_size: number of test examples.
    """

    features: ClassVar[int | None]
    image: ClassVar[tuple[int, int] | None] = None
    classes: ClassVar[int] = 0
    train_size: ClassVar[int] = 0
    test_size: ClassVar[int] = 0

    def load(self) -> Split:
        """Return the raw examples."""
        raise NotImplementedError(f"{type(self).__name__} must define load")


@lru_cache(maxsize=8)
def prepared(dataset: Dataset, preprocessing: Preprocessing) -> Split:
    """Return a data set after preprocessing, its statistics taken from the training split only.

    Args:
        dataset: which examples.
        preprocessing: what is done to them.
    """
    raw = dataset.load()
    train = raw.train_x.astype(np.float64)
    transform = preprocessing.fit(train)
    test = transform(raw.test_x.astype(np.float64))
    return Split(transform(train).astype(np.float32), raw.train_y, test.astype(np.float32), raw.test_y)


datasets: Registry[Dataset] = Registry("dataset", "engine.data")
