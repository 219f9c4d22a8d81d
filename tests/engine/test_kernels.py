"""Kernels for NVIDIA GPUs equal the plain formulas; and what is captured once equals what is asked for step by step.

Without a GPU, Triton's interpreter computes the same kernels on the CPU, at small sizes; `tests/conftest.py` asks for
it.
"""

import numpy as np
import pytest
import torch

from goldilocks.engine.kernels import choice
from goldilocks.engine.kernels.choice import batch_norm_kernels, product_kernel
from goldilocks.engine.normalizations.base import Running, Scale
from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.studies.training import Training
from goldilocks.engine.training import fused_choice
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.cuda_graph import Replay
from goldilocks.engine.training.trainer import Trainer
from goldilocks.engine.training.update_size import UpdateSize
from tests.engine.members import ACTIVATIONS

triton = pytest.importorskip(
    "triton", reason="needs Triton, which comes with PyTorch for CUDA; anywhere: pip install triton"
)
GPU = torch.cuda.is_available()
DEVICE, CPU = torch.device("cuda" if GPU else "cpu"), torch.device("cpu")
needs_gpu = pytest.mark.skipif(not GPU, reason="needs an NVIDIA GPU")
# Rounding of a float32 product: relative to the norm of the result.
ROUNDING = 1e-6
LAYOUTS = {
    "rows": lambda a, b: (a, b),
    "left transposed": lambda a, b: (a.mT.contiguous().mT, b),
    "right transposed": lambda a, b: (a, b.mT.contiguous().mT),
    "both transposed": lambda a, b: (a.mT.contiguous().mT, b.mT.contiguous().mT),
    "left shared": lambda a, b: (a[:1].expand(len(b), -1, -1), b),
}
# A program of the interpreter takes milliseconds.
SHAPES = [(3, 1, 1, 1), (4, 7, 33, 10), (1, 65, 40, 70)]
LARGE_SHAPES = [(5, 64, 64, 64), (2, 360, 64, 10), (3, 65, 129, 256), (2, 100, 512, 50)] if GPU else []
SIZES = [(2, 5), (50, 33)]
LARGE_SIZES = [(3, 64), (64, 64), (512, 64), (1000, 16), (1024, 100)] if GPU else []


@pytest.fixture(autouse=True)
def _kernels_run_here(monkeypatch):
    if not GPU:
        assert triton.knobs.runtime.interpret, "Triton was imported before tests/conftest.py asked for its interpreter"
        monkeypatch.setattr(choice, "DEVICES", ("cpu",))


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("shape", SHAPES + LARGE_SHAPES)
def test_a_product_is_that_of_float64(shape, biased, layout):
    configs, rows, inner, columns = shape
    a, b = LAYOUTS[layout](draws(configs, rows, inner), draws(configs, inner, columns, seed=1))
    bias = draws(configs, 1, columns, seed=2) if biased else None
    product = product_kernel(a, b)
    assert product is not None
    truth = a.double() @ b.double() + (0 if bias is None else bias.double())
    assert torch.linalg.norm(product(a, b, bias) - truth) < ROUNDING * torch.linalg.norm(truth)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_product_does_not_depend_on_its_neighbours(layout):
    configs = 50 if GPU else 4
    a, b = LAYOUTS[layout](draws(configs, 64, 100), draws(configs, 100, 64, seed=1))
    product = product_kernel(a, b)
    assert torch.equal(product(a, b)[2:4], product(a[2:4], b[2:4]))


