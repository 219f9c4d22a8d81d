"""A registry: the members of one family, found in the family's package, looked up by name or alias."""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Generic, TypeVar

from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.scheme import Scheme, build, split_call
from goldilocks.store.nearest import nearest

Member = TypeVar("Member", bound=Scheme)
# One for all registries: the modules of one look up members of another while they are imported.
_discovery = threading.RLock()


class Registry(Generic[Member]):
    """The members of one family.

    Args:
        kind: what a member is called in messages and in the store, such as `initializer`.
        package: the package whose modules are imported at the first look-up, so that a new file is a new member.
        called: what people call a member whose card does not say it, `{name}` standing for its name.
    """

    def __init__(self, kind: str, package: str, called: str = "{name}"):
        self.kind = kind
        self._called = called
        self._flaw: Callable[[Any], str | None] = lambda member: None
        self._package = package
        self._members: dict[str, type[Member]] = {}
        self._aliases: dict[str, str] = {}
        self._discovered = self._discovering = False

    def register(self, member: type[Member]) -> type[Member]:
        """Add a member; use as a class decorator.

        Raises:
            ValueError: its name or one of its aliases is taken.
        """
        for name in (member.name, *member.aliases):
            if name in self._members or name in self._aliases:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._members[member.name] = member
        self._aliases.update(dict.fromkeys(member.aliases, member.name))
        return member

    def open_to_plugins(self, flaw: Callable[[Any], str | None]) -> None:
        """Let files of a user's own register members.

        Args:
            flaw: says in a sentence why such a member cannot be used, or returns None.
        """
        self._flaw = cache(flaw)

    def forget(self, member: type[Member]) -> None:
        """Take a member out again, with its aliases."""
        del self._members[member.name]
        for alias in member.aliases:
            self._aliases.pop(alias, None)

    def __iter__(self) -> Iterator[type[Member]]:
        self._discover()
        return iter(sorted(self._members.values(), key=lambda member: member.name))

    def __getitem__(self, name: str) -> type[Member]:
        self._discover()
        member = self._members.get(self._aliases.get(name, name))
        if member is None:
            raise RequestError(f"unknown {self.kind} {short(name)}; {nearest(name, sorted(self._members))}")
        return member

    def label(self, member: type[Member]) -> str:
        """Return what people call a member, without its parameters."""
        return member.card.label or self._called.format(name=member.name)

    def parse(self, text: Any) -> Member:
        """Make a member from its text.

        Args:
            text: `name` or `name(parameter=value, …)`, aliases allowed; a ready member is returned as it is.

        Returns:
            The frozen member.

        Raises:
            RequestError: unknown name, unknown or refused parameter, or not a text.
        """
        if isinstance(text, Scheme):
            return self._checked(text)  # type: ignore[arg-type]
        if not isinstance(text, str):
            raise RequestError(f"{self.kind} must be a string such as {self._example()!r}, not {short(text)}")
        name, arguments = split_call(text)
        return self._checked(build(self[name], arguments))  # type: ignore[arg-type]

    def flaw(self, member: type[Member]) -> str | None:
        """Say why a member that does not come with the program cannot be used with its default parameters, or None."""
        if member.plugin is None or any(field.is_required() for field in member.model_fields.values()):
            return None
        return self._flaw(member())

    def _checked(self, member: Member) -> Member:
        if member.plugin is not None and (flaw := self._flaw(member)):
            raise RequestError(f"plugin {member.plugin_file}: {self.kind} {member} is refused: {flaw}")
        return member

    def _example(self) -> str:
        return next(iter(self)).name

    def _discover(self) -> None:
        """Import the modules of the package; whoever comes meanwhile waits, but the modules that are imported."""
        if self._discovered:
            return
        with _discovery:
            if self._discovered or self._discovering:
                return
            self._discovering = True
            try:
                package = importlib.import_module(self._package)
                for module in pkgutil.iter_modules(package.__path__):
                    importlib.import_module(f"{self._package}.{module.name}")
                self._discovered = True
            finally:
                self._discovering = False
