"""What goes into the user's network: from a function, a shape, token ids or a data set.

A tuple is given to the network as its arguments if it takes so many; one more than it takes is the target, as the
loaders of PyTorch return it.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from goldilocks.engine.diagnosis.generators import seeded
from goldilocks.engine.diagnosis.operations import tensors_in
from goldilocks.engine.errors import RequestError, said, short

SHAPE = re.compile(r"\d+(x\d+)*")
IDS = re.compile(r"ids:(?P<shape>\d+(x\d+)*)(:(?P<rows>\d+))?")
DATA = re.compile(r"(?P<name>[A-Za-z][\w-]*(\(.*\))?)(:(?P<size>\d+))?")
FORMS = "a shape such as 64x3x32x32, token ids such as ids:8x128, or a data set such as digits:64"
EXAMPLES = 64
# Of the generator that draws inputs, apart from those of weights.
INPUT_SEED = 20_160_211


@dataclass(frozen=True)
class Batch:
    """One batch.

    Attributes:
        arguments: what the network is called with.
        keywords: what it is called with by name.
        target: classes or values that the loss compares its output with, or None.
        origin: where it comes from, for people.
    """

    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    target: Tensor | None = None
    origin: str = "a function"

    @property
    def size(self) -> int:
        """Number of examples: the first side of the first tensor."""
        first = next(tensors_in((self.arguments, self.keywords)), None)
        return len(first) if first is not None and first.ndim else 1


def as_batch(given: Any, module: nn.Module, origin: str = "a function") -> Batch:
    """Return what a user gave as a batch.

    Args:
        given: a tensor, a tuple or list of arguments, a mapping of keywords, a batch, a function that returns one of
            these, or a text as for `parse_input`.
        module: what it goes into.
        origin: where it comes from, for people.

    Raises:
        RequestError: it is none of these, it has no examples, or the function raises.
    """
    batch = _read(given, module, origin)
    if batch.size == 0:
        raise RequestError("the batch has no examples; give at least one")
    return batch


def _read(given: Any, module: nn.Module, origin: str) -> Batch:
    if isinstance(given, Batch):
        return given
    if isinstance(given, str):
        return parse_input(given, module)
    if callable(given) and not isinstance(given, Tensor | Mapping):
        return _read(_called(given, origin), module, origin)
    if isinstance(given, Tensor):
        return Batch((given,), origin=origin)
    if isinstance(given, Mapping):
        return Batch(keywords=dict(given), origin=origin)
    if isinstance(given, tuple | list) and given:
        return _positional(tuple(given), module, origin)
    raise RequestError(
        f"a batch must be a tensor, a tuple of arguments, a mapping of keywords or a function that returns one, "
        f"not {short(given)}"
    )


def _called(function: Callable[[], Any], origin: str) -> Any:
    with seeded(INPUT_SEED):
        try:
            return function()
        except RequestError:
            raise
        except (Exception, SystemExit) as error:
            raise RequestError(f"{origin} raises {said(error)}") from error


def _positional(given: tuple[Any, ...], module: nn.Module, origin: str) -> Batch:
    if len(given) > 1 and not _takes(module, given) and _takes(module, given[:-1]):
        *arguments, target = given
        return Batch(tuple(arguments), target=target, origin=origin)
    return Batch(given, origin=origin)


def _takes(module: nn.Module, arguments: tuple[Any, ...]) -> bool:
    try:
        inspect.signature(module.forward).bind(*arguments)
    except TypeError:
        return False
    except ValueError:
        # A forward without a signature takes what it is given.
        return True
    return True


def is_data_set(text: str) -> bool:
    """Tell whether an input is described as examples of a data set."""
    return _of_data(text) is not None


def is_description(text: str) -> bool:
    """Tell whether a text has the form of something that `parse_input` makes, so that nothing need be imported."""
    parts = [text] if DATA.fullmatch(text) else [part.strip() for part in text.split(",")]
    return all(SHAPE.fullmatch(part) or IDS.fullmatch(part) or is_data_set(part) for part in parts)


def _of_data(text: str) -> re.Match[str] | None:
    return None if text.startswith("ids") else DATA.fullmatch(text)


def parse_input(text: str, module: nn.Module) -> Batch:
    """Make a batch from its description.

    Args:
        text: shapes such as `64x3x32x32` (N(0,1); several arguments are separated by commas), `ids:8x128` (token
            ids, uniform over the rows of the first embedding; `ids:8x128:1000` over 1000), or a data set such as
            `digits:64`.
        module: what it goes into.

    Raises:
        RequestError: it is none of these.
    """
    texts = text.split(",") if not DATA.fullmatch(text) else [text]
    with seeded(INPUT_SEED):
        parts = [_argument(part.strip(), module) for part in texts]
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return Batch((parts[0][0],), target=parts[0][1], origin=text)
    return Batch(tuple(parts), origin=text)


def _argument(text: str, module: nn.Module) -> Any:
    if SHAPE.fullmatch(text):
        return _drawn(text, lambda: torch.randn(_sizes(text)))
    if ids := IDS.fullmatch(text):
        return _drawn(text, lambda: torch.randint(_rows(module, ids["rows"]), _sizes(ids["shape"])))
    if data := _of_data(text):
        return _examples(data["name"], int(data["size"] or EXAMPLES))
    raise RequestError(f"input {short(text)} is not understood; it is {FORMS}")


def _drawn(text: str, draw: Callable[[], Tensor]) -> Tensor:
    try:
        return draw()
    except RequestError:
        raise
    except Exception as error:
        # A shape beyond all memory or all integers, token ids of an empty vocabulary.
        raise RequestError(f"input {short(text)} cannot be made: {said(error)}") from error


def _sizes(text: str) -> list[int]:
    sizes = [int(side) for side in text.split("x")]
    if 0 in sizes:
        raise RequestError(f"input {text} is empty: every side must be at least 1")
    return sizes


def _rows(module: nn.Module, said: str | None) -> int:
    if said is not None:
        return int(said)
    tables = [part for part in module.modules() if isinstance(part, nn.Embedding)]
    if not tables:
        raise RequestError("token ids need a vocabulary, and the network has no nn.Embedding: write ids:8x128:50257")
    return tables[0].num_embeddings


def _examples(name: str, size: int) -> tuple[Tensor, Tensor]:
    """Return standardized examples of a data set, images as `[example, channel, row, column]`, and their classes."""
    from goldilocks.engine.data import datasets
    from goldilocks.engine.data.base import prepared
    from goldilocks.engine.preprocessings import preprocessings

    dataset = datasets.parse(name)
    if not dataset.train_size:
        raise RequestError(f"the data set {dataset} has no examples of its own; write a shape such as 64x100")
    if not 1 <= size <= dataset.train_size:
        raise RequestError(f"{dataset} has {dataset.train_size} training examples; {size} were asked for")
    dataset.fetch()
    split = prepared(dataset, preprocessings.parse("standardize"))
    x, y = torch.from_numpy(split.train_x[:size].copy()), torch.from_numpy(split.train_y[:size].copy())
    if dataset.image:
        side, channels = dataset.image
        x = x.view(size, side, side, channels).permute(0, 3, 1, 2).contiguous()
    return x, y
