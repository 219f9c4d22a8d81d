"""A data set of five correlated inputs, for tests of what is done to inputs."""

import numpy as np

from goldilocks.engine.data import Dataset, Split


class Made(Dataset):
    """Correlated inputs, one of them constant in training and not in testing; `shift` moves the test split alone."""

    name = "made"
    features, classes, train_size, test_size = 5, 2, 300, 100
    shift: float = 0.0
    repeat: int = 1

    def load(self) -> Split:
        random = np.random.default_rng(0)
        x = (random.standard_normal((400, 5)) @ random.standard_normal((5, 5)) + [1, 2, 3, 4, 5]).astype(np.float32)
        x[:300, 2] = 7
        y = np.arange(400) % 2
        return Split(np.tile(x[:300], (self.repeat, 1)), np.tile(y[:300], self.repeat), x[300:] + self.shift, y[300:])
