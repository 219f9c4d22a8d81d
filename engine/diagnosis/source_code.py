"""The code that a network of the user's own comes from: the digest of its files, and the packages among them."""

import functools
import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

SHOWN_DIGITS = 12
# What runs.code_digest, runs.torch_version and runs.python_version say.
ELSEWHERE = ("goldilocks", "torch", "builtins")


@dataclass(frozen=True)
class SourceCode:
    """The code that some functions and classes come from.

    Attributes:
        digest: first digits of the SHA-256 of the files, and of what was typed without one.
        packages: versions of the installed packages among them, by name.
    """

    digest: str
    packages: dict[str, str]

    @classmethod
    def of(cls, members: Iterable[Any]) -> "SourceCode":
        """Read the files of functions and classes, and those of the user's own modules that they use.

        Args:
            members: functions, classes, or what is called like a function.
        """
        modules, texts = _modules_and_texts(members)
        files = {file for module in modules.values() if (file := _file(module))}
        contents = [f"{file.name} ".encode() + file.read_bytes() for file in files]
        parts = sorted(
            hashlib.sha256(content).hexdigest() for content in (*contents, *(text.encode() for text in texts))
        )
        return cls(hashlib.sha256(" ".join(parts).encode()).hexdigest()[:SHOWN_DIGITS], _versions(modules))


def own_modules(members: Iterable[Any]) -> list[ModuleType]:
    """Return the user's own modules that functions and classes come from, and those that these use, however far.

    Args:
        members: functions, classes, or what is called like a function.
    """
    return [module for module in _modules_and_texts(members)[0].values() if _own(module)]


def _modules_and_texts(members: Iterable[Any]) -> tuple[dict[str, ModuleType], set[str]]:
    """Return the modules that members come from and use, by their names, and the texts of members without a file."""
    texts: set[str] = set()
    modules: dict[str, ModuleType] = {}
    for member in map(_plain, members):
        module = sys.modules.get(getattr(member, "__module__", None) or "")
        if module is None or _file(module) is None:
            texts.add(_typed(member))
        elif _top(module.__name__) not in ELSEWHERE:
            modules |= {one.__name__: one for one in (module, *_used(module))}
    return modules, texts


def _plain(member: Any) -> Any:
    while isinstance(member, functools.partial):
        member = member.func
    member = inspect.unwrap(getattr(member, "__func__", member))
    return member if hasattr(member, "__qualname__") else type(member)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _file(module: ModuleType) -> Path | None:
    name = getattr(module, "__file__", None)
    return Path(name) if name and Path(name).suffix == ".py" and Path(name).is_file() else None


def _used(module: ModuleType) -> Iterator[ModuleType]:
    """Yield the user's own modules that a module of the user's own uses, however far."""
    seen, waiting = {module.__name__}, [module]
    while waiting:
        if not _own(following := waiting.pop()):
            continue
        for value in list(vars(following).values()):
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            used = sys.modules.get(name) if isinstance(name, str) and name not in seen else None
            if used is not None and _own(used):
                seen.add(used.__name__)
                waiting.append(used)
                yield used


def _own(module: ModuleType) -> bool:
    file = _file(module)
    return (
        file is not None and _top(module.__name__) not in ELSEWHERE and not any(map(file.is_relative_to, _installed()))
    )


@cache
def _installed() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def _versions(modules: dict[str, ModuleType]) -> dict[str, str]:
    tops = {_top(name) for name, module in modules.items() if not _own(module)}
    if not tops:
        return {}
    known = metadata.packages_distributions()
    return {name: metadata.version(name) for top in sorted(tops) for name in sorted(set(known.get(top, ())))}


def _typed(member: Any) -> str:
    """Return what was typed at a prompt: its text, or where that is lost its bytecode."""
    try:
        return inspect.getsource(member)
    except (OSError, TypeError):
        code = getattr(member, "__code__", None)
        return _compiled(code) if code else f"{getattr(member, '__qualname__', member)}"


def _compiled(code: CodeType) -> str:
    constants = (_compiled(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts)
    return f"{code.co_code.hex()} {code.co_names} {' '.join(constants)}"
