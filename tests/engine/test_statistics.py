"""Statistics of a tap against NumPy in float64, and histograms on values that tempt them to lose some."""

import numpy as np
import pytest
import torch

from goldilocks.engine.statistics import BINS, HISTOGRAM_REACH, activation_statistics, histogram, moments, norm
from goldilocks.engine.training.update_size import UpdateSize


def sample(shape=(3, 16, 40), seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def describe(act, slope=None):
    slope = torch.ones_like(act) if slope is None else slope
    found = activation_statistics(act, moments(act), slope, torch.zeros_like(act, dtype=torch.bool))
    return {name: values.numpy() for name, values in found.items()}


def test_moments_are_numpys():
    act = sample() * torch.tensor([1.0, 1e-6, 1e6])[:, None, None] + torch.tensor([0.0, 1.0, 5.0])[:, None, None]
    found, truth = describe(act), act.double().numpy().reshape(3, -1)
    np.testing.assert_allclose(found["mean"], truth.mean(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["rms"], np.sqrt((truth**2).mean(1)), rtol=1e-5)
    np.testing.assert_array_equal(found["min"], truth.min(1).astype(np.float32))
    np.testing.assert_array_equal(found["max"], truth.max(1).astype(np.float32))


def test_a_small_spread_around_a_large_mean_does_not_cancel():
    act = 1000 + 0.01 * sample()
    truth = act.double().numpy().reshape(3, -1).std(1)
    np.testing.assert_allclose(describe(act)["std"], truth, rtol=1e-4)


def test_what_has_vanished_is_small_and_not_zero():
    act = 1e-30 * sample()
    truth = act.double().numpy().reshape(3, -1)
    np.testing.assert_allclose(describe(act)["rms"], np.sqrt((truth**2).mean(1)), rtol=1e-5)
    np.testing.assert_allclose(describe(act)["std"], truth.std(1), rtol=1e-5)


# From the smallest normal numbers of float32 to its largest: squares of most of these are beyond it.
MAGNITUDES = [1e-37, 1e-25, 1e-19, 1.0, 1e19, 1e25, 5e37]


@pytest.mark.parametrize("magnitude", MAGNITUDES)
def test_what_is_finite_has_finite_statistics(magnitude):
    act = magnitude * sample()
    truth = act.double().numpy().reshape(3, -1)
    found = describe(act)
    np.testing.assert_allclose(found["std"], truth.std(1), rtol=1e-5)
    np.testing.assert_allclose(found["rms"], np.sqrt((truth**2).mean(1)), rtol=1e-5)
    np.testing.assert_allclose(found["mean"], truth.mean(1), rtol=1e-5, atol=1e-6 * magnitude)
    units = act.double().numpy().var(2).mean(1) ** 0.5
    np.testing.assert_allclose(found["unit_std"], units, rtol=1e-5)


def test_even_the_largest_numbers_have_a_mean_and_a_spread():
    act = torch.finfo(torch.float32).max * sample().sign()
    truth = act.double().numpy().reshape(3, -1)
    np.testing.assert_allclose(describe(act)["std"], truth.std(1), rtol=1e-5)
    np.testing.assert_allclose(describe(act)["mean"], truth.mean(1), rtol=1e-5)
    np.testing.assert_allclose(describe(act.abs())["mean"], truth.max(1), rtol=1e-6)


@pytest.mark.parametrize("magnitude", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_norms_need_no_wider_type(magnitude):
    """Where there is none, as for float64 and on Apple GPUs, values are scaled before they are squared."""
    x = magnitude * sample().double()
    np.testing.assert_allclose(norm(x) / magnitude, np.linalg.norm(sample().double().flatten(1), axis=1), rtol=1e-12)


def test_the_norm_of_nothing_is_zero():
    assert norm(torch.zeros(2, 3, 4)).tolist() == norm(torch.zeros(2, 3, 4).double()).tolist() == [0, 0]
    assert describe(torch.zeros(2, 3, 4))["std"].tolist() == [0, 0]


@pytest.mark.parametrize("magnitude", MAGNITUDES)
def test_the_size_of_an_update_is_finite_where_gradients_are(magnitude):
    gradients, weight = [magnitude * sample(seed=seed) for seed in (0, 1)], sample(seed=2)
    size = UpdateSize()
    for gradient in gradients:
        before = weight.clone()
        size.note(gradient, weight)
        size.note_change(before * 0.5)
    truth = sum(gradient.double().square().sum((1, 2)) for gradient in gradients).sqrt()
    np.testing.assert_allclose(size.gradient, truth, rtol=1e-6)
    np.testing.assert_allclose(size.change / size.weight, 0.5, rtol=1e-6)


def test_a_unit_is_dead_only_when_inactive_on_every_example():
    slope = torch.ones(1, 4, 5)
    slope[0, :, 0] = 0
    slope[0, :3, 1] = 0
    act = torch.relu(slope)
    found = describe(act, slope)
    assert found["frac_dead_units"][0] == pytest.approx(1 / 5)
    assert found["frac_zero"][0] == pytest.approx(7 / 20)


def test_small_values_are_not_zeros_and_negative_ones_neither():
    act = torch.tensor([[[-1.0, 1e-30, 0.0, -0.0]]])
    assert describe(act)["frac_zero"][0] == 0.5


def test_units_alike_have_no_spread_across_units():
    alike = sample((1, 16, 1)).expand(1, 16, 40)
    assert describe(alike)["unit_std"][0] < 1e-6
    assert describe(sample())["unit_std"][0] == pytest.approx(1, abs=4 * (0.5 / 640) ** 0.5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_shows_in_its_own_configuration_alone(bad):
    act = sample()
    act[1, 3, 7] = bad
    found = describe(act)
    for name in ("mean", "std", "rms"):
        assert not np.isfinite(found[name][1]), name
        assert np.isfinite(found[name][[0, 2]]).all(), name


def reference(values):
    """Count one configuration by NumPy on the bins that the documentation promises."""
    finite = values[np.isfinite(values)].astype(np.float64)
    filled = np.where(np.isfinite(values), values, 0).astype(np.float64)
    reach = HISTOGRAM_REACH * filled.std()
    lo, hi = max(finite.min(), filled.mean() - reach), min(finite.max(), filled.mean() + reach)
    counts, _ = np.histogram(finite, bins=BINS, range=(lo, hi))
    return lo, hi, counts, (finite < lo).sum(), (finite > hi).sum(), (~np.isfinite(values)).sum()


HEAVY = sample((1, 16, 40), seed=1) ** 5
CASES = {
    "normal": sample((1, 16, 40)),
    "heavy tails": HEAVY,
    "one infinity": torch.where(torch.arange(640).view(1, 16, 40) == 5, torch.inf, sample((1, 16, 40))),
    "some NaN": torch.where(torch.arange(640).view(1, 16, 40) % 7 == 0, torch.nan, sample((1, 16, 40))),
    "tiny": sample((1, 16, 40)) * 1e-30,
    "large": sample((1, 16, 40)) * 1e15,
    "far from zero": sample((1, 16, 40)) + 100,
    "half zeros": torch.relu(sample((1, 16, 40))),
}


@pytest.mark.parametrize("name", CASES)
def test_histograms_count_like_numpy(name):
    values = CASES[name]
    found = histogram(values)
    lo, hi, counts, under, over, nonfinite = reference(values.numpy().ravel())
    assert found.lo.item() == pytest.approx(lo, rel=1e-4)
    assert found.hi.item() == pytest.approx(hi, rel=1e-4)
    assert found.nonfinite.item() == nonfinite
    # A value within rounding of an edge may fall on either side of it.
    ours = np.cumsum([found.underflow.item(), *found.counts[0].tolist(), found.overflow.item()])
    truth = np.cumsum([under, *counts, over])
    assert np.abs(ours - truth).max() <= 3
    assert ours[-1] == truth[-1]


@pytest.mark.parametrize("constant", [0.0, 1.0, -3e38, 1e-40])
def test_equal_values_share_one_bin(constant):
    found = histogram(torch.full((1, 4, 5), constant))
    assert found.lo.item() == found.hi.item() == pytest.approx(constant)
    assert found.counts.sum() == found.counts.max() == 20


def test_a_range_that_overflows_loses_nothing():
    values = sample((1, 16, 40)).clamp(-1, 1) * 3.4e38
    found = histogram(values)
    assert found.counts.sum() + found.underflow + found.overflow == 640
    assert found.nonfinite == 0
    assert (found.counts > 0).sum() > 10


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nothing_finite_leaves_empty_bins_without_edges(bad):
    found = histogram(torch.full((2, 4, 5), bad))
    assert found.lo.isnan().all()
    assert found.hi.isnan().all()
    assert found.counts.sum() == 0
    assert found.nonfinite.tolist() == [20, 20]


def test_the_histogram_of_a_configuration_does_not_depend_on_its_neighbours():
    together = histogram(torch.cat(list(CASES.values())))
    for c, values in enumerate(CASES.values()):
        assert torch.equal(together.counts[c], histogram(values).counts[0])
