"""A network of the user's own in plain PyTorch, with the weights it comes with, as a starting point for transfer.

It is no member of the registry: the engine does not know its layers, so no other study can use it.
"""

import contextlib
import copy
import hashlib
import importlib
import sys
from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from goldilocks.engine.card import Card
from goldilocks.engine.data import Dataset
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers import Fans
from goldilocks.engine.networks.backbone_trial import (
    DRAWN,
    RESET,
    last_linear,
    refuse_lazy,
    refuse_odd_state,
    train_all,
    try_out,
    without_scheme,
)
from goldilocks.engine.networks.base import Network
from goldilocks.engine.networks.connection import LayerShape
from goldilocks.engine.networks.factories import refuse_unnamed
from goldilocks.engine.scheme import split_call

# Channel statistics of ImageNet, which pretrained networks expect to be taken off.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
USUAL_SIDE, SHOWN_DIGITS = 224, 12


class Backbone(Network):
    """What a factory of the user's returns; the fully connected layers put on top of it are its hidden layers.

    Attributes:
        factory: `package.module:function`; the function takes nothing and returns an `nn.Module`.
        weights: first digits of the SHA-256 of its parameters and buffers.
    """

    name = "backbone"
    order = ("affine", "activation")
    card = Card(
        "Your own backbone",
        "features: what enters the last nn.Linear of the module",
        "Yosinski et al. 2014",
        notes="The module takes images of three channels, from 0 to 1 less the channel means of ImageNet over its "
        "standard deviations, of side module.image_size (224 unless given), and returns what its last nn.Linear "
        "returns. Where module.evaluated_intervals is given, curves have so many intervals, for evaluation takes time. "
        "It is computed in float32. What is trained follows from the scheme, whatever the factory has frozen.",
    )

    factory: str
    weights: str

    @classmethod
    def parse(cls, text: Any) -> "Backbone":
        """Call a factory and return its backbone; one that is ready is returned as it is.

        Args:
            text: `package.module:function`, or a backbone as the store writes it.

        Raises:
            RequestError: nobody named the function (see `engine.networks.factories`), there is none, it does not return
                a module with an `nn.Linear`, or the weights are not those that the text names.
        """
        if isinstance(text, Backbone):
            return text
        arguments = split_call(text)[1] if str(text).startswith(f"{cls.name}(") else {"factory": text}
        factory = str(arguments.get("factory"))
        weights = _digest(pristine(factory))
        if arguments.get("weights", weights) != weights:
            raise RequestError(f"backbone {factory!r}: its weights are {weights}, not {arguments['weights']}")
        return cls(factory=factory, weights=weights)

    def shapes(self, dataset: Dataset, width: int, depth: int) -> list[LayerShape]:
        return [LayerShape(self.units, width), *[LayerShape(width, width)] * (depth - 1)]

    @property
    def units(self) -> int:
        """Size of the features."""
        return last_linear(pristine(self.factory))[1].in_features

    @property
    def evaluated_intervals(self) -> int | None:
        """Number of intervals of training at whose ends it is evaluated; None where the module does not say."""
        return _intervals(pristine(self.factory))

    def module(self) -> nn.Module:
        """Return a copy of the module with its weights, whose last `nn.Linear` lets the features through."""
        module = copy.deepcopy(pristine(self.factory))
        replace_last_linear(module, nn.Identity())
        # The scheme says what is trained, whatever the factory has frozen.
        train_all(module)
        return module

    def images(self, x: Tensor, dataset: Dataset) -> Tensor:
        """Return examples as the module wants them `[example, 3, side, side]`.

        Args:
            x: `[example, feature]`, from 0 to 1.
            dataset: what they are from.
        """
        assert dataset.image is not None
        side, channels = dataset.image
        images = x.view(-1, side, side, channels).movedim(-1, 1)
        wanted = _side(pristine(self.factory))
        images = functional.interpolate(images.expand(-1, 3, -1, -1), size=wanted, mode="bilinear", antialias=True)
        mean, std = (torch.tensor(values, device=x.device)[:, None, None] for values in (MEAN, STD))
        return (images - mean) / std


