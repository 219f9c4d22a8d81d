"""The short names of a clone: at its root, `import engine` gives `goldilocks.engine`, and not a second copy of it."""

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules below `engine`, `store` or `dashboard` as those below `goldilocks`."""

    def __init__(self, name: str):
        self._name = name
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # `python -m` runs the file itself, under the name __main__.
        if name.startswith(f"{self._name}.") and not name.endswith(".__main__"):
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(f"goldilocks.{spec.name}")
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # Importing under the short name wrote that name into it.
        spec = module.__spec__
        if spec is not None:
            module.__spec__ = self._specs.pop(spec.name)


def shorten(name: str) -> None:
    """Let a package of Goldilocks be imported by its short name, with all that is below it.

    Args:
        name: `engine`, `store` or `dashboard`.
    """
    sys.meta_path.insert(0, _Alias(name))
    sys.modules[name] = importlib.import_module(f"goldilocks.{name}")
