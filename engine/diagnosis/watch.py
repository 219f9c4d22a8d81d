"""Watching a forward pass: every operation, with the module in which it happens, and a chance to change what leaves it.

Operations are seen by a `TorchFunctionMode` and modules by hooks that are global and taken away again, so nothing is
attached to the network. A module without parts that is an activation or a normalization of its own make, such as the
RMS norm of a language model, is one operation.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from goldilocks.engine.diagnosis.operations import operation_name
from goldilocks.engine.diagnosis.site import Kind
from goldilocks.engine.errors import RequestError, said

# What tells an operation of one forward pass from all others: module, its call, the operation, its occurrence.
Key = tuple[str, int, str, int]


@dataclass
class Event:
    """An operation that has just been carried out.

    Attributes:
        key: which one it is.
        module: the module in which it happens.
        operation: its name.
        args: its arguments.
        kwargs: its keyword arguments.
        function: takes these and returns `result`.
        result: what it returned.
        whole: what kind of module it is, where the operation is a module as a whole.
    """

    key: Key
    module: nn.Module
    operation: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    function: Callable[..., Any]
    result: Any
    whole: Kind | None = None


class Stopped(RuntimeError):
    """A forward pass that failed, with the module in which it did.

    Attributes:
        where: its dotted name and its class.
        reason: what was raised.
    """

    def __init__(self, where: str, reason: str):
        super().__init__(f"the forward pass stops in {where}: {reason}")
        self.where, self.reason = where, reason


class Listener(Protocol):
    """What is called at every operation."""

    def seen(self, event: Event) -> Any:
        """Return what the operation shall have returned."""
        ...


class Watch(TorchFunctionMode):
    """Tells a listener of every operation while a network works.

    Args:
        model: the network.
        listener: called at every operation.
        wholes: modules that are one operation, and what they are.
    """

    def __init__(self, model: nn.Module, listener: Listener, wholes: dict[nn.Module, Kind]):
        super().__init__()
        self._model, self._listener, self._wholes = model, listener, wholes
        self._names = {module: name for name, module in model.named_modules()}
        self._stack: list[tuple[nn.Module, str, int]] = [(model, "", 1)]
        self._calls: Counter[str] = Counter()
        self._occurrences: Counter[tuple[str, int, str]] = Counter()
        self._inside = 0
        self._latest: tuple[str, nn.Module] = ("", model)

    @property
    def latest(self) -> str:
        """The module that was entered, or in which an operation began, last; and its class."""
        name, module = self._latest
        return f"{name or 'the network itself'} ({type(module).__name__})"

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = operation_name(func)
        if self._inside or name in _NO_OPERATIONS:
            return func(*args, **kwargs)
        # Whatever the listener does to the result is no operation of the network.
        self._inside += 1
        try:
            key = self._key(name)
            module = self._stack[-1][0]
            self._latest = self._stack[-1][1], module
            result = func(*args, **kwargs)
            if name == "__get__" and not isinstance(result, Tensor):
                return result
            return self._listener.seen(Event(key, module, name, args, kwargs, func, result))
        finally:
            self._inside -= 1

    def _key(self, operation: str) -> Key:
        _, name, call = self._stack[-1]
        self._occurrences[name, call, operation] += 1
        return name, call, operation, self._occurrences[name, call, operation]

    def _enter(self, module: nn.Module, args: Any) -> None:
        if module not in self._names or (self._inside and module not in self._wholes):
            # Parts that work inside a single operation, such as a parametrization, and what is made on the way.
            self._stack.append(self._stack[-1])
            return
        name = self._names[module]
        # The network itself is on the stack from the beginning.
        if module is not self._model:
            self._calls[name] += 1
        self._stack.append((module, name, max(self._calls[name], 1)))
        self._latest = name, module
        self._inside += module in self._wholes

    def _leave(self, module: nn.Module, args: Any, output: Any) -> Any:
        if module in self._wholes and self._inside == 1 and output is not None:
            name = type(module).__name__
            key = self._key(name)
            event = Event(key, module, name, args, {}, module, output, self._wholes[module])
            output = self._listener.seen(event)
        self._inside -= module in self._wholes
        self._stack.pop()
        return output


# Properties, and questions that do not compute anything.
_NO_OPERATIONS = frozenset({"__set__", "__len__", "size", "dim", "numel", "stride", "is_floating_point"})


@contextmanager
def watching(model: nn.Module, listener: Listener, wholes: dict[nn.Module, Kind]) -> Iterator[None]:
    """Tell a listener of every operation within the block.

    Args:
        model: the network that works there.
        listener: called at every operation.
        wholes: modules that are one operation, and what they are.
    """
    watch = Watch(model, listener, wholes)
    handles = [
        register_module_forward_pre_hook(lambda module, args: watch._enter(module, args)),
        # Also after an exception, so that the stack is right again where the network catches it.
        register_module_forward_hook(watch._leave, always_call=True),
    ]
    try:
        with watch:
            yield
    except RequestError:
        raise
    except Exception as error:
        raise Stopped(watch.latest, said(error)) from error
    finally:
        for handle in handles:
            handle.remove()


def whole_modules(model: nn.Module) -> dict[nn.Module, Kind]:
    """Return the modules of a network that are one operation: activations and norms that are no part of PyTorch.

    Args:
        model: the network; it does not work here but for single activations, on a few numbers.
    """
    found: dict[nn.Module, Kind] = {}
    for module in model.modules():
        # Those of PyTorch call a function that has a name of its own.
        if any(True for _ in module.children()) or type(module).__module__.startswith("torch.nn."):
            continue
        held = [*module.parameters(), *module.buffers()]
        if not held and _in_evaluation(module, is_elementwise):
            found[module] = "activation"
        elif "norm" in type(module).__name__.lower() and all(tensor.ndim <= 1 for tensor in held):
            found[module] = "normalization"
    return found


def _in_evaluation(module: nn.Module, question: Callable[[nn.Module], bool]) -> bool:
    """Ask a module something while dropout does nothing."""
    was = module.training
    module.training = False
    try:
        return question(module)
    finally:
        module.training = was


def is_elementwise(function: Callable[[Tensor], Any]) -> bool:
    """Return whether something maps every number for itself, and not to itself.

    Args:
        function: takes a tensor.
    """
    numbers = torch.tensor([0.3, -1.2, 2.0, 0.3, -0.4])
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            values = function(numbers.clone())
            alone = torch.stack([function(number.clone().reshape(1))[0] for number in numbers])
            return (
                isinstance(values, Tensor)
                and values.shape == numbers.shape
                and torch.allclose(values, alone)
                and not torch.equal(values, numbers)
            )
    except Exception:
        # Whatever cannot take five numbers is no activation.
        return False
