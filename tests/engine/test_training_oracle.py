"""A batch of classifiers trained together equals plain `torch.nn` training, one at a time, on the same weights."""

from dataclasses import fields, is_dataclass

import pandas as pd
import pytest
import torch

from goldilocks.engine.activations import activations
from goldilocks.engine.normalizations.per_example import PerExample
from goldilocks.engine.optimizers.sgd import Sgd
from goldilocks.engine.studies.training import Training
from goldilocks.engine.training import chunking
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.trainer import Trainer
from goldilocks.engine.training.update_size import UpdateSize
from tests.breadth import each_member
from tests.device import DEVICE
from tests.engine.members import ACTIVATIONS, INITIALIZERS, NETWORKS, NORMALIZATIONS, OPTIMIZERS
from tests.oracles import plain
from tests.pairs import in_rounds, in_turn

STEPS, WIDTH, DEPTH, BATCH = 20, 16, 3, 32
# Beyond this loss, or gradient, a network is chaotic: rounding grows from step to step, and only the first step can be
# compared.
EXPLODED, STEEP = 1e3, 5e2


def to_float64(value):
    """Turn every float tensor inside a structure of lists and dataclasses into float64, in place."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, list):
        return [to_float64(item) for item in value]
    if is_dataclass(value) and not value.__dataclass_params__.frozen:
        for field in fields(value):
            setattr(value, field.name, to_float64(getattr(value, field.name)))
    return value


class ExactTrainer(Trainer):
    """A trainer whose arithmetic is float64 from the first product on, so that agreement is not blurred by rounding."""

    def _calibrate(self):
        for name in ("train_x", "test_x", "model"):
            setattr(self, name, to_float64(getattr(self, name)))
        super()._calibrate()


def exact_trainer(cells):
    trainer = ExactTrainer(cells, DEVICE)
    trainer.lr = torch.tensor([cell.lr for cell in cells], dtype=torch.float64, device=DEVICE)[:, None, None]
    return trainer


def batch(activation, norm, optimizer, inits=INITIALIZERS, network="mlp", **sizes):
    activation = activations.parse(activation)
    shape = {"width": WIDTH, "depth": DEPTH, "batch_size": BATCH, "steps": STEPS} | sizes
    return [
        TrainingCell(
            network=network,
            dataset="digits",
            init=init,
            activation=activation,
            norm=norm,
            optimizer=optimizer,
            lr=lr,
            seed=seed,
            **shape,
        )
        for number, init in enumerate(inits)
        if init.refusal(activation) is None
        for lr, seed in [((0.01, 0.05)[number % 2], number % 3)]
    ]


COMBINATIONS = in_turn(INITIALIZERS, ACTIVATIONS, NORMALIZATIONS)
# In these pairs every initializer stands, too: that much is held below.
SHOWN = each_member(dict.fromkeys((activation, norm) for _, activation, norm in COMBINATIONS))


def beside(activation, norm):
    """Return the initializers that meet an activation and a normalization together."""
    return [init for init, *both in COMBINATIONS if both == [activation, norm]]


@pytest.mark.parametrize(("activation", "norm"), SHOWN, ids=str)
def test_training_every_initializer_equals_the_plain_loop(activation, norm):
    compare(batch(activation, norm, Sgd(), beside(activation, norm)))


def test_every_initializer_is_among_those_that_are_trained_every_time():
    kept = [case for case in SHOWN if not hasattr(case, "marks")]
    assert {init for case in kept for init in beside(*case)} == set(INITIALIZERS)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_training_with_every_optimizer_equals_the_plain_loop(optimizer):
    # Where units are alike, or a bias precedes a batch norm, a gradient is pure rounding, and Adam makes a step of it.
    random = [init for init in INITIALIZERS if init.family != "ones" and init.name != "zeros"]
    compare(batch("tanh", "none", optimizer, random))


# Weights of one's own, random biases, and a scheme that looks at the data.
FEW = [init for init in INITIALIZERS if init.name in ("kaiming", "torch_default", "lsuv")]
SMALL = {"width": 8, "batch_size": 8, "steps": 3}


OTHERS = [network for network in NETWORKS if network.name != "mlp"]


@pytest.mark.parametrize(
    ("activation", "network", "norm"), each_member(in_turn(ACTIVATIONS, OTHERS, NORMALIZATIONS)), ids=str
)
def test_training_every_network_equals_the_plain_loop(network, activation, norm):
    compare(batch(activation, norm, Sgd(), FEW[:2], network, **SMALL))


@pytest.mark.parametrize(("network", "optimizer"), each_member(in_rounds(NETWORKS, OPTIMIZERS)), ids=str)
def test_every_optimizer_on_every_network_equals_the_plain_loop(network, optimizer):
    compare(batch("tanh", "batch", optimizer, FEW, network, **SMALL))


def test_batch_norm_on_images_of_one_example_equals_the_plain_loop():
    compare(batch("tanh", "batch", Sgd(), FEW[:2], "conv", **SMALL | {"batch_size": 1}))


def compare(cells):
    if DEVICE.type == "cuda" and cells[0].activation.name == "hardswish":
        pytest.skip("PyTorch's own hardswish for CUDA holds 1/6 in float32 even in float64")
    steps = cells[0].steps
    trainer = exact_trainer(cells)
    # A trainer of its own: running statistics change in the forward pass.
    first_gradients = list(exact_trainer(cells).gradients(0)[1])[::-1]
    size = UpdateSize()
    losses = [trainer.step(step, size if step == 0 else None).value for step in range(steps)]
    evaluation = trainer.evaluate()
    for c, cell in enumerate(cells):
        truth = plain.train(cell, steps)
        where = f"{cell.network} {cell.init} {cell.activation} {cell.norm} {cell.optimizer}"
        assert float(losses[0][c]) == pytest.approx(truth.losses[0], rel=1e-9), where
        close([gradient[c] for gradient in first_gradients], truth.first_gradients, where)
        norm = sum(float(gradient.square().sum()) for gradient in truth.first_gradients) ** 0.5
        assert float(size.gradient[c]) == pytest.approx(norm, rel=1e-6), where
        if max(truth.losses) > EXPLODED or norm > STEEP or not torch.tensor(truth.losses).isfinite().all():
            continue
        if isinstance(cell.norm, PerExample) and (cell.init.name == "zeros" or cell.init.family == "ones"):
            # Units that are alike have no variance to be divided by: what goes on is rounding, divided by √eps.
            continue
        torch.testing.assert_close([float(loss[c]) for loss in losses], truth.losses, rtol=1e-7, atol=1e-9, msg=where)
        close([tensor[c] for tensor in trainer.model.tensors()], truth.tensors(), where)
        assert float(evaluation.value[c]) == pytest.approx(truth.test_loss, rel=1e-6), where
        assert float(evaluation.correct[c]) == pytest.approx(truth.test_accuracy, abs=1e-6), where


def close(ours, theirs, where):
    for mine, true in zip(ours, theirs, strict=True):
        slack = 1e-9 + 1e-8 * float(true.abs().max())
        torch.testing.assert_close(mine.reshape(true.shape).cpu(), true, rtol=1e-6, atol=slack, msg=where)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_running_statistics_equal_those_of_torch(network):
    # Without random biases: the engine's running means are those of layers that have none.
    inits = [init for init in INITIALIZERS if init.name in ("kaiming", "xavier", "lsuv")]
    cells = batch("relu", "batch", Sgd(), inits, network, width=4)
    trainer = exact_trainer(cells)
    for step in range(STEPS):
        trainer.step(step)
    for c, cell in enumerate(cells):
        norms = [m for m in plain.train(cell, STEPS).hidden.modules() if isinstance(m, plain.BATCH_NORMS)]
        for layer, norm in zip(trainer.model.hidden, norms, strict=True):
            torch.testing.assert_close(layer.running.mean[c, 0].cpu(), norm.running_mean, rtol=1e-6, atol=1e-9)
            torch.testing.assert_close(layer.running.variance[c, 0].cpu(), norm.running_var, rtol=1e-6, atol=1e-9)


def test_the_size_of_an_update_is_that_of_the_weights_change():
    trainer = exact_trainer(batch("relu", "batch", Sgd(), INITIALIZERS[1:4]))
    before = [affine.weight.clone() for affine in trainer.model.affines()]
    size = UpdateSize()
    trainer.step(0, size)
    after = [affine.weight for affine in trainer.model.affines()]
    for c in range(3):
        change = sum((new[c] - old[c]).square().sum() for new, old in zip(after, before, strict=True))
        torch.testing.assert_close(size.change[c], change.sqrt())
        torch.testing.assert_close(size.weight[c], sum(old[c].square().sum() for old in before).sqrt())


def test_diverged_configurations_are_retired_and_the_others_go_on_as_if_alone():
    cells = batch("relu", "none", Sgd(), [init for init in INITIALIZERS if init.name == "kaiming"] * 8)
    hopeless = [cell.model_copy(update={"lr": 1e5, "seed": number}) for number, cell in enumerate(cells[:5])]
    healthy = [cell.model_copy(update={"lr": 0.01, "seed": number}) for number, cell in enumerate(cells[5:])]
    mixed = [hopeless[0], healthy[0], *hopeless[1:3], healthy[1], *hopeless[3:], healthy[2]]
    trainer = Trainer(mixed, DEVICE)
    curves = trainer.train(lambda share: None)
    assert len(trainer.lr) == len(healthy)
    assert (curves.divergence.at >= 0).tolist() == [cell in hopeless for cell in mixed]
    together = Training().run(mixed, DEVICE, lambda share: None).tables["curves"].to_pandas()
    alone = Training().run(healthy, DEVICE, lambda share: None).tables["curves"].to_pandas()
    shared = together[together.cell_id.isin(alone.cell_id)].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, alone, rtol=1e-4)
    assert together[~together.cell_id.isin(alone.cell_id)].groupby("cell_id").tail(1).test_loss.isna().all()


def test_when_all_have_diverged_the_run_ends():
    (cell,) = batch("relu", "none", Sgd(), [init for init in INITIALIZERS if init.name == "kaiming"])
    outcome = Training().run([cell.model_copy(update={"lr": 1e5})], DEVICE, lambda share: None)
    assert outcome.diverged == [True]
    assert len(outcome.tables["curves"]) == 21


def test_cutting_a_batch_into_chunks_changes_nothing(monkeypatch):
    cells = batch("tanh", "batch", Sgd())
    whole = Training().run(cells, DEVICE, lambda share: None).tables["curves"].to_pandas()
    monkeypatch.setattr(chunking, "CACHE_BYTES", 4 * 4 * WIDTH * BATCH)
    assert chunking.chunk_size(cells[0], torch.device("cpu")) == 4
    cut = Training().run(cells, DEVICE, lambda share: None).tables["curves"].to_pandas()
    early = whole.step <= 5
    pd.testing.assert_frame_equal(cut[early], whole[early], rtol=1e-3, atol=1e-6)
    assert list(cut.cell_id) == list(whole.cell_id)


def test_a_missing_mean_term_in_the_backward_pass_is_caught(monkeypatch):
    """Mutation: batch norm's backward pass without its two mean terms."""
    from goldilocks.engine.normalizations.batch import BatchNorm

    def careless(self, dy, saved, scale):
        _, dscale = right(self, dy, saved, scale)
        return dy * scale.gamma * saved[1], dscale

    right = BatchNorm.backward
    monkeypatch.setattr(BatchNorm, "backward", careless)
    with pytest.raises(AssertionError):
        compare(batch("tanh", "batch", Sgd(), INITIALIZERS[3:5]))
