"""The PyTorch lines of a member, made from its card, and members as they are written."""

import ast
from typing import Any

import pandas as pd

# What the parameters of initializers are called that give a scale whatever the fan-in.
SCALES = ("std", "bound")
# What the parameter of a normalization is called that gives the number of groups.
GROUPS = "groups"
# What Python raises where a text is no call with constants.
UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def parts(member: str) -> tuple[str, dict[str, Any]]:
    """Return the name and the given parameters of a member.

    A text that no store of this program holds is a name as a whole, which no member has.

    Args:
        member: as the store writes it, for instance normal(std=0.01).
    """
    name, _, arguments = member.partition("(")
    try:
        return name, _keywords(arguments.removesuffix(")"))
    except UNREADABLE:
        return member, {}


def _keywords(arguments: str) -> dict[str, Any]:
    """Return the parameters that have a value; in a signature those without one may stand anywhere."""
    valued = ", ".join(part for part in arguments.split(", ") if "=" in part)
    call = ast.parse(f"call({valued})", mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(f"{arguments} are no parameters")
    return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def scale(init: str) -> str | None:
    """Return which parameter gives the scale of the weights whatever their number, if one does.

    Args:
        init: the initializer, as the store writes it.
    """
    given = parts(init)[1]
    return next((name for name in SCALES if name in given), None)


def divides(norm: str, width: int) -> bool:
    """Tell whether a normalization exists for a width: one of groups only where they divide it.

    Args:
        norm: the normalization, as the store writes it.
        width: units per layer.
    """
    groups = parts(norm)[1].get(GROUPS, 1)
    return not isinstance(groups, int) or groups < 1 or width % groups == 0


def at_width(init: str, measured: int, wanted: int) -> str:
    """Return an initializer with the same σw at another width: a fixed standard deviation means something at one only.

    σw = std·√fan-in, so that std′ = std·√(measured / wanted); a scheme that knows its fan-in stays what it is.

    Args:
        init: the initializer, as the store writes it.
        measured: units per layer where it was measured.
        wanted: units per layer where it is to be used.
    """
    name, given = parts(init)
    fixed = scale(init)
    if fixed is None or measured == wanted:
        return init
    try:
        given[fixed] = float(f"{float(given[fixed]) * (measured / wanted) ** 0.5:.3g}")
    except (TypeError, ValueError, OverflowError):
        return init
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})"


def lines(cards: pd.DataFrame, kind: str, member: str, **more: Any) -> str:
    """Return what a member is in PyTorch, its parameters filled in.

    Args:
        cards: rows of the named query `scheme_cards`.
        kind: initializer, activation, normalization or optimizer.
        member: as the store writes it.
        more: values of names that are no parameters of the member, such as a learning rate.

    Raises:
        KeyError: the store has no such card, or it has no snippet.
    """
    card, values = _card(cards, kind, member)
    text = str(card["snippet"])
    for key, value in (values | more).items():
        text = text.replace(f"{{{key}}}", f"{value}")
    return text


def parameters(cards: pd.DataFrame, kind: str, member: str) -> dict[str, Any]:
    """Return the parameters of a member, those that have their default value included.

    Args:
        cards: rows of the named query `scheme_cards`.
        kind: of the member.
        member: as the store writes it.

    Raises:
        KeyError: the store has no such card, or it has no snippet.
    """
    return _card(cards, kind, member)[1]


def _card(cards: pd.DataFrame, kind: str, member: str) -> tuple[pd.Series, dict[str, Any]]:
    """Return the card of a member, and its parameters."""
    name, given = parts(member)
    found = cards[(cards["kind"] == kind) & (cards["name"] == name)]
    if found.empty or not found.iloc[0]["snippet"]:
        raise KeyError(f"the store has no PyTorch lines for the {kind} {member}")
    card = found.iloc[0]
    try:
        return card, _keywords(card["parameters"] or "") | given
    except UNREADABLE:
        raise KeyError(f"the card of the {kind} {name} has parameters that cannot be read") from None
