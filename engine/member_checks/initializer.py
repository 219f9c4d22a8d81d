"""Whether an initializer of a user's own is one: known noise, and a finite scale for every layer."""

import math
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING, get_args

from goldilocks.engine.member_checks.numeric import RAISED

if TYPE_CHECKING:
    from goldilocks.engine.activations.base import Activation
    from goldilocks.engine.initializers.base import Fans, Initializer

# Inputs of each unit, units that each input feeds, and positions that a unit sees.
LAYERS = ((1, 1, 1), (3, 7, 1), (64, 10, 1), (4096, 4096, 1), (27, 576, 9))


def initializer_flaw(initializer: "Initializer") -> str | None:
    """Say why an initializer cannot be used, or return None.

    Args:
        initializer: the member.
    """
    try:
        return next(_flaws(initializer), None)
    except RAISED as error:
        return _said(error)


def _flaws(initializer: "Initializer") -> Iterator[str]:
    from goldilocks.engine.activations import activations
    from goldilocks.engine.initializers.base import BiasFamily, Family, Fans

    for name, families in (("family", Family), ("bias_family", BiasFamily)):
        if (value := getattr(initializer, name)) not in get_args(families):
            yield f"{name} = {value!r} does not exist; allowed: {', '.join(get_args(families))}"
    for activation in (activations.parse(name) for name in ("linear", "tanh", "relu")):
        if initializer.refusal(activation):
            continue
        for layer in LAYERS:
            fans = Fans(*layer)
            for name in ("scale", "bias_scale"):
                yield from _scale_flaws(initializer, name, fans, activation)


def scale_flaw(initializer: "Initializer", fans: "Fans", activation: "Activation") -> str | None:
    """Say why the weights of one layer would have no scale, or return None.

    Args:
        initializer: the member.
        fans: numbers of units that the layer connects.
        activation: what follows it.
    """
    try:
        return next(_scale_flaws(initializer, "scale", fans, activation), None)
    except RAISED as error:
        return f"its scale for fan_in = {fans.fan_in}, fan_out = {fans.fan_out}, {activation}: {_said(error)}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _scale_flaws(initializer: "Initializer", name: str, fans: "Fans", activation: "Activation") -> Iterator[str]:
    scale = getattr(initializer, name)
    what = f"{name} for fan_in = {fans.fan_in}, fan_out = {fans.fan_out}, {activation}"
    value = scale(fans, activation)
    if not isinstance(value, Real) or isinstance(value, bool):
        yield f"its {what} is {type(value).__name__}, not a number"
    elif not math.isfinite(value) or value < 0:
        yield f"its {what} is {value:g}; a root mean square is finite and not negative"
    elif scale(fans, activation) != value:
        yield f"its {what} is random: two calls give different values"
