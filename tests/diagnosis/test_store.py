"""Diagnoses as cells of a store: computed once, read back to the last bit, recognized, and compared when asked."""

import json
import math
import sys
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import goldilocks
from goldilocks import store
from goldilocks.engine.__main__ import app
from goldilocks.engine.diagnosis.bars import bars
from goldilocks.engine.diagnosis.ranking import Strip, strip
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.verify import verify
from goldilocks.store.checks.check import check
from goldilocks.store.exchange.merge import merge
from tests.store.builder import rewritten

INITS = ["as_is", "kaiming", "normal(std=10)"]
SEEDS = 2


class Residual(nn.Module):
    """Convolutions in residual blocks with batch norm, a tanh, and a head that nobody calls."""

    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        blocks = (
            nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)) for _ in "abcd"
        )
        self.blocks, self.head, self.spare = nn.ModuleList(blocks), nn.Linear(width, 5), nn.Linear(2, 2)

    def block(self, width):
        return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(torch.tanh(x).mean((2, 3)))


def images():
    return torch.randn(4, 3, 6, 6), torch.randint(5, (4,))


def chain():
    return nn.Sequential(*(part for _ in range(4) for part in (nn.Linear(8, 8), nn.ReLU())), nn.Linear(8, 3))


class Explosive(nn.Module):
    """Its values overflow, and what comes back is no number."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.two(torch.exp(1e4 * self.one(x)))


class Fails(nn.Module):
    """Its forward pass raises where weights are large."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 3)

    def forward(self, x):
        if self.layer.weight.abs().max() > 5:
            raise ValueError("too large")
        return self.layer(x)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A diagnosis, its report, and the store that it is in."""
    file = tmp_path_factory.mktemp("kept") / "grid.duckdb"
    return goldilocks.diagnose(Residual, images, INITS, SEEDS, device="cpu", store=file), file


def asked(file, sql):
    with store.open(file) as opened:
        return opened.query(sql).fetchall()


def same(one, other):
    for part in ("signal", "weights"):
        pair = [getattr(report.measurement, part) for report in (one, other)]
        for field in fields(pair[0]):
            first, second = (np.asarray(getattr(arrays, field.name), float) for arrays in pair)
            assert np.array_equal(first, second, equal_nan=True), field.name
    for name in ("sites", "parameters", "classes", "examples", "unseen", "remarks"):
        assert getattr(one.measurement, name) == getattr(other.measurement, name), name
    assert np.array_equal(one.measurement.first_loss, other.measurement.first_loss, equal_nan=True)
    assert repr(one.findings) == repr(other.findings)
    assert str(one.ranking) == str(other.ranking)


def test_the_report_from_a_store_is_the_report_without_one(kept):
    report, _ = kept
    same(report, goldilocks.diagnose(Residual, images, INITS, SEEDS, device="cpu"))


def test_the_store_ranks_as_the_report_does(kept):
    report, file = kept
    with store.open(file) as opened:
        stored = opened.named("diagnosis_ranking").df()
    assert list(stored["init"]) == list(report.ranking["init"])
    assert [report.verdict(init) for init in stored["init"]] == list(stored["verdict"])
    ranking = report.ranking
    for name in ("errors", "warnings", "forward_rate", "backward_rate", "first_loss", "distance", "behind"):
        assert stored[name].to_numpy(float) == pytest.approx(ranking[name].to_numpy(float), rel=1e-9, nan_ok=True), name
    for name in ("behind_low", "behind_high"):
        assert stored[name].to_numpy(float) == pytest.approx(ranking[name].to_numpy(float), rel=1e-5, nan_ok=True), name
    assert list(stored["clearly_behind"]) == list(ranking["clearly_behind"])
    along = {init: report.strip(init) for init in stored["init"]}
    for end in ("low", "high"):
        for direction in ("forward", "backward"):
            rates = [getattr(along[init], f"{direction}_rate") for init in stored["init"]]
            expected = [getattr(rate, end) if rate else math.nan for rate in rates]
            assert stored[f"{direction}_{end}"].to_numpy(float) == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_the_terminal_shows_what_the_page_does(kept):
    report, _ = kept
    assert "No network in this store that was trained is like it." in str(report)
    columns = {"network": "mlp", "depth": 10, "width": 64, "activation": "relu", "norm": "none", "dataset": "digits"}
    columns |= {"differs": "half as deep", "share_that_train": 0.5, "seeds": 2, "final_test_accuracy": math.nan}
    near = pd.DataFrame([{"nearest": 1, "init": "normal(std=0.0123456789012345)", **columns}])
    said = str(replace(report, near=near))
    assert "mlp, 10 layers of 64, relu, none, on digits (half as deep)" in said
    assert "normal(std=0.0123456789… 1 of 2 seeds train, accuracy –" in said
    for init in report.ranking["init"]:
        assert f"\n{init:<14} signal   " in said
        assert "limit" in said
    assert max(map(len, said.splitlines())) <= 80


def test_bars_are_as_high_as_the_logarithm():
    sizes = np.array([[1.0, 0.1, 0.01, 0.0, np.nan], [1.0, 0.1, 0.01, 1.0, 1.0]])
    flat = np.full((1, 5), 3.0)
    strips = {"one": Strip(tuple("abcde"), sizes, sizes), "a name that is longer": Strip(tuple("abcde"), flat, flat)}
    lines = list(bars(strips, 8))
    assert [line[18:23] for line in lines] == ["▇▄▁_x", "▇▄▁_x", "█████", "█████"]
    names = ["one      signal", "         gradient", "a name … signal", "         gradient"]
    assert [line[:17].rstrip() for line in lines] == names
    assert lines[0].endswith("1 to nan")
    many = {"one": Strip(tuple("a" * 500), np.ones((2, 500)), np.ones((2, 500)))}
    assert all(len(line) <= 80 for line in bars(many, 14))


def test_a_second_call_computes_nothing_and_more_seeds_only_what_is_missing(kept, tmp_path):
    report, file = kept
    other = tmp_path / "grid.duckdb"
    merge(store.Layout.at(other), file)
    same(report, goldilocks.diagnose(Residual, images, INITS, SEEDS, device="cpu", store=other))
    # What was asked for is no grid file.
    assert asked(other, "SELECT count(*), count(grid_text) FROM runs") == [(1, 0)]
    more = goldilocks.diagnose(Residual, images, [*INITS, "xavier"], SEEDS + 1, device="cpu", store=other)
    assert asked(
        other, "SELECT cells_total, cells_cached, cells_computed FROM runs ORDER BY started_at DESC LIMIT 1"
    ) == [(12, 6, 6)]
    assert more.measurement.configurations[0] == report.measurement.configurations[0]
    assert {init: len(more.measurement.rows(init)) for init in more.measurement.inits} == dict.fromkeys(
        [*INITS, "xavier"], SEEDS + 1
    )
    assert [one for one in check(store.Layout.at(other)) if not one.holds] == []


def test_aliases_of_an_initialization_are_one(tmp_path):
    found = goldilocks.diagnose(chain, "4x8", ["kaiming", "he"], 1, device="cpu", store=tmp_path / "grid.duckdb")
    assert found.measurement.inits == ("kaiming",)
    assert len(found.measurement.configurations) == len(found.ranking) == 1


def test_every_check_holds(kept):
    assert [one for one in check(store.Layout.at(kept[1])) if not one.holds] == []


@pytest.mark.essential("the oracle of what is kept")
def test_layers_are_what_plain_pytorch_has_there(tmp_path):
    file, batch = tmp_path / "grid.duckdb", (torch.randn(16, 8, generator=torch.manual_seed(0)),)
    report = goldilocks.diagnose(chain, batch, ["as_is", "kaiming"], 1, device="cpu", store=file)
    for init in report.measurement.inits:
        values = [batch[0]]
        for part in report.apply(init)[:-1]:
            values.append(part(values[-1]).detach())
        entering, leaving = values[1::2], values[2::2]
        found = asked(file, f"SELECT std, preact_std FROM activation_stats WHERE init = '{init}' ORDER BY layer")
        expected = [[float(one.std(correction=0)) for one in pair] for pair in zip(leaving, entering, strict=True)]
        assert np.allclose(found, expected, rtol=1e-5)
        columns = "tap, lo, hi, counts, list_sum(counts) + underflow + overflow AS values"
        rows = asked(file, f"SELECT {columns} FROM histograms WHERE init = '{init}' AND layer = 2")
        assert {row[0]: row[4] for row in rows} == dict.fromkeys(("pre", "act", "grad"), 16 * 8)
        for tap, array in (("act", leaving[1]), ("pre", entering[1])):
            ((lo, hi, counts),) = [row[1:4] for row in rows if row[0] == tap]
            # A value on an edge of single precision may lie on its other side.
            assert np.abs(np.histogram(array.numpy(), len(counts), (lo, hi))[0] - counts).sum() <= 2


def test_views_verdicts_and_named_queries_know_networks_of_ones_own(kept):
    report, file = kept
    network = asked(file, "SELECT DISTINCT network FROM cells")[0][0]
    with store.open(file) as opened:
        verdicts = dict(opened.query("SELECT init, mode(verdict) FROM signal_rates GROUP BY init").fetchall())
        rows = opened.query("SELECT DISTINCT depth, width, batch_size FROM cells").fetchall()
        shape = dict(zip(("depth", "width", "batch_size"), rows[0], strict=True))
        (shown,) = opened.propagation_networks().arrow().to_pylist()
        assert (shown["network"], shown["own"], shown["inits"]) == (network, True, sorted(INITS))
        where = {**shape, "network": network, "dataset": shown["dataset"], "preprocessing": "raw"}
        assert len(opened.signal_by_layer(**where).arrow()) == len(INITS) * shape["depth"]
        assert len(opened.layer_distributions(**where, tap="grad").arrow()) == len(INITS) * SEEDS * shape["depth"]
        stream = opened.stream_by_site(network=network, inits=["kaiming"]).arrow().to_pylist()
        found = opened.findings_over_seeds(network=network).arrow().to_pylist()
        judged = opened.configuration_verdicts(**where).arrow().to_pylist()
        (one,) = opened.diagnosed_networks().arrow().to_pylist()
    assert verdicts == {row["init"]: row["verdict"] for row in judged}
    names = strip(report.measurement, "kaiming").labels
    assert [row["label"] for row in stream][:-1] == [*names[:-1]]
    assert {(row["init"], row["rule"], row["place"], row["agreeing"]) for row in found} == {
        (one.init, one.rule, one.site, one.seeds) for one in report.findings
    }
    assert (one["seeds"], one["cells"], one["inits"]) == (SEEDS, len(INITS) * SEEDS, sorted(INITS))


def test_what_is_not_finite_is_stored_and_read_back(tmp_path):
    file = tmp_path / "grid.duckdb"
    first = goldilocks.diagnose(Explosive, "4x8", "as_is", 2, classes=3, device="cpu", store=file)
    same(first, goldilocks.diagnose(Explosive, "4x8", "as_is", 2, classes=3, device="cpu", store=file))
    assert asked(file, "SELECT DISTINCT status, verdict FROM cells JOIN diagnoses USING (cell_id)") == [
        ("diverged", "diverged")
    ]
    assert not all(math.isfinite(value) for (value,) in asked(file, "SELECT max FROM taps"))
    assert [one for one in check(store.Layout.at(file)) if not one.holds] == []


@pytest.mark.essential("failures are results")
def test_what_fails_is_recorded_with_its_reason_and_tried_again(tmp_path):
    file = tmp_path / "grid.duckdb"
    for _ in range(2):
        with pytest.raises(RequestError, match=r"too large.*recorded in the store"):
            goldilocks.diagnose(Fails, "4x8", ["as_is", "normal(std=10)"], 2, classes=3, device="cpu", store=file)
    assert asked(file, "SELECT init, status, count(*) FROM cells GROUP BY ALL ORDER BY ALL") == [
        ("as_is", "done", 2),
        ("normal(std=10)", "failed", 2),
    ]
    assert [computed for (computed,) in asked(file, "SELECT cells_computed FROM runs ORDER BY started_at")] == [2, 0]
    assert [one for one in check(store.Layout.at(file)) if not one.holds] == []


def specs(file):
    return {spec["network"]: spec for (text,) in asked(file, "SELECT spec FROM cells") for spec in [json.loads(text)]}


NET = """
import torch
from torch import nn
from parts import width

