"""The axes of a study beyond those that every study has: maps in the table `cells`, read off the spec of each cell.

A study is one file with axes of its own, which the store does not know by name. Whatever a spec holds beyond the
columns is such an axis, so a new study's axes can be grouped by without a change of the schema. The journal does not
hold the maps: they follow from the spec.
"""

from __future__ import annotations

import duckdb

# What a spec may hold that is a column of `cells`.
COLUMNS = (
    *("study", "network", "dataset", "preprocessing", "init", "activation", "norm", "depth", "width", "batch_size"),
    *("optimizer", "lr", "steps", "seed"),
)
_NAMES = ", ".join(f"'{name}'" for name in COLUMNS)
_KEYS = f"json_keys(spec) IF NOT list_contains([{_NAMES}], axis)"
_VALUE = "(spec -> axis)"
_PARAMETERS = f"[concat(word, '=', {_VALUE} ->> word) FOR word IN json_keys({_VALUE}) IF word <> 'name']"
# A member as one writes it, with all of its parameters; anything else as in JSON, texts without quotes.
_TEXT = (
    f"CASE WHEN json_type({_VALUE}) = 'OBJECT' THEN concat({_VALUE} ->> 'name', "
    f"'(' || nullif(array_to_string({_PARAMETERS}, ', '), '') || ')') ELSE {_VALUE} ->> '$' END"
)
_IS_NUMBER = f"json_type({_VALUE}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"
# SQL for each map, in terms of the column `spec`.
MAPS = {
    "study_axes": f"map_from_entries([(axis, {_TEXT}) FOR axis IN {_KEYS}])::MAP(VARCHAR, VARCHAR)",
    "study_numbers": (
        f"map_from_entries([(axis, ({_VALUE} ->> '$')::DOUBLE) FOR axis IN {_KEYS} AND {_IS_NUMBER}])"
        "::MAP(VARCHAR, DOUBLE)"
    ),
}
COMPUTED = ", ".join(f"{sql} AS {name}" for name, sql in MAPS.items())


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Compute the maps of the cells that lack them, as those of an older store do."""
    values = ", ".join(f"{name} = {sql}" for name, sql in MAPS.items())
    connection.execute(f"UPDATE cells SET {values} WHERE study_axes IS NULL OR study_numbers IS NULL")
