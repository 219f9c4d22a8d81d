"""What a new user types first, and networks as they are written elsewhere."""

import json
from functools import partial

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import goldilocks
from goldilocks.engine.__main__ import app
from goldilocks.engine.diagnosis.factory import Factory
from goldilocks.engine.diagnosis.initialization import apply
from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import trace
from goldilocks.engine.errors import RequestError
from tests.diagnosis import zoo


class Configured(nn.Module):
    def __init__(self, config, *, width):
        super().__init__()


def asking(config=None, **others):
    return nn.Linear(2, 2)


def test_what_takes_arguments_is_refused_with_the_function_to_write():
    said = r"without config, width: write a function .* Configured\(config=…, width=…\)"
    with pytest.raises(RequestError, match=said):
        Factory("net:Configured", Configured)(0)
    assert Factory("net:asking", asking)(0).in_features == 2


TALKING = """
import torch
from torch import nn

print("imported")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        print("number of parameters: many")
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        print("forward")
        return self.head(x)
"""


def test_what_a_network_prints_is_no_part_of_the_json(tmp_path):
    (tmp_path / "talking.py").write_text(TALKING)
    done = CliRunner().invoke(
        app, ["diagnose", f"{tmp_path}/talking.py:Net", "--input", "4x4", "--init", "as_is", "--seeds", "1", "--json"]
    )
    assert json.loads(done.stdout)["sites"] == 2
    for line in ("imported", "number of parameters", "forward"):
        assert line in done.stderr