def _digest(module: nn.Module) -> str:
    sha256 = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        sha256.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return sha256.hexdigest()[:SHOWN_DIGITS]


def pristine(factory: str) -> nn.Module:
    """Return what a factory returns, in float32, tried out; do not change it.

    Args:
        factory: `package.module:function`.

    Raises:
        RequestError: nobody named the function, there is none, or it does not return a module that transfer can start
            from.
    """
    # Also what was called before: it was named by another command.
    refuse_unnamed(factory)
    return _made(factory)


@lru_cache(maxsize=2)
def _made(factory: str) -> nn.Module:
    module = _call(factory)
    if not isinstance(module, nn.Module):
        raise RequestError(f"backbone {factory!r}: returned a {type(module).__name__}; an nn.Module is required")
    try:
        refuse_lazy(module)
        refuse_odd_state(module)
        module = module.float().cpu().eval()
        _intervals(module)
        try_out(module, _side(module))
    except RequestError as error:
        raise RequestError(f"backbone {factory!r}: {error}") from None
    except Exception as error:
        raise RequestError(f"backbone {factory!r}: it cannot be copied: {type(error).__name__}: {error}") from None
    return module


def _side(module: nn.Module) -> int:
    return _whole("image_size", getattr(module, "image_size", USUAL_SIDE), "the side of its images in pixels")


def _whole(name: str, value: Any, meaning: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RequestError(f"{name} is {value!r}; a positive integer, {meaning}, is required")
    return value


def _intervals(module: nn.Module) -> int | None:
    value = getattr(module, "evaluated_intervals", None)
    return value if value is None else _whole("evaluated_intervals", value, "the number of intervals of its curves")


def _call(factory: str) -> Any:
    place, _, name = str(factory).partition(":")
    if not place or not name:
        raise RequestError(f"backbone {factory!r}: package.module:function is required")
    try:
        # What a factory prints is no result of the engine.
        with contextlib.redirect_stdout(sys.stderr):
            function: Callable[[], Any] = getattr(importlib.import_module(place), name)
            return function()
    except RequestError as error:
        raise RequestError(f"backbone {factory!r}: {error}") from None
    except Exception as error:
        raise RequestError(f"backbone {factory!r}: {type(error).__name__}: {error}") from None


def replace_last_linear(module: nn.Module, new: nn.Module) -> None:
    """Put another module in the place of the last `nn.Linear`."""
    name, _ = last_linear(module)
    module.set_submodule(name, new)


def fans_of(layer: Any) -> Fans:
    """Return the fans of a fully connected layer, or of a convolution of any kind."""
    weight = layer.weight
    rows, columns, receptive = len(weight), weight[0].numel(), weight[0, 0].numel()
    groups = getattr(layer, "groups", 1)
    if not getattr(layer, "transposed", False):
        return Fans(columns, rows * receptive // groups, receptive, (rows, columns))
    # The weights are `[channel in, channel out of a group, …]`: a row is what one input feeds. Of the places that a
    # unit sees, one in every stride holds an input.
    seen = receptive / prod(layer.stride)
    return Fans(rows // groups * seen, columns, seen, (rows, columns))


def reinitialize(module: nn.Module, draw: Callable[[str, Fans, tuple[int, int]], Tensor]) -> None:
    """Give every layer of a module new weights; normalizations begin anew.

    Args:
        module: changed.
        draw: returns weights `[column, row]`, of unit second moment times a scale, for a layer's name, fans and shape.

    Raises:
        RequestError: a layer of another kind has parameters of its own.
    """
    if reason := without_scheme(module):
        raise RequestError(f"backbone: {reason}")
    for name, part in module.named_modules():
        if isinstance(part, DRAWN):
            rows, columns = len(part.weight), part.weight[0].numel()
            drawn = draw(name, fans_of(part), (columns, rows))
            part.weight.data.copy_(drawn.T.reshape(part.weight.shape))
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, RESET):
            part.reset_parameters()
