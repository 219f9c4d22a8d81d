"""Data sets are what their sources say."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from goldilocks.engine.data import datasets
from goldilocks.engine.data.downloaded import Downloaded
from tests.engine.members import members

ASSETS = Path(__file__).resolve().parents[2] / "engine" / "data" / "assets"
LABELLED = [member for member in members(datasets) if member.classes]


@pytest.fixture
def present(dataset):
    """Skips what would have to be downloaded."""
    if isinstance(dataset, Downloaded) and dataset.contents() is None:
        pytest.skip(f"{dataset} is not on this machine")


@pytest.mark.parametrize("dataset", LABELLED, ids=str)
def test_a_data_set_has_the_sizes_it_declares(dataset, present):
    split = dataset.load()
    assert split.train_x.shape == (dataset.train_size, dataset.features)
    assert split.test_x.shape == (dataset.test_size, dataset.features)
    assert (split.train_x.dtype, split.train_y.dtype) == (np.float32, np.int64)
    assert len(split.train_y) == dataset.train_size
    assert len(split.test_y) == dataset.test_size
    if dataset.image:
        side, channels = dataset.image
        assert side**2 * channels == dataset.features


@pytest.mark.parametrize("dataset", LABELLED, ids=str)
def test_the_split_is_stratified_and_disjoint(dataset, present):
    split = dataset.load()
    for labels in (split.train_y, split.test_y):
        counts = np.bincount(labels, minlength=dataset.classes)
        assert len(counts) == dataset.classes
        assert counts.max() < 1.1 * counts.min()
    assert np.bincount(split.train_y).min() == dataset.fewest
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


def test_a_thousand_images_are_the_first_of_the_small_set():
    small, thousand = datasets.parse("fashion-small").load(), datasets.parse("fashion-1000").load()
    for c in range(10):
        first = small.train_x[small.train_y == c][:100]
        assert np.array_equal(thousand.train_x[thousand.train_y == c], first)
    assert np.array_equal(thousand.test_x, small.test_x)


def test_the_cloud_is_elongated_tilted_and_off_the_origin():
    split = datasets.parse("cloud").load()
    variance, axes = np.linalg.eigh(np.cov(split.train_x, rowvar=False))
    assert np.abs(split.train_x.mean(0)).min() > split.train_x.std(0).max()
    assert variance[1] / variance[0] > 5
    assert 0.3 < abs(axes[0, 1]) < 0.95
    assert np.array_equal(split.train_x, datasets.parse("cloud").load().train_x)
