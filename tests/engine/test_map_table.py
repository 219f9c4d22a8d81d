"""The tabulated maps: they are what the theory computes, and SQL that follows them says what the theory says."""

import itertools
from math import exp

import numpy as np
import pyarrow as pa
import pytest

from goldilocks import engine, store
from goldilocks.engine import plugins
from goldilocks.engine.activations import activations
from goldilocks.engine.execution import run as running
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.theory import map_table as tables_of_maps
from goldilocks.engine.theory.correlation import correlation_map
from goldilocks.engine.theory.map_table import ANGLES, MapTable, activation_maps, map_table, variances
from goldilocks.engine.theory.maps import length, length_slope, mean, slope
from goldilocks.engine.theory.spheres import Sphere, passage
from goldilocks.store import queries
from goldilocks.store.schema import migrate
from tests.breadth import each_member, few
from tests.engine.followed import followed

ACTIVATIONS = [member() for member in activations]
KNOWN = sorted({(member.normalizes(), member.usual_eps()) for member in normalizations if member.normalizes()})
# Order, and chaos without biases and with many.
PLANE = ((0.5, 0.0), (1.4, 0.1), (3.5, 1.0))
DEPTH = 20
# Correlations take long to compute: one place, few layers.
CHAOS, SHALLOW = (2.6, 0.1), 4
# What the table and the polynomials through it lose.
CLOSE = 1e-6


