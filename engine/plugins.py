"""Members of one's own: a Python file whose classes register themselves, exactly as the built-in ones do."""

import importlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from goldilocks.engine import bytecode
from goldilocks.engine.activations import activations
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers import initializers
from goldilocks.engine.member_checks.activation import activation_flaw
from goldilocks.engine.member_checks.initializer import initializer_flaw
from goldilocks.engine.member_checks.normalization import normalization_flaw
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.plugin_code import PluginCode
from goldilocks.engine.plugin_folder import opened
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

OPEN: tuple[Registry, ...] = (initializers, activations, normalizations)
initializers.open_to_plugins(initializer_flaw)
activations.open_to_plugins(activation_flaw)
normalizations.open_to_plugins(normalization_flaw)


@dataclass(frozen=True)
class _Plugin:
    """A file that was run."""

    code: PluginCode
    members: dict[type[Scheme], Registry]


_loaded: dict[Path, _Plugin] = {}
_loading = threading.RLock()


def load(paths: Iterable[str | Path]) -> None:
    """Run plugin files; what they register can be named like any other member. A changed file is run again.

    The code of the file, and of what it imports or reads beside it, becomes part of its members' identity: a cell
    computed with another version is another cell. Comments and line endings are no part of it. A member that is no
    member of its family is refused when a grid names it.

    Args:
        paths: Python files that register initializers, activations or normalizations.

    Raises:
        RequestError: a file cannot be read or run, takes a name that exists, or registers nothing.
    """
    # What a file registers is what is new after it was run.
    with _loading:
        for path in paths:
            _load(Path(path).expanduser().resolve())


def sources(paths: Iterable[str | Path]) -> tuple[PluginCode, ...]:
    """Return the code of plugins that were loaded, with all that they read then.

    Args:
        paths: as for `load`.
    """
    return tuple(_loaded[Path(path).expanduser().resolve()].code for path in paths)


def unload(path: str | Path) -> None:
    """Take the members of a plugin out again.

    Args:
        path: a file that was loaded; any other is passed over.
    """
    plugin = _loaded.pop(Path(path).expanduser().resolve(), None)
    if plugin:
        _forget(plugin.members)
        _drop(plugin.code.helpers)


def _load(path: Path) -> None:
    try:
        # What was read when it was loaded before is looked at again.
        code = PluginCode.read(path, (name for name, _ in _loaded[path].code.files) if path in _loaded else ())
    except OSError as error:
        raise RequestError(f"plugin {path}: {_named(error, path)}cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        raise RequestError(
            f"plugin {path}: {_named(error, path)}line {error.lineno}: SyntaxError: {error.msg}"
        ) from None
    if path in _loaded and _loaded[path].code == code:
        return
    unload(path)
    _refuse_taken(path, code)
    known = _members()
    try:
        read = _run(path, code)
        code = PluginCode.read(path, read)
        _refuse_taken(path, code)
    except RequestError:
        _forget(_members(known))
        _drop(code.helpers)
        raise
    added = _members(known)
    if not added:
        kinds = ", ".join(f"{registry.kind}s" for registry in OPEN)
        raise RequestError(f"plugin {path}: it registers nothing; it may register {kinds}, see the README")
    for member in added:
        member.plugin, member.plugin_file = code.digest, str(path)
    _loaded[path] = _Plugin(code, added)


def _named(error: OSError | SyntaxError, path: Path) -> str:
    """Return the file that an error is about, where that is not the plugin itself."""
    return "" if error.filename in (None, str(path)) else f"{error.filename}: "


def _refuse_taken(path: Path, code: PluginCode) -> None:
    """Refuse modules that have the names of another plugin's: Python would take those for these."""
    for other, plugin in _loaded.items():
        there = dict(plugin.code.files)
        for name, content in code.files:
            if name != code.name and there.get(name, content) != content:
                raise RequestError(
                    f"plugin {path}: it imports {name} from its folder, and plugin {other} imports another {name} from "
                    "its own. Give one of the modules another name"
                )


def _run(path: Path, code: PluginCode) -> list[str]:
    """Run a plugin and return the files of its folder that were read, relative to it."""
    name = f"goldilocks_plugin_{code.digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RequestError(f"plugin {path}: a Python file, ending in .py, is required")
    module = importlib.util.module_from_spec(spec)
    # Pydantic looks up the names in annotations there.
    sys.modules[name] = module
    _drop(code.helpers)
    # What others call the same is not what this one means.
    others = {helper for plugin in _loaded.values() for helper in plugin.code.helpers}
    aside = {helper: sys.modules.pop(helper) for helper in others if helper in sys.modules}
    importlib.invalidate_caches()
    sys.path.insert(0, str(path.parent))
    try:
        with opened(path.parent) as read, bytecode.none_kept():
            spec.loader.exec_module(module)
            for helper in code.helpers:
                # What is imported within a function is loaded now, while the folder can be searched.
                with suppress(Exception):
                    importlib.import_module(helper)
        return sorted(file.relative_to(path.parent).as_posix() for file in read)
    except Exception as error:
        del sys.modules[name]
        raise RequestError(f"plugin {path}: {_place(error, path)}{type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(str(path.parent))
        for helper in code.helpers:
            if helper in sys.modules:
                sys.modules[helper].__dict__["__goldilocks_plugin__"] = True
        for helper, module in aside.items():
            sys.modules.setdefault(helper, module)


def _drop(helpers: Iterable[str]) -> None:
    for helper in helpers:
        sys.modules.pop(helper, None)


def _place(error: Exception, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"line {lines[-1]}: " if lines else ""


def _members(known: Container[type[Scheme]] = ()) -> dict[type[Scheme], Registry]:
    """Return every member that is not known yet, with its registry."""
    return {member: registry for registry in OPEN for member in registry if member not in known}


def _forget(members: dict[type[Scheme], Registry]) -> None:
    for member, registry in members.items():
        registry.forget(member)
