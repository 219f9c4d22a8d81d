"""Transfer: each scheme against plain `torch.nn` on the same weights."""

import copy

import pytest
import torch
from torch import nn

from goldilocks.engine.cell import Cell
from goldilocks.engine.studies.transfer import adapted
from goldilocks.engine.transfer import cell as transfer_cell
from goldilocks.engine.transfer.cell import TransferCell
from goldilocks.engine.transfer.schemes import LOWER_RATE
from goldilocks.engine.transfer.target_sets import minibatches, seen_from
from goldilocks.engine.transfer.trainer import TransferTrainer
from tests.device import DEVICE
from tests.engine.transfers import STEPS, cells, nothing, sources
from tests.oracles import plain

SCHEMES = ("scratch", "last_layer", "dense_layers", "fine_tune")
pytestmark = pytest.mark.usefixtures("kept_sources")


class Plain(nn.Module):
    """One network of an engine's batch as plain PyTorch, in float64."""

    def __init__(self, cell: Cell, model, place, classes):
        super().__init__()
        self.hidden = plain.Hidden(cell)
        self.readout = nn.Linear(model.readout.weight.shape[1], classes).double()
        for layer, ours in zip(self.hidden.layers, model.hidden, strict=True):
            self._copy(layer.affine, ours.affine, place)
            if ours.scale is not None:
                layer.norm.weight.data.copy_(ours.scale.gamma[place, 0])
                layer.norm.bias.data.copy_(ours.scale.beta[place, 0])
                layer.norm.running_mean.copy_(ours.running.mean[place, 0])
                layer.norm.running_var.copy_(ours.running.variance[place, 0])
        self._copy(self.readout, model.readout, place)

    @staticmethod
    def _copy(module, affine, place):
        weight = affine.weight[place]
        if isinstance(module, nn.Conv2d):
            side, channels = module.kernel_size[0], module.in_channels
            module.weight.data.copy_(weight.view(side, side, channels, -1).permute(3, 2, 0, 1))
        else:
            module.weight.data.copy_(weight.T)
        module.bias.data.copy_(0 * module.bias if affine.bias is None else affine.bias[place, 0])

    def forward(self, x):
        return self.readout(plain.flat(self.hidden(x)))


def trained(model, cell, frozen):
    """Train a plain network as a cell says, its first `frozen` layers in evaluation mode and unchanged."""
    split = seen_from(cell.source, cell.dataset, cell.preprocessing)
    order = minibatches(cell.dataset, split.train_y, cell.per_class, cell.seed, STEPS * cell.batch_size)
    kept = 4 if cell.scheme == "fine_tune" else 0
    groups = [
        {"params": layer.parameters(), "lr": cell.lr * (LOWER_RATE if number < kept else 1)}
        for number, layer in enumerate(model.hidden.layers)
        if number >= frozen
    ]
    optimizer = torch.optim.SGD([*groups, {"params": model.readout.parameters(), "lr": cell.lr}], momentum=0.9)
    model.train()
    for layer in model.hidden.layers[:frozen]:
        layer.eval()
    for step in range(STEPS):
        index = order[step * cell.batch_size : (step + 1) * cell.batch_size]
        x, y = torch.from_numpy(split.train_x[index]).double(), torch.from_numpy(split.train_y[index])
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_equals_the_plain_loop(scheme, norm):
    batch = cells(scheme, norm)
    kept = sources(batch)
    trainer = TransferTrainer(batch, kept, DEVICE)
    frozen = {"scratch": 0, "fine_tune": 0, "last_layer": 4, "dense_layers": 2}[scheme]
    plains = [Plain(cell, trainer.model, c, 10) for c, cell in enumerate(batch)]
    table, updates = adapted(trainer, nothing)
    assert updates == [None] * len(batch)
    found = table.to_pandas().set_index(["cell_id", "quantity", "position"])["value"].sort_index()
    for c, cell in enumerate(batch):
        start = Plain(cell, kept, c, 5)
        model = trained(plains[c], cell, frozen)
        for number, (layer, source) in enumerate(zip(model.hidden.layers, start.hidden.layers, strict=True), 1):
            ours = trainer.model.hidden[number - 1].affine.weight[c].double().cpu()
            torch.testing.assert_close(ours, plain.columns(layer.affine.weight.data), rtol=1e-3, atol=1e-4)
            weight, before = layer.affine.weight.detach(), source.affine.weight.detach()
            moved = (weight - before).norm() / before.norm()
            shift = found[cell.cell_id, "layer_shift", number]
            assert shift == pytest.approx(float(moved), rel=1e-3, abs=1e-6)
            assert (shift == 0) == (number <= frozen)
        split = seen_from(cell.source, cell.dataset, cell.preprocessing)
        hits = model(torch.from_numpy(split.test_x).double()).argmax(1).numpy() == split.test_y
        assert found[cell.cell_id, "transfer_accuracy", cell.per_class] == pytest.approx(hits.mean(), abs=0.01)
        assert found[cell.cell_id, "transfer_curve", STEPS] == found[cell.cell_id, "transfer_accuracy", cell.per_class]


def test_new_layers_are_new_and_kept_ones_are_the_sources():
    for scheme, kept in (("scratch", 0), ("dense_layers", 2), ("last_layer", 4), ("fine_tune", 4)):
        batch = cells(scheme)
        before = sources(batch)
        hidden = TransferTrainer(batch, before, DEVICE).model.hidden
        same = [torch.equal(a.affine.weight, b.affine.weight) for a, b in zip(hidden, before.hidden, strict=True)]
        assert same == [True] * kept + [False] * (4 - kept)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": "mlp"}, "fully connected layers on convolutions are needed"),
        ({"network": "conv(strided=2)"}, "fully connected layers on convolutions are needed"),
        ({"dataset": "digits"}, "its images are not as large as those of source = fashion-source"),
        ({"init": "lsuv"}, "it depends on the data"),
        ({"depth": 2}, "needs at least 4"),
        ({"norm": "batch", "batch_size": 1}, "at least 2"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, reason):
    cell = cells()[0].model_copy(update={})
    fields = {key: str(value) if hasattr(value, "spec") else value for key, value in cell.fields()}
    assert reason in TransferCell(**{**fields, **changes}).refusal()


def test_frozen_layers_that_move_are_caught(monkeypatch):
    """Mutation: fine-tuning in place of a new last layer."""
    right = transfer_cell.transfer_scheme
    monkeypatch.setattr(transfer_cell, "transfer_scheme", lambda name, *sizes: right("fine_tune", *sizes))
    batch = cells("last_layer")
    table, _ = adapted(TransferTrainer(batch, sources(batch), DEVICE), nothing)
    shifts = table.to_pandas().query("quantity == 'layer_shift'")["value"]
    assert (shifts > 0).all()
    assert copy.copy(batch[0]).layers.frozen == 0
