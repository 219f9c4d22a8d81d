"""The study of preprocessing stores what the linear classifier is, and refuses what it has not."""

import numpy as np
import pytest

from goldilocks import engine, store
from goldilocks.engine.data import datasets
from goldilocks.engine.data.base import prepared
from goldilocks.engine.errors import RequestError
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.training.linear_classifier import LinearClassifier

GRID = """
[[study]]
kind = "preprocessing"
dataset = ["cloud", "digits"]
preprocessing = ["raw", "whiten"]
steps = 12
directions = 10
seed = [0, 1]
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("preprocessing") / "grid.duckdb"
    assert engine.run(engine.Grid.from_toml(GRID, "preprocessing"), path)["cells_failed"] == 0
    with store.open(path) as handle:
        yield handle.query("SELECT * FROM quantities").df()


def only(stored, quantity, **axes):
    rows = stored[stored.quantity == quantity]
    for axis, value in axes.items():
        rows = rows[rows[axis] == value]
    return rows.sort_values("position")


def test_the_study_stores_both_spectra_and_the_condition_number(stored):
    split = prepared(datasets.parse("digits"), preprocessings.parse("raw"))
    classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, 10)
    axes = {"dataset": "digits", "preprocessing": "raw", "seed": 0}
    hessian = only(stored, "hessian_spectrum", **axes).value.to_numpy()
    np.testing.assert_allclose(hessian, np.linalg.eigvalsh(classifier.hessian)[::-1][: len(hessian)], rtol=1e-6)
    covariance = only(stored, "covariance_spectrum", **axes)
    assert covariance.value.sum() == pytest.approx(split.train_x.var(0, dtype=np.float64).sum(), rel=1e-6)
    assert list(covariance.position) == list(range(1, len(covariance) + 1))
    assert only(stored, "condition_number", **axes).value.item() == pytest.approx(hessian[0] / hessian[-1])
    white = only(stored, "covariance_spectrum", dataset="digits", preprocessing="whiten", seed=0)
    np.testing.assert_allclose(white.value, 1, rtol=1e-4)


def test_the_study_stores_sensitivity_with_its_interval_and_convergence(stored):
    for dataset in ("cloud", "digits"):
        for quantity in ("perturbed_loss", "perturbed_accuracy"):
            rows = only(stored, quantity, dataset=dataset, preprocessing="raw", seed=0)
            mean, low, high = (rows[rows.part == part].value.to_numpy() for part in ("mean", "low", "high"))
            assert len(mean) == 6
            assert (low <= mean + 1e-12).all()
            assert (mean <= high + 1e-12).all()
            assert low[-1] < high[-1]
            other = only(stored, quantity, dataset=dataset, preprocessing="raw", seed=1)
            assert not np.array_equal(other[other.part == "mean"].value, mean)
        for _, curve in only(stored, "excess_loss", dataset=dataset, preprocessing="raw", seed=0).groupby("part"):
            assert list(curve.position) == list(range(13))
            assert curve.value.iloc[0] == 1
            assert (np.diff(curve.value) <= 1e-12).all()


def test_the_picture_of_the_cloud_is_stored_and_no_other(stored):
    split = prepared(datasets.parse("cloud"), preprocessings.parse("whiten"))
    for axis, quantity in enumerate(("scatter_x", "scatter_y")):
        rows = only(stored, quantity, dataset="cloud", preprocessing="whiten", seed=0)
        np.testing.assert_allclose(rows.value, split.train_x[:, axis])
        assert list(rows.part) == [f"class {label}" for label in split.train_y]
    assert only(stored, "scatter_x", dataset="digits").empty


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ('norm = "batch"', "leave norm out"),
        ('network = "conv"', "leave network out"),
        ('init = "xavier"', "leave init out"),
        ('activation = "relu"', "leave activation out"),
        ("depth = 1", "depth = 1"),
        ("directions = 1", "directions = 1"),
        ('dataset = "gaussian"', "no labels"),
    ],
)
def test_what_a_linear_classifier_has_not_is_refused(key, message):
    table = {"kind": '"preprocessing"', "dataset": '"digits"', "preprocessing": '"raw"'}
    name, value = key.split(" = ")
    text = "[[study]]\n" + "\n".join(f"{k} = {v}" for k, v in (table | {name: value}).items())
    with pytest.raises(RequestError, match=message):
        engine.Grid.from_toml(text)
