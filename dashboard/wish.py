"""What a reader wants a network to be, as a value, and the questions to the store that follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, cell_filters
from goldilocks.dashboard.question import Question

# What networks have in common on which combinations are compared.
SHAPE = ("network", "dataset", "preprocessing", "activation", "depth", "width", "batch_size", "steps")
# What a combination is.
COMBINATION = ("init", "norm", "optimizer", "lr")


@dataclass(frozen=True)
class Wish:
    """The network that is wanted, and what may be used on it.

    Attributes:
        depth: hidden layers.
        width: units of each.
        network: its kind; None for any.
        activation: the activation.
        norms: the normalizations that are allowed; None for any.
        optimizer: the only optimizer that is; None for any.
        dataset: the data set most like the reader's; None for any.
    """

    depth: int
    width: int
    network: str | None
    activation: str
    norms: list[str] | None
    optimizer: str | None
    dataset: str | None

    @property
    def _near(self) -> dict[str, Any]:
        datasets = None if self.dataset is None else [self.dataset]
        return {"depth": self.depth, "width": self.width, "networks": self._networks, "datasets": datasets}

    @property
    def _networks(self) -> list[str] | None:
        return None if self.network is None else [self.network]

    @property
    def optimizers(self) -> list[str] | None:
        """The optimizers that are allowed; None for all."""
        return None if self.optimizer is None else [self.optimizer]

    @property
    def nearest(self) -> Question:
        """The networks that were trained with what is allowed, the nearest first."""
        allowed = {"activation": self.activation, "norms": self.norms, "optimizers": self.optimizers}
        return Question("nearest_trained", self._near | allowed)

    @property
    def theory(self) -> Question:
        """What theory expects of it, for each initialization and normalization that the store has theory of."""
        values = {"activation": self.activation, "depth": self.depth, "target_width": self.width}
        return Question("outlook_at_depth", values | {"network": self.network})

    @property
    def of_another_shape(self) -> Question:
        """What trains with what is allowed, whatever the depth and the width."""
        return Question("what_trains", self._near | {"activations": [self.activation], "norms": self.norms})

    @property
    def as_deep(self) -> Question:
        """What trains at its depth, whatever it takes."""
        return Question("what_trains", self._near | {"least_depth": self.depth})


@dataclass(frozen=True)
class Nearest:
    """The network nearest to a wish that was trained, and what was tried on it.

    Attributes:
        wish: the wish.
        shape: its value on each axis of `SHAPE`.
        distance: how far it is from what is wanted.
    """

    wish: Wish
    shape: dict[str, Any]
    distance: float

    @property
    def is_wanted(self) -> bool:
        """Whether it is of the shape that is wanted."""
        return (self.shape["depth"], self.shape["width"]) == (self.wish.depth, self.wish.width)

    @property
    def tried(self) -> Question:
        """All combinations that were tried on it, the best first."""
        allowed = {"norms": self.wish.norms, "optimizers": self.wish.optimizers}
        return Question("recommendation", self.shape | allowed)

    def learning(self, best: pd.DataFrame) -> Question:
        """Return the question for the learning curves of some combinations.

        Args:
            best: rows of `tried`.
        """
        chosen = {axis: axes.ordered(axis, map(cell_filters.plain, best[axis])) for axis in COMBINATION}
        cells = cell_filters.bound({axis: [value] for axis, value in self.shape.items()} | chosen)
        return Question("curves_over_seeds", {"metrics": ["test_accuracy"], **cells})


def nearest(wish: Wish) -> Nearest | None:
    """Return the network nearest to a wish that was trained, or None when none was with what is allowed."""
    found = wish.nearest.frame()
    if found.empty:
        return None
    first = found.iloc[0]
    return Nearest(wish, {axis: cell_filters.plain(first[axis]) for axis in SHAPE}, float(first["distance"]))


def given_up(wish: Wish, activations: Iterable[str]) -> dict[str, Nearest]:
    """Return which wishes fail where nothing matches: the nearest network once one of them alone is given up.

    Args:
        wish: the wish.
        activations: those that were trained.

    Returns:
        By the name of the wish; one that changes nothing when it is given up is not among them.
    """
    others = {
        "norms": nearest(replace(wish, norms=None)),
        "optimizer": nearest(replace(wish, optimizer=None)),
        "dataset": nearest(replace(wish, dataset=None)),
        "network": nearest(replace(wish, network=None)),
    }
    trained = [nearest(replace(wish, activation=one)) for one in activations if one != wish.activation]
    others["activation"] = min((one for one in trained if one), key=lambda one: one.distance, default=None)
    return {name: found for name, found in others.items() if found}
