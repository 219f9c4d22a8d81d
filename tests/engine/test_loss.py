"""The loss against PyTorch's, and its behaviour beyond the range of numbers."""

import pytest
import torch

from goldilocks.engine.loss import cross_entropy


@pytest.mark.parametrize("shared", [False, True])
def test_value_accuracy_and_gradient_are_torchs(shared):
    random = torch.Generator().manual_seed(0)
    logits = (5 * torch.randn(3, 20, 7, generator=random, dtype=torch.float64)).requires_grad_()
    labels = torch.randint(7, (1 if shared else 3, 20), generator=random)
    found = cross_entropy(logits.detach(), labels)
    for c in range(3):
        own = labels[0 if shared else c]
        expected = torch.nn.functional.cross_entropy(logits[c], own)
        (gradient,) = torch.autograd.grad(expected, logits)
        assert found.value[c].item() == pytest.approx(expected.item())
        torch.testing.assert_close(found.gradient[c], gradient[c])
        assert found.correct[c].item() == pytest.approx((logits[c].argmax(1) == own).double().mean().item())


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    found = cross_entropy(torch.zeros(1, 4, 10), torch.zeros(1, 4, dtype=torch.int64), with_gradient=False)
    assert found.value.item() == pytest.approx(torch.tensor(10.0).log().item())
    assert found.gradient is None


def test_large_logits_do_not_overflow():
    logits = torch.tensor([[[1e30, 0.0]], [[0.0, 1e30]]])
    found = cross_entropy(logits, torch.zeros(1, 1, dtype=torch.int64))
    assert found.value.tolist() == [0.0, pytest.approx(1e30)]
    assert found.gradient.isfinite().all()


def test_what_is_not_finite_has_no_accuracy_and_leaves_the_neighbours_alone():
    logits = torch.zeros(3, 2, 4)
    logits[1, 0, 0] = torch.nan
    logits[2, 0, 0] = torch.inf
    found = cross_entropy(logits, torch.zeros(1, 2, dtype=torch.int64))
    assert found.correct.isnan().tolist() == [False, True, True]
    assert found.value.isfinite().tolist() == [True, False, False]
