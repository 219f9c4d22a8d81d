"""The members of the engine as the pages see them, without a store."""

from goldilocks.dashboard import members
from goldilocks.engine.catalog import schemes_table
from goldilocks.store import queries
from goldilocks.store.schema import migrate


def cards():
    """Return what the engine's cards say, as a store that has them answers."""
    rows = schemes_table()
    with migrate.empty() as connection:
        connection.register("rows", rows)
        connection.execute("INSERT INTO schemes BY NAME SELECT * FROM rows")
        return connection.execute(queries.get("presentation").sql).df()


SEEN = members.of(cards())
