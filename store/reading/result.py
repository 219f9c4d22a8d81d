"""The rows of a query in the requested form: DuckDB relation, pandas, Arrow, polars or tuples.

Two tables that are joined may have a column of the same name. JSON would keep one of the two and Parquet could not be
read, so every form has the names `status`, `status_1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return names for columns of which no two are the same; to SQL, `a` and `A` are.

    Args:
        names: the columns of a query. One that occurs again gets the first number that makes it a name of its own.
    """
    taken = {name.casefold() for name in names}
    distinct, seen = [], set()
    for name in names:
        again = name.casefold() in seen
        numbered = (f"{name}_{number}" for number in range(1, len(names) + 1))
        distinct.append(next(one for one in numbered if one.casefold() not in taken) if again else name)
        seen.add(name.casefold())
        taken.add(distinct[-1].casefold())
    return distinct


def with_distinct_names(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the same rows with a name of its own for each column."""
    names = distinct_names(relation.columns)
    if names == relation.columns:
        return relation
    listed = ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)
    renamed = relation.query("joined", f"SELECT * FROM joined AS joined({listed})")
    assert renamed is not None, "a SELECT gives rows"
    return renamed


class Result:
    """The rows of a query, in the requested form. NaN and infinity stay themselves.

    Args:
        relation: DuckDB's relation, for those who want to go on with it.
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.relation = with_distinct_names(relation)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.relation.columns)

    def df(self) -> pandas.DataFrame:
        """Return the rows as a pandas data frame."""
        return self.relation.df()

    def arrow(self) -> pyarrow.Table:
        """Return the rows as an Arrow table."""
        return self.relation.to_arrow_table()

    def pl(self) -> polars.DataFrame:
        """Return the rows as a polars data frame."""
        return self.relation.pl()

    def fetchall(self) -> list[tuple]:
        """Return the rows as tuples."""
        return self.relation.fetchall()

    def __repr__(self) -> str:
        return repr(self.relation)

    def _repr_html_(self) -> str:
        return self.df().to_html(max_rows=20, notebook=True)
