"""Transfer learning: each scheme against plain `torch.nn` on the same weights, small target sets, and kept weights."""

import copy
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from engine.data import datasets
from engine.grid.cell import Cell
from engine.networks import saved
from engine.studies import transfer, transfer_source
from engine.studies.target_sets import chosen, minibatches, seen_from
from engine.studies.transfer import Adapting, TransferCell
from engine.studies.transfer_schemes import LOWER_RATE
from engine.studies.transfer_source import SourceCell, TransferSource, source_networks, weights_file
from tests.oracles import plain

CPU, STEPS = torch.device("cpu"), 5
SCHEMES = ("scratch", "last_layer", "dense_layers", "fine_tune")


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path_factory):
    """Weights are kept in a folder that all tests of this module share."""
    path = tmp_path_factory.getbasetemp() / "sources"
    monkeypatch.setenv("GOLDILOCKS_DATA", str(path))
    return path


def cells(scheme="fine_tune", norm="none", target="digits-28", optimizer="momentum"):
    shape = {"network": "conv(strided=2, dense=2, dense_width=8)", "width": 4, "depth": 4, "batch_size": 12}
    training = {"optimizer": optimizer, "steps": STEPS, "source_lr": 0.02, "source_steps": 8}
    design = {"init": "kaiming", "activation": "relu", "norm": norm, "scheme": scheme, "dataset": target}
    varied = ((0, 5, 0.02), (1, 5, 0.05), (1, 20, 0.02))
    return [TransferCell(**shape, **training, **design, seed=s, per_class=n, lr=lr) for s, n, lr in varied]


def nothing(share):
    """Take in progress and say nothing."""


def sources(batch):
    return source_networks([cell.source_cell for cell in batch], CPU, nothing)


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
    adapting = Adapting(batch, kept, CPU)
    frozen = {"scratch": 0, "fine_tune": 0, "last_layer": 4, "dense_layers": 2}[scheme]
    plains = [Plain(cell, adapting.model, c, 10) for c, cell in enumerate(batch)]
    table, diverged_at = adapting.train(nothing)
    assert diverged_at == [-1] * len(batch)
    found = table.to_pandas().set_index(["cell_id", "quantity", "position"])["value"].sort_index()
    for c, cell in enumerate(batch):
        start = Plain(cell, kept, c, 5)
        model = trained(plains[c], cell, frozen)
        for number, (layer, source) in enumerate(zip(model.hidden.layers, start.hidden.layers, strict=True), 1):
            ours = adapting.model.hidden[number - 1].affine.weight[c].double()
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
        hidden = Adapting(batch, before, CPU).model.hidden
        same = [torch.equal(a.affine.weight, b.affine.weight) for a, b in zip(hidden, before.hidden, strict=True)]
        assert same == [True] * kept + [False] * (4 - kept)


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
    found = [Adapting([cell], sources([cell]), CPU).train(nothing)[0].to_pandas() for cell in (few, many)]
    assert np.array_equal(found[0].value, found[1].value)
    accuracy = found[1].query("quantity == 'transfer_accuracy'")
    assert accuracy.position.item() == digits.fewest
    assert set(found[1].part) == {"fine_tune", "fine_tune, 139 per class"}


def test_what_a_preprocessing_measures_comes_from_the_source():
    from engine.preprocessings import preprocessings

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


def source_cell(**changes):
    shape = {"network": "conv(strided=2, dense=1)", "width": 3, "depth": 3, "batch_size": 8, "lr": 0.02, "steps": 3}
    return SourceCell(**{**shape, "init": "kaiming", "activation": "relu", "norm": "batch", **changes})


def same(ours, theirs):
    return all(torch.equal(a, b) for (_, a), (_, b) in zip(*map(saved.named_tensors, (ours, theirs)), strict=True))


def test_weights_are_trained_once(monkeypatch):
    batch = [source_cell(seed=seed) for seed in (7, 8, 7)]
    first = source_networks(batch, CPU, nothing)
    assert all(weights_file(cell).exists() for cell in batch)
    assert not list(weights_file(batch[0]).parent.glob("*.part"))
    assert same(first.select(torch.tensor([0])), first.select(torch.tensor([2])))
    assert not same(first.select(torch.tensor([0])), first.select(torch.tensor([1])))

    def refuse(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(transfer_source, "Trainer", refuse)
    assert same(source_networks(batch, CPU, nothing), first)
    with pytest.raises(AssertionError, match="trained again"):
        source_networks([source_cell(seed=7, lr=0.03)], CPU, nothing)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flipped, "does not have the checksum"),
        (lambda path: path.read_bytes()[:100], "not a safetensors file"),
        (lambda path: b"", "not a safetensors file"),
        (lambda path: weights_file(source_cell(seed=10)).read_bytes(), "holds another network"),
    ],
)
def test_damaged_weights_are_noticed_and_trained_again(damage, reason):
    cell = source_cell(seed=9)
    first = source_networks([cell, source_cell(seed=10)], CPU, nothing).select(torch.tensor([0]))
    weights_file(cell).write_bytes(damage(weights_file(cell)))
    with pytest.warns(UserWarning, match=reason):
        again = source_networks([cell], CPU, nothing)
    assert same(again, first)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(source_networks([cell], CPU, nothing), first)


def test_weights_of_another_shape_are_refused():
    cell = source_cell(seed=11)
    source_networks([cell], CPU, nothing)
    other = transfer_source.initialize([source_cell(width=4)], 5, CPU)
    with pytest.raises(saved.Unusable, match="other names or shapes"):
        saved.load(weights_file(cell), other, 0, cell.canonical_json)


def test_a_folder_that_cannot_be_written_costs_a_warning_only(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="the weights cannot be kept"):
        source_networks([source_cell(seed=12)], CPU, nothing)


def test_the_sources_filters_are_stored():
    cell = source_cell(seed=13)
    table = TransferSource().run([cell], CPU, nothing).tables["measurements"].to_pandas()
    model = source_networks([cell], CPU, nothing)
    for quantity, network in (("source_filter", model), ("source_filter_before", None)):
        rows = table[table["quantity"] == quantity]
        filters = rows.pivot(index="position", columns="part", values="value").to_numpy()
        weights = network or transfer_source.initialize([cell], 5, CPU)
        np.testing.assert_allclose(filters, weights.hidden[0].affine.weight[0].numpy(), rtol=1e-6)
    assert table.loc[table["quantity"] == "source_accuracy", "value"].between(0, 1).all()


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
    right = transfer.transfer_scheme
    monkeypatch.setattr(transfer, "transfer_scheme", lambda name, *sizes: right("fine_tune", *sizes))
    batch = cells("last_layer")
    table, _ = Adapting(batch, sources(batch), CPU).train(nothing)
    shifts = table.to_pandas().query("quantity == 'layer_shift'")["value"]
    assert (shifts > 0).all()
    assert copy.copy(batch[0]).layers.frozen == 0
