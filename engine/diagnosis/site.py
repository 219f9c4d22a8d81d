"""What a measurement is about: the sites of a network in execution order, and its parameters."""

from dataclasses import dataclass
from typing import Literal

# Where a site lies: on the way from input to output, in a residual branch, on the shortcut around one, or at its end.
Role = Literal["stream", "branch", "skip", "read-out"]
Kind = Literal[
    "input",
    "affine",
    "convolution",
    "embedding",
    "normalization",
    "activation",
    "attention",
    "recurrent",
    "addition",
    "product",
]
# What a parameter is to the operation that first uses it.
Part = Literal["weight", "bias", "scale", "shift", "table", "other"]


@dataclass(frozen=True)
class Site:
    """An operation worth measuring; its value is what leaves it.

    Attributes:
        index: place in execution order, from 0.
        name: dotted name of the module in which it happens; empty for the model itself. A module that is known under
            several names has its first.
        call: which call of that module, counted from 1.
        operation: PyTorch's name of the operation, such as `linear`, `conv2d`, `gelu`, `add`, or the class of a module
            that is an activation as a whole.
        occurrence: which operation of that name in this call of the module, counted from 1.
        kind: what sort of operation it is.
        role: where it lies.
        shape: shape of its value, the batch included.
        inputs: indices of the sites that its value is computed from directly.
        parameters: names of the parameters that enter it, the weight first; tied ones have their first name.
        module: class of the module in which it happens.
        fan_in: inputs of each unit, for affine maps, convolutions and embeddings; else None.
        fan_out: units that each input feeds; else None.
        unit_axis: axis of the units in `shape`.
        activation: the activation that this site is, as the registry writes it, or what it is called in the network
            where no member equals it (`activation_met.activation_of` knows both); None where it is none.
        activation_next: for a site with a weight the activation met next, `linear` where there is none; else None.
        normalized_next: whether a normalization comes before that activation.
        connected: whether the loss depends on it.
    """

    index: int
    name: str
    call: int
    operation: str
    occurrence: int
    kind: Kind
    role: Role
    shape: tuple[int, ...]
    inputs: tuple[int, ...] = ()
    parameters: tuple[str, ...] = ()
    module: str = ""
    fan_in: float | None = None
    fan_out: float | None = None
    unit_axis: int = -1
    activation: str | None = None
    activation_next: str | None = None
    normalized_next: bool = False
    connected: bool = True

    @property
    def label(self) -> str:
        """The site in a form that is unique within a network: `block.0.fc`, `block.0.fc·2` when called again."""
        name = self.name or "(model)"
        call = f"·{self.call}" if self.call > 1 else ""
        occurrence = f"#{self.occurrence}" if self.occurrence > 1 else ""
        return f"{name}{call}:{self.operation}{occurrence}"


@dataclass(frozen=True)
class Parameter:
    """A parameter of the network; tied ones are one.

    Attributes:
        name: its first dotted name.
        shape: its shape.
        part: what it is to the operation that first uses it.
        module: class of the module that holds it.
        sites: indices of the sites that it enters, in order.
        also: its names in other modules, where it is tied.
        fan_in: inputs of each unit at its first use; None where it has no fans.
        fan_out: units that each input feeds there; None where it has no fans.
        trained: its `requires_grad`, as the factory gives it.
        used: whether any operation uses it.
        connected: whether the loss depends on it, so that it can ever get a gradient.
        floating: whether it consists of floating-point numbers.
    """

    name: str
    shape: tuple[int, ...]
    part: Part
    module: str
    sites: tuple[int, ...] = ()
    also: tuple[str, ...] = ()
    fan_in: float | None = None
    fan_out: float | None = None
    trained: bool = True
    used: bool = True
    connected: bool = True
    floating: bool = True

    @property
    def layer(self) -> str:
        """Dotted name of the module that holds it; empty for the model itself."""
        return self.name.rpartition(".")[0]
