"""Statistics of values: where steps may depend on them and where they may not, the same numbers."""

import numpy as np
import pytest
import torch

from goldilocks.engine.diagnosis.scratch import Scratch
from goldilocks.engine.diagnosis.sums import EXACT, count_nonzero, root_mean_square
from goldilocks.engine.diagnosis.value_statistics import COLUMNS, describe

DRAW = torch.Generator().manual_seed(0)
ENDS = (-1.5, 2.0)
VALUES = {
    "normal": torch.randn(6, 5, 4, 4, generator=DRAW),
    "rectified": torch.randn(6, 5, 4, 4, generator=DRAW).relu(),
    "at the ends": torch.tensor(ENDS).repeat(6, 10),
    "far from zero": 1e6 + torch.randn(6, 50, generator=DRAW),
    "huge": 1e38 * torch.randn(6, 50, generator=DRAW).clamp(-3, 3),
    "tiny": 1e-38 * torch.randn(6, 50, generator=DRAW),
    "zeros": torch.zeros(6, 50),
    "with NaN": torch.randn(6, 50, generator=DRAW).where(torch.arange(50) != 7, torch.nan),
    "with infinities": torch.randn(6, 50, generator=DRAW).where(torch.arange(50) % 9 != 7, torch.inf),
    "both infinities": torch.tensor([-torch.inf, 0.0, 1.0, torch.inf]).repeat(6, 10),
    "half precision": torch.randn(6, 50, generator=DRAW).half(),
    "double precision": torch.randn(6, 50, generator=DRAW, dtype=torch.float64),
    "another order": torch.randn(4, 5, 6, generator=DRAW).transpose(0, 2),
    "one number": torch.tensor(3.0),
    "examples that cannot be told apart": torch.randn(7, 5, generator=DRAW),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("unit_axis", [1, -1, 0])
def test_steps_that_depend_on_the_values_change_no_number(name, unit_axis):
    value = VALUES[name]
    if value.ndim == 0 and unit_axis:
        return
    careful = describe(value, unit_axis, 6, value, ENDS)
    scratch = Scratch()
    # What was left there is not what is read.
    scratch.like(torch.empty(10_000, dtype=value.dtype)).fill_(torch.nan)
    eager = describe(value, unit_axis, 6, value, ENDS, scratch)
    assert torch.allclose(
        eager, careful, rtol=2e-6, atol=1e-7 * float(careful[2].nan_to_num(1).clamp(max=1)), equal_nan=True
    )
    for exact in ("minimum", "maximum", "frac_zero", "frac_dead_units", "frac_saturated", "nonfinite"):
        place = COLUMNS.index(exact)
        assert torch.equal(eager[place].nan_to_num(-1), careful[place].nan_to_num(-1)), exact


@pytest.mark.parametrize("eager", [True, False])
def test_a_root_mean_square_is_that_of_double_precision(eager):
    for size in (1e-40, 1e-20, 1e-12, 1e-3, 1.0, 1e10, 1e19, 1e37):
        x = size * torch.randn(3000, generator=torch.Generator().manual_seed(1))
        assert float(root_mean_square(x, eager)) == pytest.approx(float(x.double().square().mean().sqrt()), rel=1e-6)
    assert root_mean_square(torch.zeros(5), eager) == 0
    assert root_mean_square(torch.empty(0), eager) == 0
    assert float(root_mean_square(torch.tensor([1.0, torch.inf]), eager)) == np.inf
    assert root_mean_square(torch.tensor([1.0, torch.nan]), eager).isnan()


def test_more_values_than_single_precision_counts_are_counted():
    x = torch.ones(EXACT * 2 + 3)
    x[5] = 0
    assert count_nonzero(x, Scratch()) == EXACT * 2 + 2