def test_every_activation_of_the_program_has_its_maps_with_correlations():
    kept = tables_of_maps._kept()
    assert set(kept) == {str(one) for one in ACTIVATIONS}
    assert all(table.correlations.shape == (len(table.log_q), len(ANGLES)) for table in kept.values())


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_maps_that_come_with_the_program_are_what_it_computes(activation):
    """Should a definition change: run engine/theory/assets/make_maps.py."""
    kept, q = map_table(activation), np.exp(variances(activation))
    assert kept.log_q.tolist() == np.log(q).round(3).tolist()
    some = np.arange(0, len(q), 23)
    for name, of in {"length": length, "mean": mean, "slope": slope, "length_slope": length_slope}.items():
        assert getattr(kept, name)[some] == pytest.approx(of(activation, q[some]), rel=1e-9, abs=1e-12), name
    assert kept.variance == pytest.approx(kept.length - kept.mean**2, rel=1e-6, abs=1e-9)
    for row in (len(q) // 3, len(q) - 20):
        for angle in (2, 11, 24):
            exact = correlation_map(activation, float(q[row]), float(np.cos(ANGLES[angle]))) / kept.length[row]
            assert kept.correlations[row, angle] == pytest.approx(exact, abs=1e-9)


def test_kurtosis_is_that_of_closed_forms():
    """E z⁴ is 3 (E z²)², and half of it is ReLU's."""
    for name, kurtosis in {"linear": 3, "relu": 6}.items():
        assert map_table(activations.parse(name)).kurtosis == pytest.approx(kurtosis)


@pytest.fixture(scope="module")
def database():
    with migrate.empty() as connection:
        connection.register("rows", activation_maps())
        connection.execute("INSERT INTO activation_maps BY NAME SELECT * FROM rows")
        yield connection


def asked(connection, **values):
    query = queries.get("mean_field_layers")
    return connection.execute(query.sql, query.bind(values)).df()


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_sql_that_follows_the_maps_says_what_the_theory_says(database, activation):
    for (normalizes, eps), (sigma_w, sigma_b) in itertools.product(KNOWN, PLANE):
        values = {"normalizes": normalizes, "eps": eps or 1e-300, "sigma_w": sigma_w, "sigma_b": sigma_b}
        found = asked(database, activation=str(activation), depth=DEPTH, **values)
        truth = followed(activation, normalizes, eps, sigma_w, sigma_b, DEPTH, correlated=False)
        for name in ("q", "std", "gradient"):
            assert found[name].to_numpy() == pytest.approx(truth[name], rel=CLOSE), (name, normalizes, sigma_w, sigma_b)
        assert found[["unlike", "alike"]].isna().all(axis=None) == (normalizes == "batch")


@pytest.mark.essential("correlations, in the database")
@pytest.mark.parametrize("activation", few(ACTIVATIONS, 1), ids=str)
def test_it_says_so_of_correlations(database, activation):
    for normalizes, eps in [one for one in KNOWN if one[0] != "batch"]:
        values = {"normalizes": normalizes, "eps": eps or 1e-300, "sigma_w": CHAOS[0], "sigma_b": CHAOS[1]}
        found = asked(database, activation=str(activation), depth=SHALLOW, **values)
        truth = followed(activation, normalizes, eps, *CHAOS, SHALLOW)["correlations"]
        np.testing.assert_allclose(found[["unlike", "alike"]].to_numpy().T, truth, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("activation", each_member(ACTIVATIONS), ids=str)
def test_behind_a_batch_norm_the_maps_are_those_of_a_large_batch(activation):
    through = passage(activation, Sphere(10**7, centred=True, over_batch=True))
    found = followed(activation, "batch", 0.0, 1.0, 0.0, 2)
    assert found["std"][1] ** 2 == pytest.approx(through.variance, rel=1e-5)
    assert found["gradient"][0] ** 2 == pytest.approx(through.later / through.variance, rel=1e-5)


GRID = """
name = "one"
[[study]]
kind = "propagation"
width = 8
depth = 2
batch_size = 4
init = "xavier"
activation = "tanh"
"""
PLUGIN = """
import torch
from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card

@activations.register
class Halved(Activation):
    name = "halved"
    card = Card("Halved tanh", "φ(z) = tanh(z)/2", "this test")

    def __call__(self, z):
        return torch.tanh(z) / 2
"""


def entries(path):
    return sorted((path.parent / f"{path.name}.store" / "journal").glob("*-maps"))


def test_a_store_gets_the_maps_once_and_again_only_where_they_changed(tmp_path, monkeypatch):
    path, grid = tmp_path / "grid.duckdb", engine.Grid.from_toml(GRID, "one")
    made, few = activation_maps(), ("tanh", "relu")
    some = made.filter(pa.array([name in few for name in made["activation"].to_pylist()]))
    monkeypatch.setattr(running, "activation_maps", lambda: some)
    engine.run(grid, path)
    engine.run(grid, path, fresh=True)
    assert len(entries(path)) == 1
    doubled = some.set_column(some.schema.get_field_index("mean"), "mean", some["kurtosis"])
    monkeypatch.setattr(running, "activation_maps", lambda: doubled.slice(0, 1))
    # Nothing is left to compute, and what is known is still brought up to date.
    engine.run(grid, path)
    with store.open(path) as handle:
        held = handle.query("SELECT activation, mean = kurtosis AS changed FROM activation_maps").fetchall()
        rows = handle.query("SELECT count(*), count(correlations) FROM mean_field_maps").fetchall()
    assert sorted(held) == sorted((name, name == doubled["activation"][0].as_py()) for name in few)
    assert rows == [(sum(map(len, some["log_q"].to_pylist())),) * 2]


def test_an_activation_of_a_plugin_has_maps_without_correlations(tmp_path):
    file = tmp_path / "halved.py"
    file.write_text(PLUGIN)
    plugins.load([file])
    try:
        halved, tanh = map_table(activations.parse("halved")), map_table(activations.parse("tanh"))
        assert isinstance(halved, MapTable)
        assert halved.correlations.shape == (len(halved.log_q), 0)
        there = np.searchsorted(tanh.log_q, halved.log_q[halved.log_q <= tanh.log_q[-1]])
        assert halved.length[: len(there)] == pytest.approx(tanh.length[there] / 4)
        text = str(activations.parse("halved"))
        with migrate.empty() as connection:
            connection.register("rows", activation_maps())
            connection.execute("INSERT INTO activation_maps BY NAME SELECT * FROM rows")
            found = asked(connection, activation=text, depth=3)
        assert found["q"].iloc[0] == 1.5**2 + 0.1**2
        assert found["unlike"].isna().all()
        assert exp(found["q"].iloc[2]) > 1
    finally:
        plugins.unload(file)
