"""A question to the store as a value: a named query with its parameters, said once.

Its rows, the SQL to paste and the file to download all come from it, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.store import queries
from goldilocks.store.quoting import identifier
from goldilocks.store.reading.inline_sql import inlined


class Source(Protocol):
    """Where the rows of a figure come from."""

    @property
    def sql(self) -> str:
        """The SQL behind them, to paste."""

    def file(self, kind: str) -> bytes:
        """Return all of them as a file.

        Args:
            kind: CSV or Parquet.
        """


@dataclass(frozen=True)
class Question:
    """A named query with its parameters.

    Attributes:
        name: a file of `store/sql` without its ending.
        values: the parameters, by name; lists are bound as lists.
        renamed: what columns are called in the SQL to paste and in files, where that is not their name in the query.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def but(self, **values: Any) -> Question:
        """Return the same question with other values of some parameters.

        Args:
            values: the parameters that differ.
        """
        return Question(self.name, {**self.values, **values}, self.renamed)

    def frame(self) -> pd.DataFrame:
        """Return all rows; changing them changes nothing else.

        Raises:
            StoreError: there is no store, or it cannot be read.
        """
        return data.query(self.name, **self.values)

    def head(self, most: int) -> pd.DataFrame:
        """Return the first rows.

        Args:
            most: how many.
        """
        return data.head(self.name, most, **self.values)

    def columns(self, wanted: Sequence[str]) -> pd.DataFrame:
        """Return some columns of all rows.

        Args:
            wanted: the columns.
        """
        return data.columns(self.name, wanted, **self.values)

    @property
    def sql(self) -> str:
        """The query with its values written in, to paste."""
        query = queries.get(self.name)
        # No comment of dashes first: a command line would take it for an option.
        return f"/* {query.title} (goldilocks store query --name {self.name}) */\n" + self._called(
            inlined(query, self.values)
        )

    def file(self, kind: str) -> bytes:
        """Return the rows of the SQL as a file, without taking them into this process's memory as a frame.

        Args:
            kind: CSV or Parquet.
        """
        return data.file(queries.get(self.name), self.values, kind, self._called)

    def _called(self, sql: str) -> str:
        """Return SQL whose columns have the names that people read."""
        if not self.renamed:
            return sql
        names = ", ".join(f"{identifier(old)} AS {identifier(new)}" for old, new in self.renamed.items())
        left = ", ".join(map(identifier, self.renamed))
        return f"SELECT {names}, * EXCLUDE ({left}) FROM (\n{sql}\n)"
