"""Small target sets of transfer: balanced, nested, as a network of the source sees them."""

import numpy as np
import pytest

from goldilocks.engine.data import datasets
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.studies.transfer import adapted
from goldilocks.engine.transfer.cell import TransferCell
from goldilocks.engine.transfer.target_sets import chosen, minibatches, seen_from
from goldilocks.engine.transfer.trainer import TransferTrainer
from tests.device import DEVICE
from tests.engine.transfers import cells, nothing, sources

pytestmark = pytest.mark.usefixtures("kept_sources")


def test_target_sets_contain_each_other_and_are_balanced():
    digits = datasets.parse("digits-28")
    labels = digits.load().train_y
    small, large = (chosen(digits, labels, count, seed=3) for count in (5, 20))
    assert np.bincount(labels[small]).tolist() == [5] * 10
    assert np.bincount(labels[large]).tolist() == [20] * 10
    assert set(small) < set(large)
    assert set(small) != set(chosen(digits, labels, 5, seed=4))
    order = minibatches(digits, labels, 5, seed=3, length=125)
    assert all(set(order[start : start + 50]) == set(small) for start in (0, 50))


def test_a_target_set_that_has_too_few_images_gives_all_it_has_and_says_so():
    digits = datasets.parse("digits-28")
    fields = {key: str(value) if hasattr(value, "spec") else value for key, value in cells()[0].fields()}
    few, many = (TransferCell(**{**fields, "per_class": count}) for count in (digits.fewest, 500))
    assert (few.refusal(), many.refusal(), few.remarks()) == (None, None, [])
    assert many.remarks() == [
        "per_class = 500: digits-28 has 139 training examples of its smallest class; 139 are used"
    ]
    labels = digits.load().train_y
    assert np.bincount(labels[chosen(digits, labels, many.images, seed=0)]).tolist() == [digits.fewest] * 10
    found = [adapted(TransferTrainer([cell], sources([cell]), DEVICE), nothing)[0].to_pandas() for cell in (few, many)]
    assert np.array_equal(found[0].value, found[1].value)
    accuracy = found[1].query("quantity == 'transfer_accuracy'")
    assert accuracy.position.item() == digits.fewest
    assert set(found[1].part) == {"fine_tune", "fine_tune, 139 per class"}


def test_what_a_preprocessing_measures_comes_from_the_source():
    source, target = datasets.parse("fashion-source"), datasets.parse("digits-28")
    split = seen_from(source, target, preprocessings.parse("center"))
    expected = target.load().test_x - source.load().train_x.mean(0)
    np.testing.assert_allclose(split.test_x, expected, atol=1e-5)


def test_the_parts_of_fashion_share_no_image():
    source, target = (datasets.parse(name).load() for name in ("fashion-source", "fashion-target"))
    whole = datasets.parse("fashion-small").load()
    assert len(source.train_x) + len(target.train_x) == len(whole.train_x)
    assert not {x.tobytes() for x in source.train_x} & {x.tobytes() for x in target.train_x}
    for part in (source, target):
        assert np.bincount(part.train_y).tolist() == [600] * 5
        assert np.bincount(part.test_y).tolist() == [100] * 5


def test_digits_28_are_the_digits_enlarged():
    small, large = datasets.parse("digits").load(), datasets.parse("digits-28").load()
    images = large.train_x.reshape(-1, 28, 28)
    assert images.min() == 0
    assert images.max() == pytest.approx(1)
    assert images[:, :2].max() == images[:, :, -2:].max() == 0
    np.testing.assert_array_equal(images[:, 2, 2] * 16, small.train_x[:, 0])
    np.testing.assert_array_equal(large.test_y, small.test_y)
