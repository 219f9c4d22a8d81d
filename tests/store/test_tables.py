"""The Arrow schemas of the journal are those of the SQL."""

from __future__ import annotations

import pyarrow as pa
import pytest

from goldilocks import store
from goldilocks.store import tables
from goldilocks.store.schema import migrate


@pytest.mark.parametrize("name", tables.names())
def test_schemas_follow_the_sql(name):
    schema = tables.schema(name)
    with migrate.empty() as connection:
        columns = connection.execute(
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [name]
        ).fetchall()
    derived = tables.DERIVED.get(name, ())
    assert [(field.name, field.nullable) for field in schema] == [one for one in columns if one[0] not in derived]


def test_types_are_plain_arrow():
    assert tables.schema("cells").field("spec") == pa.field("spec", pa.string(), False)
    assert tables.schema("cells").field("lr").type == pa.float64()
    assert tables.schema("layers").field("std").type == pa.float32()
    assert tables.schema("layer_histograms").field("counts").type == pa.list_(pa.int32())
    assert tables.schema("runs").field("started_at").type == pa.timestamp("us")


def test_an_unknown_table_is_refused():
    with pytest.raises(store.StoreInvalid, match="no table 'views'"):
        tables.schema("views")


def test_every_key_and_result_is_a_table():
    assert {*tables.KEYS, *tables.RESULTS} == set(tables.names())
