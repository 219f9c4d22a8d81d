"""The registry of oracles: a function is the oracle of the query that has its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Oracle:
    """The rows of a query, and the columns by which they are sorted (`-` before a name: the largest first)."""

    rows: Callable[..., Rows]
    order: tuple[str, ...]


ORACLES: dict[str, Oracle] = {}


def oracle(*order: str) -> Callable[[Callable[..., Rows]], Callable[..., Rows]]:
    """Registers a function as the oracle of the query that has its name."""

    def register(function: Callable[..., Rows]) -> Callable[..., Rows]:
        ORACLES[function.__name__] = Oracle(function, order)
        return function

    return register
