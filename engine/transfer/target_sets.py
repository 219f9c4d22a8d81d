"""Small target sets for transfer: some images of each class, drawn so that smaller sets are parts of larger ones."""

from functools import lru_cache

import numpy as np

from goldilocks.engine import randomness
from goldilocks.engine.data import Dataset
from goldilocks.engine.data.base import Split
from goldilocks.engine.preprocessings import Preprocessing


@lru_cache(maxsize=8)
def seen_from(source: Dataset, target: Dataset, preprocessing: Preprocessing) -> Split:
    """Return the target set as a network of the source sees it: statistics are those of the source's training split.

    Args:
        source: what the network was trained on.
        target: what it meets.
        preprocessing: what was done to the source's examples.
    """
    transform = preprocessing.fit(source.load().train_x.astype(np.float64))
    raw = target.load()
    train, test = (transform(x.astype(np.float64)).astype(np.float32) for x in (raw.train_x, raw.test_x))
    return Split(train, raw.train_y, test, raw.test_y)


def images_per_class(target: Dataset, wanted: int) -> int:
    """Return how many images of each class a target set has: as many as wanted, or as its smallest class.

    Args:
        target: the set they come from.
        wanted: how many are requested.
    """
    return min(wanted, target.fewest or target.train_size // target.classes)


def shortage(target: Dataset, wanted: int) -> str | None:
    """Say that a target set has fewer images of a class than requested, or None.

    Args:
        target: the set they come from.
        wanted: how many are requested.
    """
    there = images_per_class(target, wanted)
    if there == wanted:
        return None
    return f"per_class = {wanted}: {target} has {there} training examples of its smallest class; {there} are used"


def chosen(target: Dataset, labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Return the training examples of a small target set, class after class.

    Args:
        target: the set they come from.
        labels: its training labels.
        per_class: how many of each class.
        seed: of the draw; a larger set contains a smaller one of the same seed.
    """
    classes = []
    for label in range(target.classes):
        members = np.flatnonzero(labels == label)
        order = randomness.permutations(("target set", target.name, seed, label), len(members), len(members))
        classes.append(members[order[:per_class]])
    return np.concatenate(classes)


def minibatches(target: Dataset, labels: np.ndarray, per_class: int, seed: int, length: int) -> np.ndarray:
    """Return the examples of a small target set in the order of use: endless reshuffling, cut to a length.

    Args:
        target: the set they come from.
        labels: its training labels.
        per_class: how many of each class.
        seed: of the draw and of the order.
        length: number of entries wanted.
    """
    examples = chosen(target, labels, per_class, seed)
    return examples[randomness.permutations(("target order", target.name, seed, per_class), len(examples), length)]
