"""An initialization as one asks for it: a scheme, and what is done to the residual branches."""

import re
from dataclasses import dataclass

from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.initializers.base import Initializer, initializers
from goldilocks.store.nearest import nearest

AS_IS, DEFAULT = "as_is", "default"
MODIFIERS = {
    "zero_branch": "the last layer of every residual branch is zero",
    "depth_scaled": "the last layer of every residual branch is divided by √(number of branches)",
}


@dataclass(frozen=True)
class Recipe:
    """One way of initializing.

    Attributes:
        text: as one writes it, parameters that have their default value left out.
        initializer: the registered scheme; None for what the factory, or PyTorch's `reset_parameters`, gives.
        modifiers: what is done to the branches afterwards.
    """

    text: str
    initializer: Initializer | None = None
    modifiers: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """`as_is`, `default`, or the scheme's text, without modifiers."""
        return str(self.initializer) if self.initializer else self.text.partition("+")[0]


def recipe(text: str) -> Recipe:
    """Read `scheme`, `scheme+modifier`, `as_is` or `default`.

    Args:
        text: such as `kaiming`, `normal(std=0.02)+depth_scaled`.

    Raises:
        RequestError: no such scheme or modifier.
    """
    if not isinstance(text, str):
        raise RequestError(f"an initialization is a text such as 'kaiming' or 'as_is', not {short(text)}")
    # A plus may also stand in a number.
    base, *modifiers = (part.strip() for part in re.split(r"\+(?![^(]*\))", text))
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise RequestError(f"{text!r}: unknown modifier {modifier!r}; {nearest(modifier, MODIFIERS)}")
        if modifiers.count(modifier) > 1:
            raise RequestError(f"{text!r}: {modifier} is given twice; give it once")
    if base in (AS_IS, DEFAULT):
        return Recipe("+".join((base, *modifiers)), None, tuple(modifiers))
    try:
        found = initializers.parse(base)
    except RequestError as error:
        if str(error).startswith("unknown initializer"):
            names = [AS_IS, DEFAULT, *(member.name for member in initializers)]
            raise RequestError(f"unknown initialization {short(base)}; {nearest(base, names)}") from None
        raise
    return Recipe("+".join((str(found), *modifiers)), found, tuple(modifiers))
