"""The user's own modules as Python holds them, and whether their files still say the same.

A notebook keeps what it imported. Where a file was changed since, what runs is not what is on the disk, and what is
measured would be told, and stored, of a network that nobody has run.
"""

import hashlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from goldilocks.engine.errors import RequestError


@dataclass(frozen=True)
class _Seen:
    """What a module's file held when it was first asked about; reloaded, a module has another spec."""

    spec: ModuleSpec | None
    digest: str


_seen: dict[str, _Seen] = {}


def refuse_changed(modules: Iterable[ModuleType]) -> None:
    """Refuse modules whose files were changed after Python had loaded them.

    Args:
        modules: of the user's own, each with a file.

    Raises:
        RequestError: a file holds other functions than Python does, or was changed since it was asked about before.
    """
    for module in modules:
        file = Path(str(module.__file__))
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        seen = _seen.get(module.__name__)
        if seen is None or seen.spec is not module.__spec__:
            changed = _is_other(module, file, content)
        else:
            changed = seen.digest != digest
        if changed:
            raise RequestError(
                f"{file.name} was changed after Python had loaded it, and what would run is the old one: start Python "
                f"anew (in a notebook the kernel), or reload {module.__name__} and all that imports from it"
            )
        _seen[module.__name__] = _Seen(module.__spec__, digest)


def _is_other(module: ModuleType, file: Path, content: bytes) -> bool:
    """Tell whether a module has a function that its file has not."""
    # Others rewrite what they load, as pytest does with asserts.
    if type(module.__loader__) is not SourceFileLoader:
        return False
    try:
        there = compile(content, str(file), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return True
    known = {_text(code) for code in _within(there)}
    return any(_text(code) not in known for code in _held(module))


def _held(module: ModuleType) -> Iterator[CodeType]:
    """Yield the code of the functions and methods that a module has from its own file."""
    classes = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
    for owner in (module, *classes):
        for value in vars(owner).values():
            # Whatever else a module holds may do something when it is asked for an attribute.
            function = value.fget if isinstance(value, property) else value
            function = function.__func__ if isinstance(function, staticmethod | classmethod) else function
            if isinstance(function, FunctionType):
                code = getattr(inspect.unwrap(function), "__code__", None)
                if isinstance(code, CodeType) and code.co_filename == module.__file__:
                    yield code


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _within(one)


def _text(code: CodeType) -> str:
    """Return what a function does, without the lines on which it stands."""
    constants = (_text(one) if isinstance(one, CodeType) else _constant(one) for one in code.co_consts)
    return f"{code.co_qualname} {code.co_code.hex()} {code.co_names} {code.co_varnames} {' '.join(constants)}"


def _constant(value: object) -> str:
    # A set has no order.
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
