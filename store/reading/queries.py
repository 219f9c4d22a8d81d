"""Named queries: one SQL file each in `store/sql`, its first comment its documentation.

    -- Title, one line.
    -- More about it, if needed.
    -- $activation VARCHAR = 'tanh': what the parameter means
    -- $depth INTEGER: a parameter without default must be given
    SELECT … WHERE activation = $activation AND depth = $depth

Values are bound, never formatted in. A default is NULL, true, false, a number, a quoted text or a list of these.
`@name` stands for a fragment that several queries share; see `store.reading.fragments`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.nearest import nearest
from goldilocks.store.reading.fragments import with_fragments

FOLDER = Path(__file__).parents[1] / "sql"
REQUIRED = object()
# Names of queries that another one has replaced, with columns of its own; until version 0.3.
SUPERSEDED = {
    "bn_against_none": "outcomes_over_seeds",
    "depth_trainability": "outcome_map",
    "distributions_of_layers": "layer_distributions",
    "learning_curves": "curves_over_seeds",
    "training_outcomes": "outcomes_over_seeds",
}
_PARAMETER = re.compile(r"\$(\w+) +([A-Z]+(?:\[\])?) *(?:= *(.+?))? *: +(.+)")
_WORDS: dict[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}
_FROM_TEXT: dict[str, type] = {"INTEGER": int, "BIGINT": int, "DOUBLE": float, "FLOAT": float, "VARCHAR": str}


@dataclass(frozen=True)
class Parameter:
    """A value that a named query takes; `default` is `REQUIRED` when there is none."""

    name: str
    type: str
    default: Any
    meaning: str

    def parse(self, text: str) -> Any:
        """Read the value from text, as typed on a command line.

        Raises:
            StoreInvalid: when the text is not of the parameter's type.
        """
        if (text.upper() in _WORDS and self.type != "VARCHAR") or text.upper() == "NULL":
            return _WORDS[text.upper()]
        try:
            if not self.type.endswith("[]"):
                return _FROM_TEXT[self.type](text)
            return _items(ast.literal_eval(text), _FROM_TEXT[self.type.removesuffix("[]")])
        except (KeyError, ValueError, TypeError, SyntaxError, OverflowError, MemoryError, RecursionError):
            example = ", for instance ['a', 'b']" if self.type == "VARCHAR[]" else ""
            raise StoreInvalid(f"{self.name}={text!r} is not of type {self.type}{example} ({self.meaning})") from None


@dataclass(frozen=True)
class Query:
    """A named query: its name, title, documentation, parameters and SQL."""

    name: str
    title: str
    doc: str
    parameters: tuple[Parameter, ...]
    sql: str

    def bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Add the defaults to the given values.

        Args:
            values: by parameter name; for a list of `activations`, say, also one `activation`.

        Returns:
            A value for every parameter.

        Raises:
            StoreInvalid: when a name is unknown or a required value is missing.
        """
        names = [parameter.name for parameter in self.parameters]
        values = dict(values)
        for name in [name for name in values if name not in names and self._list_of(name)]:
            one = values.pop(name)
            values.setdefault(f"{name}s", None if one is None else [one])
        for name in values:
            if name not in names:
                raise StoreInvalid(f"query {self.name} has no parameter {name!r}; {nearest(name, names)}")
        bound = {parameter.name: values.get(parameter.name, parameter.default) for parameter in self.parameters}
        missing = [name for name, value in bound.items() if value is REQUIRED]
        if missing:
            raise StoreInvalid(f"query {self.name} needs a value for {', '.join(missing)}")
        return bound

    def parse(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Do the same as `bind` for values given as text."""
        known = {parameter.name: parameter for parameter in self.parameters}
        known |= {name: one for name in texts if name not in known and (one := self._list_of(name))}
        self.bind({**dict.fromkeys((parameter.name for parameter in self.parameters), 0), **texts})
        return self.bind({name: known[name].parse(text) for name, text in texts.items()})

    def _list_of(self, name: str) -> Parameter | None:
        """Return one value of a list as a parameter, where there is such a list."""
        for parameter in self.parameters:
            if parameter.name == f"{name}s" and parameter.type.endswith("[]"):
                return replace(parameter, name=name, type=parameter.type.removesuffix("[]"))
        return None


@cache
def all() -> dict[str, Query]:
    """Return every named query by its name."""
    return {
        file.stem: parse(file.stem, with_fragments(file.read_text(encoding="utf-8")))
        for file in sorted(FOLDER.glob("*.sql"))
    }


def get(name: str) -> Query:
    """Return a named query; for a superseded name, with a warning, the query that replaced it.

    Raises:
        StoreInvalid: when there is none; the message has the nearest name and all of them.
    """
    if name in SUPERSEDED:
        warnings.warn(
            f"the named query {name} was replaced by {SUPERSEDED[name]}, which answers instead; version 0.3 drops the "
            "old name",
            FutureWarning,
            stacklevel=3,
        )
        name = SUPERSEDED[name]
    if name not in all():
        raise StoreInvalid(f"there is no named query {name!r}; {nearest(name, all())}")
    return all()[name]


def parse(name: str, text: str) -> Query:
    """Read a query from the text of its file.

    Raises:
        StoreInvalid: when the text does not begin with a comment.
    """
    lines = text.lstrip().splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    comments = [line.removeprefix("--").strip() for line in lines[:end]]
    if not comments or not comments[0]:
        raise StoreInvalid(f"the query {name} does not begin with a comment that says what it answers")
    parameters = tuple(_parameter(name, line) for line in comments if line.startswith("$"))
    doc = "\n".join(line for line in comments[1:] if not line.startswith("$"))
    return Query(name, comments[0].rstrip("."), doc, parameters, "\n".join(lines[end:]).strip())


def _parameter(query: str, line: str) -> Parameter:
    match = _PARAMETER.fullmatch(line)
    if not match:
        raise StoreInvalid(f"in query {query}: {line!r} is not of the form `$name TYPE = default: meaning`")
    name, kind, default, meaning = match.groups()
    return Parameter(name, kind, REQUIRED if default is None else _literal(default), meaning)


def _items(value: Any, kind: type) -> list[Any]:
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, list) or [item for item in value if not isinstance(item, allowed)]:
        raise TypeError(value)
    return [kind(item) for item in value]


def _literal(text: str) -> Any:
    return _WORDS[text.upper()] if text.upper() in _WORDS else ast.literal_eval(text)
