"""What a data set declares: its examples, its labels and its fixed split."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from goldilocks.engine.data.download import Announce, quietly
from goldilocks.engine.preprocessings import Preprocessing
from goldilocks.engine.preprocessings.base import Transform
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

# Examples that are mapped at once.
PIECE = 8192


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
        fewest: training examples of the smallest class; 0 where a data set does not say.
    """

    features: ClassVar[int | None]
    image: ClassVar[tuple[int, int] | None] = None
    classes: ClassVar[int] = 0
    train_size: ClassVar[int] = 0
    test_size: ClassVar[int] = 0
    fewest: ClassVar[int] = 0

    @property
    def remark(self) -> str | None:
        """What one should know about this data set before it is used, in a sentence, or None."""
        return None

    def fetch(self, announce: Announce = quietly) -> None:
        """Make sure that `load` will find the examples; a data set that is shipped has nothing to do.

        Args:
            announce: called with the name of each file that is downloaded.

        Raises:
            RequestError: there is no way to get them; the message says which ways there are.
        """

    def at_hand(self) -> bool:
        """Tell whether `load` finds the examples without asking another machine."""
        return True

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
    transform = preprocessing.fit(raw.train_x.astype(np.float64))
    return Split(_mapped(transform, raw.train_x), raw.train_y, _mapped(transform, raw.test_x), raw.test_y)


def _mapped(transform: Transform, x: np.ndarray) -> np.ndarray:
    """Apply a map in float64, piece by piece, so that a large set is never held in float64 whole."""
    pieces = [slice(start, start + PIECE) for start in range(0, len(x), PIECE)]
    return np.concatenate([transform(x[piece].astype(np.float64)).astype(np.float32) for piece in pieces])


datasets: Registry[Dataset] = Registry("dataset", "goldilocks.engine.data")
