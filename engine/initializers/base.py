"""What an initialization declares: a scale, and the family of draws that it scales.

A weight matrix is scale × base noise. The base noise has unit second moment and depends on (seed, layer, shape,
family) alone, so all schemes of a family are compared on the same draws.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.activations import Activation
from engine.registry import Registry
from engine.scheme import Scheme

Family = Literal["normal", "uniform", "orthogonal", "ones"]


@dataclass(frozen=True)
class Fans:
    """Numbers of units that a weight matrix connects.

    Attributes:
        fan_in: inputs of each unit; for a convolution filter² · input channels.
        fan_out: units that each input feeds.
    """

    fan_in: int
    fan_out: int


class Initializer(Scheme):
    """A distribution of initial weights and biases.

    Attributes:
        family: which base noise is scaled.
        independent: whether entries are independent with mean 0, so that mean-field theory applies.
    """

    family: ClassVar[Family] = "normal"
    independent: ClassVar[bool] = True

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the root mean square of the weights.

        Args:
            fans: numbers of units connected.
            activation: what follows the affine map, for schemes with a gain.
        """
        raise NotImplementedError(f"{type(self).__name__} must define scale")

    def bias_scale(self, fans: Fans) -> float:
        """Return the root mean square of the biases; they are uniform draws, and zero unless a member says otherwise.

        Args:
            fans: numbers of units connected.
        """
        return 0.0


initializers: Registry[Initializer] = Registry("initializer", "engine.initializers")
