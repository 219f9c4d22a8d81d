"""Statistics of parameters, which look at large ones in pieces."""

import numpy as np
import pytest
import torch

from goldilocks.engine.diagnosis import weights


def shares_by_hand(values):
    rows = [tuple(row) for row in values.flatten(1).tolist()]
    return sum(rows.count(row) > 1 for row in rows) / len(rows)


@pytest.mark.parametrize("block", [1, 64, 1 << 18])
@pytest.mark.parametrize("shape", [(9, 5), (64, 3, 3, 3), (1, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_pieces_of_any_size_give_what_the_whole_gives(monkeypatch, block, shape, dtype):
    monkeypatch.setattr(weights, "BLOCK", block)
    values = (torch.randn(shape, generator=torch.Generator().manual_seed(0)) + 0.5).to(dtype)
    values[len(values) // 2 :: 3] = values[0].clone()
    mean, std, rms, magnitude, nonfinite, equal = weights._describe(values, matrix=True, columns=False)
    whole = values.double().numpy()
    expected = (whole.mean(), whole.std(), np.sqrt((whole**2).mean()), np.abs(whole).max())
    assert (mean, std, rms, magnitude) == pytest.approx(expected, rel=1e-12)
    assert nonfinite == 0
    assert equal == shares_by_hand(values)


def test_units_in_columns_are_compared_as_columns():
    values = torch.tensor([[1.0, 2.0, 1.0], [3.0, 4.0, 3.0]])
    assert weights._describe(values, matrix=True, columns=True)[-1] == pytest.approx(2 / 3)
    assert weights._describe(values, matrix=True, columns=False)[-1] == 0


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_counted_and_seen(strange):
    values = torch.ones(4, 4)
    values[1, 2] = strange
    mean, _, rms, magnitude, nonfinite, _ = weights._describe(values, matrix=False, columns=False)
    assert nonfinite == 1 / 16
    assert not np.isfinite([mean, rms, magnitude]).any()
    assert np.isnan(magnitude) == np.isnan(strange)


def test_sizes_whose_squares_overflow_single_precision_are_finite():
    values = torch.full((8, 8), 1e30)
    assert weights._describe(values, matrix=False, columns=False)[2] == pytest.approx(1e30, rel=1e-6)
