"""Members of one's own: a Python file whose classes register themselves, exactly as the built-in ones do."""

import hashlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.activations import activations
from engine.errors import RequestError
from engine.initializers import initializers
from engine.normalizations import normalizations
from engine.registry import Registry
from engine.scheme import Scheme

OPEN: tuple[Registry, ...] = (initializers, activations, normalizations)
_DIGITS = 12


@dataclass(frozen=True)
class _Plugin:
    """A file that was run."""

    digest: str
    members: dict[type[Scheme], Registry]


_loaded: dict[Path, _Plugin] = {}
_loading = threading.RLock()


def load(paths: Iterable[str | Path]) -> None:
    """Run plugin files; what they register can be named like any other member. A changed file is run again.

    The content of the file becomes part of its members' identity: a cell computed with another version is another cell.

    Args:
        paths: Python files that register initializers, activations or normalizations.

    Raises:
        RequestError: a file cannot be read or run, takes a name that exists, or registers nothing.
    """
    # What a file registers is what is new after it was run.
    with _loading:
        for path in paths:
            _load(Path(path).expanduser().resolve())


def unload(path: str | Path) -> None:
    """Take the members of a plugin out again.

    Args:
        path: a file that was loaded; any other is passed over.
    """
    plugin = _loaded.pop(Path(path).expanduser().resolve(), None)
    if plugin:
        _forget(plugin.members)


def _load(path: Path) -> None:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS]
    except OSError as error:
        raise RequestError(f"plugin {path}: cannot be read: {error.strerror}") from None
    if path in _loaded and _loaded[path].digest == digest:
        return
    unload(path)
    known = _members()
    try:
        _run(path, f"goldilocks_plugin_{digest}")
    except RequestError:
        _forget(_members(known))
        raise
    added = _members(known)
    if not added:
        kinds = ", ".join(f"{registry.kind}s" for registry in OPEN)
        raise RequestError(f"plugin {path}: it registers nothing. It may register {kinds}; see the README")
    for member in added:
        member.plugin = digest
    _loaded[path] = _Plugin(digest, added)


def _run(path: Path, name: str) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RequestError(f"plugin {path}: a Python file, ending in .py, is required")
    module = importlib.util.module_from_spec(spec)
    # Pydantic looks up the names in annotations there.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RequestError(f"plugin {path}: {_place(error, path)}{type(error).__name__}: {error}") from None


def _place(error: Exception, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"line {lines[-1]}: " if lines else ""


def _members(known: Container[type[Scheme]] = ()) -> dict[type[Scheme], Registry]:
    """Return every member that is not known yet, with its registry."""
    return {member: registry for registry in OPEN for member in registry if member not in known}


def _forget(members: dict[type[Scheme], Registry]) -> None:
    for member, registry in members.items():
        registry.forget(member)