class Net(nn.Module):
    slope = 1.0

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, width()), nn.Linear(width(), 3)
        self.register_buffer("table", torch.full((3,), LEVEL))

    def forward(self, x):
        return self.two(torch.relu(self.one(x))) + self.table

LEVEL, SCALE = 0.0, 1.0

def make():
    return Net()

def batch():
    return SCALE * torch.arange(32.0).mul(7).sin().reshape(4, 8), torch.tensor([0, 1, 2, 0])

def loss(output, target):
    return output.square().mean()
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a network of the user's own, whose width is said in another file."""
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "parts.py").write_text("def width():\n    return 8\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "parts", raising=False)
    yield tmp_path
    for name in ("parts", "diagnosed_net"):
        sys.modules.pop(name, None)


def ran(*words):
    return CliRunner().invoke(app, [*map(str, words)])


DIAGNOSE = (
    "diagnose",
    "net.py:make",
    "--batch",
    "net.py:batch",
    "--init",
    "as_is",
    "--seeds",
    "1",
    "--store",
    "g.duckdb",
)


def test_the_command_keeps_results_says_so_and_computes_them_once(project):
    first, second = ran(*DIAGNOSE, "--json"), ran(*DIAGNOSE, "--json")
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert json.loads(first.stdout)["ranking"] == json.loads(second.stdout)["ranking"]
    assert [f"{cached} of 1 cells" in one.stderr for cached, one in enumerate((first, second))] == [True, True]
    assert asked("g.duckdb", "SELECT count(*) FROM runs") == [(1,)]
    ((network, dataset),) = asked("g.duckdb", "SELECT network, dataset FROM cells")
    assert network.startswith("net.py:make@")
    assert dataset == "net.py:batch"


# What is changed in which file, and the axes that differ then beside the network.
CHANGED = [
    ("net.py", "slope = 1.0", "slope = 2.0", {"source"}),
    ("parts.py", "return 8", "return 9 - 1", {"source"}),
    ("parts.py", "return 8", "return 9", {"source", "structure", "width"}),
    ("net.py", "LEVEL, SCALE = 0.0", "LEVEL, SCALE = 1.0", {"source", "weights"}),
    ("net.py", "SCALE = 0.0, 1.0", "SCALE = 0.0, 2.0", {"source", "inputs"}),
]


def test_another_network_is_another_cell(project):
    assert ran(*DIAGNOSE).exit_code == 0
    (first,) = specs("g.duckdb").values()
    known = {first["network"]}
    for file, old, new, differing in CHANGED:
        before = (project / file).read_text()
        (project / file).write_text(before.replace(old, new))
        sys.modules.pop("parts", None)
        assert ran(*DIAGNOSE).exit_code == 0
        ((name, other),) = ((name, spec) for name, spec in specs("g.duckdb").items() if name not in known)
        assert {axis for axis in other if first[axis] != other[axis]} == {"network", *differing}, (file, new)
        known.add(name)
        (project / file).write_text(before)


def test_loss_classes_and_formats_make_other_cells(project):
    for words in ((), ("--loss", "net.py:loss"), ("--range", "fp16")):
        assert ran(*DIAGNOSE, *words, "--fail-on", "never").exit_code == 0
    found = list(specs("g.duckdb").values())
    assert len(found) == 3
    assert {spec["loss"].partition(" ")[0] for spec in found} == {"cross_entropy", "diagnosed_net:loss"}
    assert {spec["formats"] for spec in found} == {"", "fp16"}
    assert {spec["classes"] for spec in found} == {0, 3}


def test_draws_are_no_part_of_the_identity_and_settings_are():
    from goldilocks.engine.diagnosis.examination import prepare
    from goldilocks.engine.diagnosis.subject import Subject

    def axes(make):
        return Subject.of(prepare(make, "4x8", "as_is", 1, classes=3)).axes

    def slope(value):
        return lambda: nn.Sequential(nn.Linear(8, 8), nn.LeakyReLU(value), nn.Linear(8, 3))

    def later():
        torch.rand(1)
        return chain()

    assert axes(chain) == axes(chain)
    assert axes(later)["weights"] == axes(chain)["weights"]
    one, other = axes(slope(0.1)), axes(slope(0.2))
    assert one["structure"] != other["structure"]
    assert one["weights"] == other["weights"]


VERIFY = ("verify", "--sample", "9", "--store", "g.duckdb")


@pytest.mark.essential("what is kept can be checked")
def test_verify_computes_again_what_the_command_names(project):
    assert ran(*DIAGNOSE).exit_code == 0
    done = ran(*VERIFY, "--factory", "net.py:make", "--batch", "net.py:batch")
    assert (done.exit_code, "identical bit for bit" in done.output) == (0, True), done.output
    assert "name the function with --batch" in ran(*VERIFY, "--factory", "net.py:make").output
    (project / "net.py").write_text(NET.replace("slope = 1.0", "slope = 2.0"))
    changed = ran(*VERIFY, "--factory", "net.py:make", "--batch", "net.py:batch")
    assert changed.exit_code == 1
    assert "its source is" in changed.output


def test_an_input_that_is_described_need_not_be_named_again(project):
    words = ("diagnose", "net.py:make", "--input", "4x8", "--classes", "3", "--init", "as_is", "--seeds", "1")
    assert ran(*words, "--store", "g.duckdb").exit_code == 0
    done = ran(*VERIFY, "--factory", "net.py:make")
    assert (done.exit_code, "identical bit for bit" in done.output) == (0, True), done.output


CHANGES = {
    "taps.std": "UPDATE taps SET std = nextafter(std, 9) WHERE site = 1",
    "parameters.mean": "UPDATE parameters SET mean = 7 WHERE parameter = 0",
    "sites.role": "UPDATE sites SET role = 'branch' WHERE site = 1",
    "layers.std": "UPDATE layers SET std = 7 WHERE true",
    "layer_histograms.counts": "UPDATE layer_histograms SET counts = list_reverse(counts) WHERE tap = 'act'",
    "diagnoses.verdict": "UPDATE diagnoses SET verdict = 'dead' WHERE true",
    "measurements.value": "UPDATE measurements SET value = 7 WHERE true",
}


# What was measured is compared, and not how.
ANOTHER_WAY = "UPDATE diagnoses SET method = 'loop', reason = 'another', at_once = 1, packages = '{}' WHERE true"


def test_verify_notices_every_kind_of_number_but_not_the_way_of_measuring(kept, tmp_path):
    own = store.Layout.at(tmp_path / "grid.duckdb")
    merge(own, kept[1])
    sql = "SELECT cell_id FROM cells WHERE init = 'kaiming' ORDER BY seed"
    changed, measured_otherwise = (cell_id for (cell_id,) in asked(own, sql))
    with rewritten(own.resolve()) as connection:
        for change in CHANGES.values():
            connection.execute(f"{change} AND cell_id = $cell", {"cell": changed})
        connection.execute(f"{ANOTHER_WAY} AND cell_id = $cell", {"cell": measured_otherwise})
    verdicts = verify([changed, measured_otherwise], store=own.path, device="cpu", factory=Residual, batch=images)
    found = {verdict.cell_id: verdict for verdict in verdicts}
    assert {one.column for one in found[changed].differences} == set(CHANGES)
    assert found[measured_otherwise].agrees, str(found[measured_otherwise])
