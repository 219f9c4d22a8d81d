"""Data sets are what their sources say, and preprocessing takes its statistics from the training split."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from engine.data import datasets
from engine.data.base import prepared
from engine.preprocessings import preprocessings

ASSETS = Path(__file__).resolve().parents[2] / "engine" / "data" / "assets"
LABELLED = [member() for member in datasets if member.classes]


@pytest.mark.parametrize("dataset", LABELLED, ids=str)
def test_a_data_set_has_the_sizes_it_declares(dataset):
    split = dataset.load()
    assert split.train_x.shape == (dataset.train_size, dataset.features)
    assert split.test_x.shape == (dataset.test_size, dataset.features)
    assert (split.train_x.dtype, split.train_y.dtype) == (np.float32, np.int64)
    assert len(split.train_y) == dataset.train_size
    assert len(split.test_y) == dataset.test_size


@pytest.mark.parametrize("dataset", LABELLED, ids=str)
def test_the_split_is_stratified_and_disjoint(dataset):
    split = dataset.load()
    for labels in (split.train_y, split.test_y):
        counts = np.bincount(labels, minlength=dataset.classes)
        assert len(counts) == dataset.classes
        assert counts.max() < 1.1 * counts.min()
    train = {row.tobytes() for row in split.train_x}
    assert sum(row.tobytes() in train for row in split.test_x) <= 0.005 * len(split.test_x)


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    split = datasets.parse("digits").load()
    ours = np.concatenate([np.c_[split.train_x, split.train_y], np.c_[split.test_x, split.test_y]])
    theirs = np.c_[x, y]
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def script():
    spec = importlib.util.spec_from_file_location("make_fashion_small", ASSETS / "make_fashion_small.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not Path(script().FOLDER).is_dir(), reason="needs the package dataset-fashion-mnist")
def test_the_small_fashion_set_is_what_its_script_makes_of_the_original():
    make = script()
    split = datasets.parse("fashion-small").load()
    for name, x, y in (("train", split.train_x, split.train_y), ("t10k", split.test_x, split.test_y)):
        images, labels = make.subset(Path(make.FOLDER), name)
        assert np.array_equal(np.rint(x * 255).astype(np.uint8), images.reshape(len(images), -1))
        assert np.array_equal(y, labels)


def test_a_file_that_is_not_the_original_is_refused(tmp_path):
    import gzip

    make = script()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x03"))
    with pytest.raises(SystemExit, match="expected"):
        make.read_idx(tmp_path, "train-images-idx3-ubyte")


@pytest.mark.parametrize("dataset", LABELLED, ids=str)
def test_preprocessing_uses_the_training_split_alone(dataset):
    raw = prepared(dataset, preprocessings.parse("raw"))
    centred = prepared(dataset, preprocessings.parse("center"))
    scaled = prepared(dataset, preprocessings.parse("standardize"))
    train, test = raw.train_x.astype(np.float64), raw.test_x.astype(np.float64)
    mean, std = train.mean(0), train.std(0)
    varies = std > 0
    np.testing.assert_allclose(centred.test_x, test - mean, atol=1e-5)
    np.testing.assert_allclose(
        scaled.test_x[:, varies], ((test - mean) / np.where(varies, std, 1))[:, varies], 1e-4, 1e-4
    )
    np.testing.assert_allclose(scaled.train_x.std(0)[varies], 1, rtol=1e-3)
    assert (scaled.train_x[:, ~varies] == 0).all()
    assert np.abs(scaled.test_x.mean(0)[varies]).max() > 0.01
    for split in (raw, centred, scaled):
        assert np.isfinite(split.train_x).all()
        assert np.isfinite(split.test_x).all()
