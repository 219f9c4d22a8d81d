"""The lecture's row on transfer learning, L17: each claim as an ordering over seeds, and the one that does not hold."""

import numpy as np
import pytest

import engine
import store
from store.check import check

SEEDS, SMALL, LARGE = 5, 5, 100
GRID = """
[[study]]
kind = "transfer_source"
network = "conv(strided=2, dense=2, dense_width=64)"
width = 8
depth = 4
init = "kaiming"
activation = "relu"
optimizer = "momentum"
lr = 0.02
batch_size = 32
steps = 200
seed = [0, 1, 2, 3, 4]

[[study]]
kind = "transfer"
network = "conv(strided=2, dense=2, dense_width=64)"
dataset = ["fashion-target", "digits-28"]
source_lr = 0.02
source_steps = 200
scheme = ["scratch", "last_layer", "dense_layers", "fine_tune"]
per_class = [5, 100]
width = 8
depth = 4
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 32
steps = 80
seed = [0, 1, 2, 3, 4]
"""
SIMILAR, DISSIMILAR = "fashion-target", "digits-28"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOLDILOCKS_DATA", str(folder))
        summary = engine.run(engine.Grid.from_toml(GRID, "transfer"), folder / "grid.duckdb")
    assert summary["cells_failed"] == summary["cells_diverged"] == 0
    assert all(finding.holds for finding in check(folder / "grid.duckdb"))
    with store.open(folder / "grid.duckdb") as handle:
        yield handle


@pytest.fixture(scope="module")
def accuracy(opened):
    """Return test accuracies `[seed]` by target, scheme and images per class."""
    sql = """SELECT dataset, part, position::INTEGER AS per_class, seed, value FROM quantities
             WHERE quantity = 'transfer_accuracy' ORDER BY seed"""
    found = opened.query(sql).df()
    return {key: rows["value"].to_numpy() for key, rows in found.groupby(["dataset", "part", "per_class"])}


def gain(accuracy, target, scheme, per_class):
    """Return what a scheme gains over training from scratch `[seed]`."""
    return accuracy[target, scheme, per_class] - accuracy[target, "scratch", per_class]


def test_the_query_has_a_row_per_target_scheme_and_size(opened, accuracy):
    found = opened.lecture_17_transfer().df()
    assert len(found) == 2 * 4 * 2
    assert set(found["source"]) == {"fashion-source"}
    assert (found["seeds"] == SEEDS).all()
    for row in found.itertuples():
        values = accuracy[row.dataset, row.scheme, row.per_class]
        gains = gain(accuracy, row.dataset, row.scheme, row.per_class)
        # 2.776 is the 97.5 % quantile of Student's t with four degrees of freedom.
        margin = 2.776 * gains.std(ddof=1) / SEEDS**0.5
        np.testing.assert_allclose((row.accuracy, row.gain, row.gain_margin), (values.mean(), gains.mean(), margin))
        assert row.seeds_that_gain == (gains > 0).sum()


def test_everything_learns(accuracy):
    for (target, scheme, per_class), values in accuracy.items():
        chance = 0.2 if target == SIMILAR else 0.1
        assert values.mean() > 2 * chance, (target, scheme, per_class)


@pytest.mark.parametrize("target", [SIMILAR, DISSIMILAR])
def test_more_images_call_for_new_dense_layers(accuracy, target):
    """Steps (2) and (3) of the lecture: with more images, train more layers than the last one."""
    more = accuracy[target, "dense_layers", LARGE] - accuracy[target, "last_layer", LARGE]
    assert (more > 0).all()
    assert more.mean() > 0.04


def test_high_layers_are_specific_to_the_source(accuracy):
    """Frozen up to the last layer, a network of clothing fails on digits, and much less on other clothing."""
    similar, dissimilar = (gain(accuracy, target, "last_layer", LARGE) for target in (SIMILAR, DISSIMILAR))
    assert (dissimilar < -0.15).all()
    assert (similar - dissimilar > 0.1).all()


def test_low_layers_are_general(accuracy):
    """Convolutions frozen as they were learned on clothing serve digits about as well as ones learned on digits."""
    low, high = (gain(accuracy, DISSIMILAR, scheme, LARGE) for scheme in ("dense_layers", "last_layer"))
    assert abs(low.mean()) < 0.05
    assert (low - high > 0.12).all()


def test_fine_tuning_gains_more_on_a_similar_target(accuracy):
    similar, dissimilar = (gain(accuracy, target, "fine_tune", SMALL) for target in (SIMILAR, DISSIMILAR))
    assert dissimilar.mean() < -0.03
    assert similar.mean() - dissimilar.mean() > 0.02


def test_fine_tuning_does_not_beat_scratch_here(accuracy):
    """The published gain on small, similar targets does not show at this size.

    The source is 3,000 images of five classes and the target easy: five images of each class already give scratch about
    two thirds, and the gain is within ±0.04. With 1,000 updates on the source it is about 0.02 (preset full).
    """
    assert abs(gain(accuracy, SIMILAR, "fine_tune", SMALL).mean()) < 0.04


def test_layers_move_as_their_scheme_says(opened):
    sql = """SELECT split_part(part, ',', 1) AS scheme, position::INTEGER AS layer, avg(value) AS shift
             FROM quantities WHERE quantity = 'layer_shift' GROUP BY ALL ORDER BY ALL"""
    shift = opened.query(sql).df().pivot(index="scheme", columns="layer", values="shift")
    assert (shift.loc["last_layer"] == 0).all()
    assert (shift.loc["dense_layers", [1, 2]] == 0).all()
    assert (shift.loc["dense_layers", [3, 4]] > 0.1).all()
    assert ((shift.loc["fine_tune"] > 0) & (shift.loc["fine_tune"] < shift.loc["scratch"] / 2)).all()


def test_the_first_layers_filters_are_stored_and_learned(opened):
    sql = """SELECT quantity, seed, part, position, value FROM quantities WHERE quantity LIKE 'source_filter%'"""
    found = opened.query(sql).df().pivot(index=["seed", "part", "position"], columns="quantity", values="value")
    assert len(found) == SEEDS * 8 * 9
    moved = (found["source_filter"] - found["source_filter_before"]).groupby("seed").std()
    assert (moved > 0.02).all()
    sql = "SELECT min(value) FROM quantities WHERE quantity = 'source_accuracy'"
    assert opened.query(sql).fetchall()[0][0] > 0.85
