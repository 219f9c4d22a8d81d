"""What a study measures beside the columns of the store's tables, as people read it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Quantity:
    """Something that a study measures beside the columns of the store's tables; a row of the store's `metrics`.

    Attributes:
        name: name in the store's table `measurements`.
        label: axis title.
        meaning: definition.
        unit: 1 for a pure number.
        better: which direction is better, or None when neither.
        position: axis title of what it is a function of, or None for a single number.
        decides: whether a value that is not finite says that the network diverged; not so where a sound network may
            have one, as in a ratio of two zeros.
    """

    name: str
    label: str
    meaning: str
    unit: str = "1"
    better: Literal["higher", "lower"] | None = None
    position: str | None = None
    decides: bool = True