class Graph(nn.Module):
    """Two layers over a graph, with weights and biases by hand."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Parameter(torch.randn(12, 16) / 12**0.5), nn.Parameter(torch.randn(16, 5) / 4)
        self.bias, self.shift = nn.Parameter(torch.rand(16)), nn.Parameter(torch.rand(1, 5))

    def forward(self, x, adjacency):
        x = torch.relu(adjacency @ (x @ self.first) + self.bias)
        return torch.log_softmax(adjacency @ (x @ self.second) + self.shift, 1)


def graph(layout=None):
    adjacency = torch.eye(20).roll(1, 0) / 2 + torch.eye(20) / 2
    form = {"coo": adjacency.to_sparse, "csr": adjacency.to_sparse_csr}.get(layout, lambda: adjacency)
    return Specimen(Graph, (zoo.numbers(20, 12), form()), classes=5)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", ["coo", "csr"])
def test_a_sparse_matrix_says_who_is_whose_neighbor_and_is_no_signal(layout):
    sparse, dense = (measure(graph(form), ["as_is"], [0, 1]) for form in (layout, None))
    assert [site.label for site in sparse.sites if site.kind == "input"] == ["(model):input"]
    names = [site.label for site in sparse.sites]
    there = [site.index for site in dense.sites if site.label in names and site.kind == "activation"]
    here = [names.index(dense.sites[index].label) for index in there]
    assert here
    assert sparse.signal.std[:, here] == pytest.approx(dense.signal.std[:, there], rel=1e-5)
    assert sparse.first_loss == pytest.approx(dense.first_loss, rel=1e-5)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_a_diagnosis_with_a_sparse_batch_is_kept(tmp_path):
    batch = (*graph("coo").args, torch.arange(20) % 5)
    first, again = (goldilocks.diagnose(Graph, batch, ["as_is"], seeds=1, store=tmp_path / "s.duckdb") for _ in "ab")
    assert str(again.findings) == str(first.findings)


@pytest.mark.parametrize("layout", [None, "coo"])
def test_a_vector_that_is_added_behind_a_layer_is_its_bias(layout):
    one = graph(layout)
    found = trace(one)
    parts = {parameter.name: parameter.part for parameter in found.parameters}
    assert parts == {"first": "weight", "second": "weight", "bias": "bias", "shift": "bias"}
    assert not any("No rule covers" in remark for remark in found.remarks)
    model = apply(one, "kaiming")
    assert not model.bias.any()
    assert not model.shift.any()


def test_what_is_added_elsewhere_is_no_bias():
    """Behind an activation, or with more than one axis of its own."""

    class Added(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 6)
            self.table, self.after = nn.Parameter(torch.rand(5, 6)), nn.Parameter(torch.rand(6))

        def forward(self, x):
            return torch.tanh(self.layer(x) + self.table) + self.after

    found = trace(Specimen(Added, (zoo.numbers(4, 5, 6),)))
    parts = {parameter.name: parameter.part for parameter in found.parameters}
    assert parts["table"] == "table"
    assert parts["after"] == "other"


def test_the_report_says_which_loss_it_shows_where_none_was_named():
    def make():
        return nn.Linear(4, 3)

    assert "weighted" not in str(goldilocks.diagnose(make, "4x4", "as_is", seeds=1, classes=3))
    assert "times ±1, which says nothing by itself" in " ".join(
        str(goldilocks.diagnose(make, "4x4", "as_is", seeds=1)).split()
    )


def test_a_layer_that_is_known_under_two_names_is_not_tied():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 4)
            self.net = nn.Sequential(self.layer, nn.ReLU())
            self.other = nn.Linear(4, 4)
            self.other.weight = self.layer.weight

        def forward(self, x):
            return self.other(self.net(x))

    found = trace(Specimen(Twice, (zoo.numbers(4, 4),)))
    assert {one.name: one.also for one in found.parameters} == {
        "layer.weight": ("other.weight",),
        "layer.bias": (),
        "other.bias": (),
    }
    assert len(found.remarks) == 1


def test_norms_whose_scales_begin_near_zero_let_the_signal_die_out():
    """As a library initializes networks that it only ever loads."""

    def make():
        torch.manual_seed(0)
        parts = [part for _ in range(12) for part in (nn.Linear(32, 32), nn.BatchNorm1d(32, eps=1e-3), nn.SiLU())]
        for part in parts[1::3]:
            nn.init.normal_(part.weight, std=0.02)
        return nn.Sequential(*parts, nn.Linear(32, 10))

    found = judge(measure(Specimen(make, (zoo.numbers(32, 32),), classes=10), ["as_is", "kaiming"], [0, 1]))
    assert {(one.init, one.rule) for one in found if one.severity == "error"} == {("as_is", "forward_rate")}


def test_what_holds_of_several_initializations_is_said_once():
    class Left(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.left = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, x):
            return self.layer(x), self.left(x)

    report = goldilocks.diagnose(Left, "4x4", ["as_is", "kaiming"], seeds=1)
    assert [one.rule for one in report.findings] == ["no_gradient", "no_gradient"]
    text = " ".join(str(report).split())
    assert text.count("WARNING no_gradient at left (as_is 0, kaiming 0; limit 0; 1 of 1 seed)") == 1
    assert "an output that the loss leaves out" in text
    assert text.count("It will never be trained") == 1


@pytest.mark.parametrize("equation", ["...nd,...dh->...nh", "end,edh->enh", "...nd,edh->enh"])
def test_experts_under_an_ellipsis_are_matrices_of_their_own(equation):
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.Parameter(torch.rand(3, 20, 20))

        def forward(self, x):
            return torch.einsum(equation, x, self.up)

    one = Specimen(Experts, (zoo.numbers(3, 8, 20),))
    for part in apply(one, "orthogonal").up.detach():
        assert torch.allclose(part @ part.T, part[0].square().sum() * torch.eye(20), atol=1e-5)


class Shared(nn.Module):
    """A module under two names, with a buffer, and a tied weight; `branch` asks for a value, which vmap cannot."""

    def __init__(self, branching):
        super().__init__()
        self.branching = branching
        self.layer = nn.Linear(6, 6)
        self.layer.register_buffer("offset", torch.ones(6))
        self.again = nn.Sequential(self.layer, nn.Tanh())
        self.tied = nn.Linear(6, 6)
        self.tied.weight = self.layer.weight

    def forward(self, x):
        x = self.tied(self.again(x) + self.layer.offset)
        if self.branching and float(x.detach().mean()) > 1e9:
            return 2 * x
        return x


def test_a_module_under_two_names_is_as_it_was_after_several_configurations_at_once():
    inits, seeds = ["as_is", "kaiming"], [0, 1]
    alone, together, neither = (
        measure(Specimen(partial(Shared, branching), (zoo.numbers(8, 6),)), inits, seeds, method=method)
        for branching, method in ((False, "loop"), (False, "vmap"), (True, "auto"))
    )
    assert neither.cost.method == "loop"
    assert together.signal.std == pytest.approx(alone.signal.std, rel=1e-5)
    assert neither.signal.grad_rms == pytest.approx(alone.signal.grad_rms, rel=1e-5, nan_ok=True)
    assert together.signal.grad_rms == pytest.approx(alone.signal.grad_rms, rel=1e-5, nan_ok=True)
    assert together.weights.grad_rms == pytest.approx(alone.weights.grad_rms, rel=1e-5)
