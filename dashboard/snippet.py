"""The PyTorch lines to paste for a configuration, made from the cards of its members."""

import ast
import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd

# What the parameters of initializers are called that give a scale whatever the fan-in.
SCALES = ("std", "bound")
# What Python raises where a text is no call with constants.
UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
PROGRAM = """\
import torch
from torch import nn

depth, width = {depth}, {width}
inputs, classes = {inputs}, {classes}  # those of your data
{phi}


def initialize(layer, h=None):
    nn.init.zeros_(layer.bias)
{init}


layers = []
{batch}for fan_in in [inputs] + [width] * (depth - 1):
    layer, norm = nn.Linear(fan_in, width), {norm}
    initialize(layer{h})
    layers += [layer, norm, phi]
{pass_on}readout = nn.Linear(width, classes)
initialize(readout{h})
model = nn.Sequential(*layers, readout)
{optimizer}
"""
# Where a program begins to train.
TRAINING = "\n# Batches of your data: features of the examples, and the number of each one's class."
LOOP = f"""{TRAINING}
batches = [(torch.randn({{batch_size}}, inputs), torch.randint(classes, ({{batch_size}},))) for _ in range(10)]
model.train()
for x, y in batches:
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


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
    name, given = parts(member)
    found = cards[(cards["kind"] == kind) & (cards["name"] == name)]
    if found.empty or not found.iloc[0]["snippet"]:
        raise KeyError(f"the store has no PyTorch lines for the {kind} {member}")
    card = found.iloc[0]
    try:
        values = _keywords(card["parameters"] or "") | given | more
    except UNREADABLE:
        raise KeyError(f"the card of the {kind} {name} has parameters that cannot be read") from None
    text = str(card["snippet"])
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", f"{value}")
    return text


def program(cards: pd.DataFrame, configuration: Mapping[str, Any], inputs: int = 64, classes: int = 10) -> str:
    """Return a program that builds a configuration's network, initializes it and trains it.

    Args:
        cards: rows of the named query `scheme_cards`.
        configuration: init, activation, norm, optimizer, lr, depth, width and batch_size.
        inputs: number of input features.
        classes: number of classes.

    Raises:
        KeyError: the store has no PyTorch lines for one of its members.
    """
    init = lines(cards, "initializer", configuration["init"])
    activation = lines(cards, "activation", configuration["activation"])
    optimizer = lines(cards, "optimizer", configuration["optimizer"], lr=configuration["lr"])
    needs_data = "(h)" in init
    return (PROGRAM + LOOP).format(
        batch_size=configuration["batch_size"],
        depth=configuration["depth"],
        width=configuration["width"],
        inputs=inputs,
        classes=classes,
        phi=_module(activation),
        init=textwrap.indent(init, "    "),
        norm=lines(cards, "normalization", configuration["norm"]),
        optimizer=f"optimizer = {optimizer}",
        h=", h" if needs_data else "",
        batch="h = torch.randn(256, inputs)  # a batch of your inputs\n" if needs_data else "",
        pass_on="    h = phi(norm(layer(h))).detach()\n" if needs_data else "",
    )


def _module(activation: str) -> str:
    """Return the definition of phi: a function of torch needs a module around it to be part of a model."""
    if not activation.startswith("torch."):
        return f"phi = {activation}"
    return f"""

class Phi(nn.Module):
    def forward(self, x):
        return {activation}(x)


phi = Phi()"""
