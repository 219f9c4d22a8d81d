"""What was measured of a network: arrays with the configurations along the first axis, sites or parameters along the
second."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from goldilocks.engine.diagnosis.site import Parameter, Site

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.value_counts import Counts

Array = np.ndarray


@dataclass(frozen=True)
class Configuration:
    """One way of initializing the network.

    Attributes:
        init: `as_is`, `default`, or a registered initializer with its parameters and modifiers, as one writes it.
        seed: what its draws are named by.
    """

    init: str
    seed: int


@dataclass(frozen=True)
class Signal:
    """What leaves each site, and the gradient there; float64 `[config, site]`.

    Attributes:
        mean: over batch, positions and units.
        std: standard deviation, ddof 0.
        rms: root mean square.
        minimum: smallest value.
        maximum: largest value.
        frac_zero: share of values that are exactly 0.
        frac_dead_units: share of units that are 0 on every example and position.
        frac_saturated: share of values whose activation is saturated; NaN at other sites and for activations unknown.
        nonfinite: share of values that are NaN or infinite.
        unit_std: standard deviation across units, root mean square over examples and positions.
        similarity: mean cosine between different examples, each centred over its own values; NaN where the batch has
            no axis of its own.
        theory_rms: root mean square that theory expects; NaN where there is none. See `site_theory`.
        grad_rms: root mean square of the gradient of the loss; 0 where the loss does not depend on the
            site, NaN at inputs and where it cannot be measured.
    """

    mean: Array
    std: Array
    rms: Array
    minimum: Array
    maximum: Array
    frac_zero: Array
    frac_dead_units: Array
    frac_saturated: Array
    nonfinite: Array
    unit_std: Array
    similarity: Array
    theory_rms: Array
    grad_rms: Array

    @property
    def magnitude(self) -> Array:
        """Largest absolute value."""
        return np.maximum(np.abs(self.minimum), np.abs(self.maximum))


@dataclass(frozen=True)
class Weights:
    """The parameters before any step, and their gradients; float64 `[config, parameter]` unless said otherwise.

    Attributes:
        mean: over all entries.
        std: standard deviation, ddof 0.
        rms: root mean square.
        magnitude: largest absolute value.
        nonfinite: share of entries that are NaN or infinite.
        equal_units: share of units whose incoming weights equal those of another unit; NaN where there are no units.
        grad_rms: root mean square of the gradient of the loss.
        got_gradient: whether any entry of the gradient is not 0, bool.
        update_ratio: rms of the change over rms of the weights after one step of gradient descent with a learning rate
            of 1: grad_rms/rms; the step is proportional to the learning rate. Infinite where the weights are 0.
        treated: whether the initialization drew or set it, bool; False where it stays as the factory made it.
    """

    mean: Array
    std: Array
    rms: Array
    magnitude: Array
    nonfinite: Array
    equal_units: Array
    grad_rms: Array
    got_gradient: Array
    update_ratio: Array
    treated: Array


@dataclass(frozen=True)
class Cost:
    """What the measurement took, and how it was done.

    Attributes:
        method: `vmap`: several configurations in one program; `loop`: one after the other.
        reason: why, in a sentence.
        device: where.
        configurations: how many.
        at_once: how many in one program at most.
        seconds: of the measurement, tracing and initializing aside.
        plain_seconds: of one plain forward and backward pass of the network.
        forecast_bytes: memory that one program was expected to take.
        peak_bytes: memory that it took; None where the device does not tell.
    """

    method: Literal["vmap", "loop"]
    reason: str
    device: str
    configurations: int
    at_once: int
    seconds: float
    plain_seconds: float
    forecast_bytes: float
    peak_bytes: float | None = None


@dataclass(frozen=True)
class Measurement:
    """Every configuration of a network at every site.

    Attributes:
        configurations: along the first axis of every array.
        sites: along the second axis of `signal`, in execution order.
        parameters: along the second axis of `weights`.
        signal: what leaves the sites.
        weights: the parameters.
        first_loss: loss before any step `[config]`.
        classes: number of classes that the loss is about, or None.
        cost: what it took.
        examples: examples in the batch.
        unseen: names of modules that hold parameters and were not called.
        remarks: what one should know about how it was measured or initialized, in sentences.
        counts: histograms along the stream, where they were asked for.
    """

    configurations: tuple[Configuration, ...]
    sites: tuple[Site, ...]
    parameters: tuple[Parameter, ...]
    signal: Signal
    weights: Weights
    first_loss: Array
    classes: int | None
    cost: Cost
    examples: int
    unseen: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    counts: "Counts | None" = None

    @property
    def inits(self) -> tuple[str, ...]:
        """The initializations, in the order in which they were asked for."""
        return tuple(dict.fromkeys(configuration.init for configuration in self.configurations))

    def only(self, place: int) -> "Measurement":
        """Return the measurement of one configuration, without histograms.

        Args:
            place: along the first axis.
        """

        def alone(of_all: "Signal | Weights") -> Any:
            return type(of_all)(**{one.name: getattr(of_all, one.name)[place : place + 1] for one in fields(of_all)})

        return replace(
            self,
            configurations=self.configurations[place : place + 1],
            signal=alone(self.signal),
            weights=alone(self.weights),
            first_loss=self.first_loss[place : place + 1],
            counts=None,
        )

    def rows(self, init: str) -> Array:
        """Return the places of an initialization's configurations along the first axis, by seed."""
        found = [place for place, configuration in enumerate(self.configurations) if configuration.init == init]
        return np.array(sorted(found, key=lambda place: self.configurations[place].seed), int)
