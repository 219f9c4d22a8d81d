"""The rows of a query in the form that is asked for: DuckDB relation, pandas, Arrow, polars or tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Result:
    """The rows of a query, in the form that is asked for. NaN and infinity stay themselves.

    Args:
        relation: DuckDB's relation, for those who want to go on with it.
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.relation = relation

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.relation.columns)

    def df(self) -> pandas.DataFrame:
        """Returns the rows as a pandas data frame."""
        return self.relation.df()

    def arrow(self) -> pyarrow.Table:
        """Returns the rows as an Arrow table."""
        return self.relation.to_arrow_table()

    def pl(self) -> polars.DataFrame:
        """Returns the rows as a polars data frame."""
        return self.relation.pl()

    def fetchall(self) -> list[tuple]:
        """Returns the rows as tuples."""
        return self.relation.fetchall()

    def __repr__(self) -> str:
        return repr(self.relation)

    def _repr_html_(self) -> str:
        return self.df().to_html(max_rows=20, notebook=True)
