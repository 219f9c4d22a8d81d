"""Source networks are trained once; what is kept of them is verified when it is read."""

import warnings

import numpy as np
import pytest
import torch

from goldilocks.engine.initial import initialize
from goldilocks.engine.networks import saved
from goldilocks.engine.studies.transfer_source import TransferSource
from goldilocks.engine.transfer import source_networks as source_networks_module
from goldilocks.engine.transfer.source_networks import SourceCell, source_networks, weights_file
from tests.device import DEVICE
from tests.engine.transfers import nothing

pytestmark = pytest.mark.usefixtures("kept_sources")


def source_cell(**changes):
    shape = {"network": "conv(strided=2, dense=1)", "width": 3, "depth": 3, "batch_size": 8, "lr": 0.02, "steps": 3}
    return SourceCell(**{**shape, "init": "kaiming", "activation": "relu", "norm": "batch", **changes})


def same(ours, theirs):
    return all(torch.equal(a, b) for (_, a), (_, b) in zip(*map(saved.named_tensors, (ours, theirs)), strict=True))


def alike(ours, theirs):
    pairs = zip(*map(saved.named_tensors, (ours, theirs)), strict=True)
    return all(torch.allclose(a, b, rtol=1e-4, atol=1e-6) for (_, a), (_, b) in pairs)


def test_weights_are_trained_once(monkeypatch):
    batch = [source_cell(seed=seed) for seed in (7, 8, 7)]
    first = source_networks(batch, DEVICE, nothing)
    assert all(weights_file(cell).exists() for cell in batch)
    assert not list(weights_file(batch[0]).parent.glob("*.part"))
    assert same(first.select(torch.tensor([0])), first.select(torch.tensor([2])))
    assert not same(first.select(torch.tensor([0])), first.select(torch.tensor([1])))

    def refuse(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(source_networks_module, "Trainer", refuse)
    assert same(source_networks(batch, DEVICE, nothing), first)
    with pytest.raises(AssertionError, match="trained again"):
        source_networks([source_cell(seed=7, lr=0.03)], DEVICE, nothing)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flipped, "does not match its checksum"),
        (lambda path: path.read_bytes()[:100], "not a safetensors file"),
        (lambda path: b"", "not a safetensors file"),
        (lambda path: weights_file(source_cell(seed=10)).read_bytes(), "does not hold the network"),
    ],
)
def test_damaged_weights_are_noticed_and_trained_again(damage, reason):
    cell = source_cell(seed=9)
    first = source_networks([cell, source_cell(seed=10)], DEVICE, nothing).select(torch.tensor([0]))
    weights_file(cell).write_bytes(damage(weights_file(cell)))
    with pytest.warns(UserWarning, match=reason):
        again = source_networks([cell], DEVICE, nothing)
    # On a GPU, products of another number of networks are added up in another order.
    assert same(again, first) or (DEVICE.type == "cuda" and alike(again, first))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(source_networks([cell], DEVICE, nothing), again)


def test_weights_of_another_shape_are_refused():
    cell = source_cell(seed=11)
    source_networks([cell], DEVICE, nothing)
    other = initialize([source_cell(width=4)], 5, DEVICE)
    with pytest.raises(saved.Unusable, match="do not have the names and shapes"):
        saved.load(weights_file(cell), other, 0, cell.canonical_json)


def test_a_folder_that_cannot_be_written_costs_a_warning_only(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="the weights cannot be saved"):
        source_networks([source_cell(seed=12)], DEVICE, nothing)


def test_the_sources_filters_are_stored():
    cell = source_cell(seed=13)
    table = TransferSource().run([cell], DEVICE, nothing).tables["measurements"].to_pandas()
    model = source_networks([cell], DEVICE, nothing)
    for quantity, network in (("source_filter", model), ("source_filter_before", None)):
        rows = table[table["quantity"] == quantity]
        filters = rows.pivot(index="position", columns="part", values="value").to_numpy()
        weights = network or initialize([cell], 5, DEVICE)
        np.testing.assert_allclose(filters, weights.hidden[0].affine.weight[0].cpu().numpy(), rtol=1e-6)
    assert table.loc[table["quantity"] == "source_accuracy", "value"].between(0, 1).all()
