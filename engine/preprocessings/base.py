"""What a preprocessing declares: a map fitted on the training split and applied to both."""

from collections.abc import Callable

import numpy as np

from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

Transform = Callable[[np.ndarray], np.ndarray]


class Preprocessing(Scheme):
    """A map of examples `[example, feature]`."""

    def fit(self, train: np.ndarray) -> Transform:
        """Return the map, with its statistics taken from the training split only.

        Args:
            train: training examples `[example, feature]`, float64.
        """
        raise NotImplementedError(f"{type(self).__name__} must define fit")


preprocessings: Registry[Preprocessing] = Registry("preprocessing", "goldilocks.engine.preprocessings")