@pytest.mark.parametrize("layout", ["rows", "right transposed"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_what_is_not_finite_stays_so_and_stays_where_it_is(value, layout):
    a, b = draws(3, 64, 64), draws(3, 64, 64, seed=1)
    a[1, 5, 9] = value
    a, b = LAYOUTS[layout](a, b)
    found = product_kernel(a, b)(a, b).isfinite().all(2)
    assert not found[1, 5]
    assert found.sum() == found.numel() - 1


def test_large_matrices_and_other_types_are_left_to_pytorch():
    assert product_kernel(draws(1, 64, 64), draws(1, 64, 1024)) is None
    assert product_kernel(draws(1, 64, 64).double(), draws(1, 64, 64).double()) is None
    assert batch_norm_kernels(draws(1, 2000, 4)) is None
    assert batch_norm_kernels(draws(1, 4, 20).mT) is None


@pytest.mark.parametrize("eps", [1e-5, 0.1])
@pytest.mark.parametrize("sizes", SIZES + LARGE_SIZES)
def test_batch_norm_is_that_of_float64_both_ways(sizes, eps):
    batch, units = sizes
    norm, z, dy = BatchNorm(eps=eps), 3 * draws(6, batch, units) + 2, draws(6, batch, units, seed=1)
    scale = Scale(draws(6, 1, units, seed=2), draws(6, 1, units, seed=3))
    running = Running(draws(6, 1, units, seed=4), draws(6, 1, units, seed=5).square())
    assert batch_norm_kernels(z) is not None

    def passes(device, dtype):
        def copy(tensor):
            return tensor.to(device, dtype, copy=True)

        at = Scale(copy(scale.gamma), copy(scale.beta))
        kept = Running(copy(running.mean), copy(running.variance))
        y, saved = norm.forward(copy(z), at, kept)
        dz, gradient = norm.backward(copy(dy), saved, at)
        return [y, dz, gradient.gamma, gradient.beta, kept.mean, kept.variance]

    ours, truth = passes(DEVICE, torch.float32), passes(CPU, torch.float64)
    for mine, true in zip(ours, truth, strict=True):
        # With two examples the way back is a difference of numbers that nearly cancel.
        slack = 2e-5 * float(true.abs().max()) + 1e-5 * (batch < 4)
        torch.testing.assert_close(mine.cpu().double(), true, rtol=1e-5, atol=slack)


def cells(norm, activation, steps, optimizer="sgd"):
    shape = {"dataset": "digits", "width": 48, "depth": 3, "batch_size": 40, "steps": steps, "init": "kaiming"}
    schemes = {"norm": norm, "activation": activation, "optimizer": optimizer}
    return [TrainingCell(**shape, **schemes, lr=0.02, seed=seed) for seed in range(6)]


@needs_gpu
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_a_gpu_trains_as_a_cpu_does(activation, norm):
    found = [
        Training().run(cells(norm, activation, 40), device, lambda share: None).tables["curves"].to_pandas()
        for device in (DEVICE, CPU)
    ]
    gpu, cpu = (table[table.step <= 8].set_index(["cell_id", "step"]) for table in found)
    for name in ("train_loss", "test_loss", "grad_norm", "update_ratio"):
        np.testing.assert_allclose(gpu[name], cpu[name], rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_step_with_kernels_is_the_step_without(norm, monkeypatch):
    ours, plain = (Trainer(cells(norm, "relu", 4)[:1], DEVICE) for _ in range(2))
    ours.step(0)
    monkeypatch.setattr(choice, "DEVICES", ())
    plain.step(0)
    for mine, true in zip(ours.model.tensors(), plain.model.tensors(), strict=True):
        torch.testing.assert_close(mine, true, rtol=1e-5, atol=1e-6)


@needs_gpu
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_captured_steps_equal_those_asked_for_one_by_one(optimizer):
    batch = cells("batch", "relu", 30, optimizer)
    captured, plain = Trainer(batch, DEVICE), Trainer(batch, DEVICE)
    update = Replay(lambda made: captured.step(made), DEVICE)
    for step in range(30):
        update(step)
        plain.step(torch.tensor(step, device=DEVICE))
    for mine, true in zip(captured.model.tensors(), plain.model.tensors(), strict=True):
        assert torch.equal(mine, true)


@pytest.fixture
def fused(monkeypatch):
    """Fused layers are asked for, and nothing is known of them yet."""
    monkeypatch.setenv(choice.FUSED, "1")
    monkeypatch.setattr(fused_choice, "_known", {})


@pytest.fixture
def unchecked(fused, monkeypatch):
    """Fused layers are used without their check of themselves, which takes longer than a test."""
    monkeypatch.setattr(fused_choice, "_is_right", lambda step, trainer: True)


def few_cells(norm="none", activation="relu", optimizer="sgd", **sizes):
    shape = {"dataset": "digits", "width": 20, "depth": 2, "batch_size": 12, "steps": 3, "init": "kaiming", "lr": 0.02}
    return [
        TrainingCell(**shape | sizes, norm=norm, activation=activation, optimizer=optimizer, seed=seed)
        for seed in (0, 1)
    ]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_activation_in_a_kernel_is_that_of_float64(activation):
    from goldilocks.engine.kernels import layer
    from goldilocks.engine.kernels.phi import PHIS

    assert activation.name in PHIS, (
        "an activation without an entry is left to PyTorch; those that come with it have one"
    )
    # An identity as weights hands every number through. Those close to zero are looked at relative to their size.
    close, far = torch.logspace(-12, -1, 128), torch.linspace(1e-3, 30, 128)
    z = torch.cat([close, far, -close, -far]).view(1, 32, 16)
    name = PHIS[activation.name].parameter
    eye = torch.eye(16, device=DEVICE)[None]
    made = layer.Layer(eye, None, None, activation.name, getattr(activation, name) if name else 0.0)
    kept = layer.forward(z.to(DEVICE), made)
    slope = layer.backward(torch.ones_like(kept.act), eye, kept, made).affine
    truth = activation(z.double())
    true_slope = activation.backward(torch.ones_like(z).double(), z.double(), truth.clone())
    torch.testing.assert_close(kept.act.cpu().double(), truth, rtol=5e-7, atol=1e-6 * (activation.name == "gelu"))
    torch.testing.assert_close(slope.cpu().double(), true_slope, rtol=5e-7, atol=1e-6)


# Every activation with and without batch norm, and the update rules in turn. Where a gradient is zero in theory, Adam
# divides rounding by rounding, unless its eps is larger.
RULES = ["sgd", "momentum", "adam(eps=1e-3)"]
FUSED_CASES = [
    (activation, norm, RULES[(i + j) % len(RULES)])
    for j, norm in enumerate(["none", "batch"])
    for i, activation in enumerate(ACTIVATIONS)
]


@pytest.mark.parametrize(("activation", "norm", "optimizer"), FUSED_CASES, ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fused_steps_are_the_steps_of_plain_formulas(activation, norm, optimizer, unchecked, monkeypatch):
    # One configuration, and an update in the middle of a training: an interpreter takes its time.
    batch = few_cells(norm, activation, optimizer)[:1]
    fused = Trainer(batch, DEVICE)
    monkeypatch.setattr(choice, "DEVICES", ())
    plain = Trainer(batch, DEVICE)
    assert fused.fused is not None
    assert plain.fused is None
    for trainer in (fused, plain):
        for seed, slot in enumerate(slot for slots in trainer.state for slot in slots):
            slot.copy_(1e-3 * draws(*slot.shape, seed=seed).square())
        trainer.size = UpdateSize()
        trainer.loss = trainer.step(torch.tensor(2, device=DEVICE), trainer.size).value
    torch.testing.assert_close(fused.loss, plain.loss, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(fused.size.norms(), plain.size.norms(), rtol=1e-4, atol=0)
    for mine, true in zip(fused.model.tensors(), plain.model.tensors(), strict=True):
        torch.testing.assert_close(mine, true, rtol=1e-4, atol=2e-6)
    for mine, true in zip(fused.model.hidden, plain.model.hidden, strict=True):
        if true.running is not None:
            torch.testing.assert_close(mine.running.mean, true.running.mean)
            torch.testing.assert_close(mine.running.variance, true.running.variance)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fused_steps_diverge_where_plain_ones_do(unchecked, monkeypatch):
    batch = few_cells(lr=9e5, activation="linear")
    found = []
    for devices in (choice.DEVICES, ()):
        monkeypatch.setattr(choice, "DEVICES", devices)
        trainer = Trainer(batch, DEVICE)
        found.append(torch.stack([trainer.step(step).value for step in range(3)]).isfinite().tolist())
    assert found[0] == found[1]
    assert not found[0][-1][0]


def test_fused_steps_are_left_alone_unless_asked_for_and_suitable(unchecked, monkeypatch):
    def is_fused(*schemes, **sizes):
        return Trainer(few_cells(*schemes, **sizes), DEVICE).fused is not None

    assert is_fused()
    assert not is_fused("layer")
    assert not is_fused(width=200)
    assert not is_fused(batch_size=200)
    assert not is_fused(batch_size=4)
    assert not is_fused(network="residual_mlp")
    assert not is_fused(network="conv")
    monkeypatch.delenv(choice.FUSED)
    assert not is_fused()


@pytest.mark.parametrize(("norm", "optimizer"), [("none", "sgd"), ("batch", "adam")])
def test_fused_kernels_are_checked_once(fused, norm, optimizer, monkeypatch, recwarn):
    checked = []
    difference = fused_choice._difference
    monkeypatch.setattr(fused_choice, "_difference", lambda *given: checked.append(difference(*given)) or checked[-1])
    for _ in range(2):
        assert Trainer(few_cells(norm, optimizer=optimizer), DEVICE).fused is not None
    assert len(checked) == 1
    assert checked[0] < 1e-4
    assert not [warning for warning in recwarn if warning.category is UserWarning]


@pytest.mark.parametrize(
    ("fault", "said"), [("raises", "out of resource"), ("differs", "differ from the plain formulas")]
)
def test_fused_kernels_that_are_wrong_are_not_used_and_said_so_once(fused, fault, said, monkeypatch):
    from goldilocks.engine.kernels import layer

    backward = layer.backward

    def wrong(*given):
        if fault == "raises":
            raise RuntimeError("out of resource: shared memory")
        found = backward(*given)
        return found._replace(vectors=[1.01 * vector for vector in found.vectors])

    monkeypatch.setattr(layer, "backward", wrong)
    with pytest.warns(UserWarning, match=said) as warnings:
        trainers = [Trainer(few_cells(), DEVICE) for _ in range(2)]
    assert [trainer.fused for trainer in trainers] == [None, None]
    assert len(warnings) == 1
