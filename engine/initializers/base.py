"""What an initialization declares: a scale, and the family of draws that it scales.

A weight matrix is scale × base noise. The base noise has unit second moment and depends on (seed, layer, shape,
family) alone, so all schemes of a family are compared on the same draws.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from goldilocks.engine.activations import Activation
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

Family = Literal["normal", "truncated", "uniform", "orthogonal", "ones"]
BiasFamily = Literal["normal", "uniform"]


@dataclass(frozen=True)
class Fans:
    """Numbers of units that a weight matrix connects.

    Attributes:
        fan_in: inputs of each unit; for a convolution filter² · input channels of a group. Behind a transposed
            convolution, whose units see different numbers of inputs, their mean.
        fan_out: units that each input feeds; for a convolution filter² · output channels of a group, borders and stride
            aside.
        receptive: positions that each unit sees; filter² for a convolution.
        matrix: sides of the weights as `torch.nn.init.orthogonal_` flattens them, where they are not fan_in and the
            number of units.
    """

    fan_in: float
    fan_out: float
    receptive: float = 1
    matrix: tuple[int, int] | None = None

    @property
    def channels(self) -> float:
        """Inputs of each unit at each position it sees."""
        return self.fan_in / self.receptive

    @property
    def longest(self) -> float:
        """The larger side of the weight matrix; with orthonormal rows or columns, its entries have rms 1/√longest."""
        return max(self.matrix or (self.fan_in, self.fan_out / self.receptive))


class Initializer(Scheme):
    """A distribution of initial weights and biases.

    Attributes:
        family: which base noise is scaled.
        bias_family: which base noise the biases are.
        centred: whether entries are uncorrelated draws with mean 0, so that mean-field theory applies.
        alike: whether all weights of a layer are alike, so that its units begin alike.
        data_dependent: whether each layer is rescaled, in execution order, until what leaves its affine map has
            variance 1 on the first minibatch.
    """

    family: ClassVar[Family] = "normal"
    bias_family: ClassVar[BiasFamily] = "uniform"
    centred: ClassVar[bool] = True
    alike: ClassVar[bool] = False
    data_dependent: ClassVar[bool] = False

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the root mean square of the weights.

        Args:
            fans: numbers of units connected.
            activation: what follows the affine map, for schemes with a gain.
        """
        raise NotImplementedError(f"{type(self).__name__} must define scale")

    def bias_scale(self, fans: Fans, activation: Activation) -> float:
        """Return the root mean square of the biases; zero unless a member says otherwise.

        Args:
            fans: numbers of units connected.
            activation: as in scale.
        """
        return 0.0

    def refusal(self, activation: Activation) -> str | None:
        """Say why the scheme does not exist for an activation, or return None.

        Args:
            activation: as in scale.
        """
        return None

    def remark(self, activation: Activation) -> str | None:
        """Say what the scheme does for an activation that one might not expect, or return None.

        Args:
            activation: as in scale.
        """
        return None


initializers: Registry[Initializer] = Registry("initializer", "goldilocks.engine.initializers")
