"""Preprocessing takes its statistics from the training split, and does to the inputs what its card says."""

import numpy as np
import pytest

from goldilocks.engine.data import datasets
from goldilocks.engine.data.base import PIECE, prepared
from goldilocks.engine.preprocessings import preprocessings
from tests.engine.made_data import Made

PIPELINES = [member() for member in preprocessings]
CENTRED = [p for p in PIPELINES if p.name != "raw"]
SETS = [datasets.parse(name) for name in ("cloud", "digits", "fashion-small")]


@pytest.mark.parametrize("pipeline", PIPELINES, ids=str)
def test_statistics_come_from_the_training_split_alone(pipeline):
    here, moved = prepared(Made(), pipeline), prepared(Made(shift=10.0), pipeline)
    assert np.array_equal(here.train_x, moved.train_x)
    transform = pipeline.fit(Made().load().train_x.astype(np.float64))
    expected = transform(Made(shift=10.0).load().test_x.astype(np.float64))
    np.testing.assert_allclose(moved.test_x, expected, rtol=1e-6, atol=1e-6)
    if pipeline in CENTRED:
        assert np.abs(here.test_x.mean(0)).max() > 0.01


@pytest.mark.parametrize("dataset", [*SETS, Made()], ids=lambda d: d.name)
@pytest.mark.parametrize("pipeline", PIPELINES, ids=str)
def test_shapes_stay_and_constant_inputs_do_no_harm(dataset, pipeline):
    raw, split = dataset.load(), prepared(dataset, pipeline)
    assert (split.train_x.shape, split.test_x.shape) == (raw.train_x.shape, raw.test_x.shape)
    assert split.train_x.dtype == split.test_x.dtype == np.float32
    assert np.isfinite(split.train_x).all()
    assert np.isfinite(split.test_x).all()
    # What is constant over the training images may vary among the others, but is not blown up.
    assert np.abs(split.test_x).max() < 40 * np.abs(split.train_x).max()


@pytest.mark.parametrize("dataset", [*SETS, Made()], ids=lambda d: d.name)
def test_each_pipeline_does_to_the_cloud_what_its_card_says(dataset):
    raw = dataset.load().train_x.astype(np.float64)
    covariance = np.cov(raw, rowvar=False, ddof=0)
    variances = np.linalg.eigvalsh(covariance)[::-1]
    varies = raw.std(0) > 0
    rank = (variances > 1e-12 * variances[0]).sum()
    x = {p.name: prepared(dataset, p).train_x.astype(np.float64) for p in PIPELINES}
    scale = np.sqrt(variances[0])
    np.testing.assert_allclose(x["raw"], raw, rtol=1e-7)
    for pipeline in CENTRED:
        # float32 keeps seven digits of each value, so a mean of zero is zero up to that of the values.
        assert np.abs(x[pipeline.name].mean(0)).max() < 1e-5 * max(1, np.abs(x[pipeline.name]).max())
    np.testing.assert_allclose(np.cov(x["center"], rowvar=False, ddof=0), covariance, atol=1e-5 * scale**2)
    np.testing.assert_allclose(x["standardize"].std(0), varies.astype(float), atol=1e-4)
    np.testing.assert_allclose(np.cov(x["pca"], rowvar=False, ddof=0), np.diag(variances), atol=1e-5 * scale**2)
    identity = np.diag((np.arange(raw.shape[1]) < rank).astype(float))
    np.testing.assert_allclose(np.cov(x["whiten"], rowvar=False, ddof=0), identity, atol=1e-4)


def test_epsilon_of_whitening_is_a_share_of_the_largest_variance():
    raw = datasets.parse("digits").load().train_x.astype(np.float64)
    variances = np.linalg.eigvalsh(np.cov(raw, rowvar=False, ddof=0))[::-1]
    x = prepared(datasets.parse("digits"), preprocessings.parse("whiten(eps=0.01)")).train_x
    np.testing.assert_allclose(x.astype(np.float64).var(0), variances / (variances + 0.01 * variances[0]), atol=1e-5)


def test_principal_axes_point_the_same_way_everywhere():
    raw = datasets.parse("digits").load().train_x.astype(np.float64)
    axes = preprocessings.parse("pca").fit(raw).__self__.axes
    assert (axes[np.abs(axes).argmax(0), np.arange(64)] >= 0).all()


def test_a_large_set_is_mapped_piece_by_piece_to_the_same_numbers():
    repeat = PIECE // 300 + 2
    many, few = prepared(Made(repeat=repeat), preprocessings.parse("center")), Made().load()
    assert len(many.train_x) > PIECE
    np.testing.assert_allclose(many.train_x, np.tile(few.train_x - few.train_x.mean(0), (repeat, 1)), atol=1e-5)
