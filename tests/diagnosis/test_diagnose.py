"""A diagnosis from Python and from the command line: report, table, HTML, exit codes, refusals."""

import json
import random

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import goldilocks
from goldilocks.engine.__main__ import app
from goldilocks.engine.diagnose_command import split
from goldilocks.engine.diagnosis.examination import prepare
from goldilocks.engine.errors import RequestError
from tests import warm

SOURCE = """
import torch
from torch import nn

def make():
    layers = [part for _ in range(12) for part in (nn.Linear(64, 64), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(64, 10))

def batch():
    return torch.randn(32, 64), torch.randint(10, (32,))
"""


def deep():
    return nn.Sequential(*(part for _ in range(12) for part in (nn.Linear(64, 64), nn.ReLU())), nn.Linear(64, 10))


@pytest.fixture(scope="module")
def report():
    return goldilocks.diagnose(deep, "32x64", ["as_is", "kaiming", "normal(std=0.02)"], seeds=3, classes=10)


@pytest.mark.essential("what a diagnosis answers")
def test_schemes_are_ranked_with_paired_differences(report):
    ranking = report.ranking
    assert list(ranking["init"]) == ["kaiming", "as_is", "normal(std=0.02)"]
    assert list(ranking["place"]) == [1, 2, 3]
    kaiming = ranking.iloc[0]
    assert 0.8 < kaiming["forward_rate"] < 1.25
    assert 0.8 < kaiming["backward_rate"] < 1.25
    assert list(ranking["clearly_behind"]) == [False, True, True]
    assert (ranking["behind_low"][1:] <= ranking["behind"][1:]).all()


def _rates(strip):
    return strip.forward_rate, strip.backward_rate


def test_rates_have_the_interval_of_their_mean_over_seeds(report):
    """Student's t with two degrees of freedom, of the logarithms."""
    rows = [line.split() for line in str(report).splitlines() if "±" in line.partition("  ")[2]]
    ranked = report.ranking.set_index("init")
    assert [cells[0] for cells in rows] == list(ranked.index)
    for init, *cells in rows:
        for place, (way, rate) in enumerate(zip(("forward", "backward"), _rates(report.strip(init)), strict=True)):
            logs, row = np.log(rate.values), ranked.loc[init]
            reach = 4.302653 * logs.std(ddof=1) / 3**0.5
            assert row[f"{way}_rate"] == pytest.approx(np.exp(logs.mean()))
            assert row[f"{way}_low"] == pytest.approx(np.exp(logs.mean() - reach))
            assert row[f"{way}_high"] == pytest.approx(np.exp(logs.mean() + reach))
            mean, share = cells[place].split("±")
            assert float(mean) == pytest.approx(row[f"{way}_rate"], rel=5e-3)
            assert float(share.rstrip("%")) / 100 == pytest.approx(np.exp(reach) - 1, rel=0.1, abs=5e-3)


def test_one_seed_has_no_interval():
    lines = str(goldilocks.diagnose(deep, "32x64", ["kaiming"], seeds=1, classes=10)).splitlines()
    (row,) = [line for line in lines if line.startswith("kaiming") and line.endswith("just right")]
    assert not set(row) & set("±÷")


def test_findings_name_the_scheme_and_what_to_do(report):
    rules = {(one.init, one.rule) for one in report.worst("error")}
    assert ("as_is", "backward_rate") in rules
    assert ("normal(std=0.02)", "forward_rate") in rules
    assert report.verdict("kaiming") == "just right"
    assert report.verdict("normal(std=0.02)") == "too small"


def test_the_table_fits_80_columns(report):
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("kaiming") and line.endswith("just right") for line in lines)


def test_a_notebook_shows_table_strips_and_findings(report):
    shown = report._repr_html_()
    assert shown.count("<tr>") == 4
    assert shown.count("<svg") == 6
    assert "<script" not in shown
    assert "backward_rate" in shown


def test_apply_gives_the_network_in_the_chosen_way(report):
    model = report.apply("kaiming", seed=1)
    assert float(model[0].weight.detach().std()) == pytest.approx((2 / 64) ** 0.5, rel=0.05)
    assert torch.equal(model[0].bias, torch.zeros(64))


def test_json_is_json_with_what_is_not_finite_as_text(report):
    told = json.loads(json.dumps(report.json(), allow_nan=False))
    assert told["ranking"][0]["verdict"] == "just right"
    assert told["ranking"][0]["behind_low"] == "nan"
    assert {one["rule"] for one in told["findings"]} >= {"backward_rate"}


def test_the_targets_of_a_batch_give_the_classes():
    batch = (torch.randn(8, 64), torch.randint(10, (8,)))
    assert prepare(deep, batch, "as_is", 1).specimen.classes == 10
    floats = (torch.randn(8, 64), torch.randn(8, 10))
    assert prepare(deep, floats, "as_is", 1).specimen.classes is None


def test_the_cost_is_said_and_a_budget_is_kept():
    ready = prepare(deep, "8x64", ["as_is", "kaiming"], 3)
    assert "2 initializations × 3 seeds = 6 passes" in ready.cost
    with pytest.raises(RequestError, match="the budget is 0 s"):
        ready.refuse_beyond(0)
    ready.refuse_beyond(None)


@pytest.mark.parametrize(
    ("make", "batch", "said"),
    [
        (deep, None, "nothing says what goes into the network"),
        (deep, "8x63", r"the batch \(8x63\) does not go through the network: 0 \(Linear\) raises RuntimeError"),
        (deep(), "8x64", "a module was given; give the function"),
        (lambda: None, "8x64", "returns None"),
    ],
)
def test_what_cannot_be_run_is_refused(make, batch, said):
    with pytest.raises(RequestError, match=said):
        goldilocks.diagnose(make, batch)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"init": ["kaimin"]}, "kaiming"),
        ({"init": []}, "name at least one initialization"),
        ({"formats": ["fp61"]}, "did you mean 'fp16'"),
        ({"device": "gpu9"}, "gpu9"),
        ({"seeds": 0}, "one at least"),
    ],
)
def test_what_does_not_exist_is_refused_before_the_network_is_made(wishes, said):
    with pytest.raises(RequestError, match=said):
        goldilocks.diagnose(lambda: pytest.fail("the network was made"), "8x64", **wishes)


@pytest.mark.parametrize("wish", ["--init=kaimin", "--range=fp61", "--device=gpu9"])
def test_the_command_refuses_what_does_not_exist_before_it_imports_anything(wish):
    done = CliRunner().invoke(app, ["diagnose", "absent.py:make", "--batch", "absent.py:batch", wish])
    assert done.exit_code == 2
    assert wish.partition("=")[2] in done.stderr
    assert "absent" not in done.stderr


def test_the_random_state_of_the_process_is_left_alone():
    before, python_before = torch.get_rng_state(), random.getstate()
    goldilocks.diagnose(deep, "8x64", ["as_is", "kaiming"], seeds=1)
    assert torch.equal(before, torch.get_rng_state())
    assert python_before == random.getstate()


def test_a_list_is_split_at_its_commas_but_not_at_those_in_brackets():
    assert split("as_is, truncated_normal(std=0.1,cut=2),lsuv") == ["as_is", "truncated_normal(std=0.1,cut=2)", "lsuv"]


def command(folder, *arguments):
    return warm.run("goldilocks", "diagnose", *arguments, text=True, cwd=folder)


def test_the_command_ends_with_1_where_there_are_errors_and_writes_sarif_and_a_baseline(tmp_path):
    (tmp_path / "net.py").write_text(SOURCE)
    wishes = ("net.py:make", "--batch", "net.py:batch", "--init", "as_is", "--seeds", "2")
    done = command(tmp_path, *wishes, "--json", "--sarif", "found.sarif")
    assert done.returncode == 1, done.stderr
    assert "passes forward and back" in done.stderr
    assert json.loads(done.stdout)["failing"] == 1
    log = json.loads((tmp_path / "found.sarif").read_text())
    assert log["runs"][0]["results"][0]["ruleId"] == "backward_rate"
    assert command(tmp_path, *wishes, "--fail-on", "never").returncode == 0
    assert command(tmp_path, *wishes, "--baseline", "known.json").returncode == 0
    assert command(tmp_path, *wishes, "--baseline", "known.json").returncode == 0


def test_the_command_ends_with_2_where_it_cannot_run(tmp_path):
    done = command(tmp_path, "absent.py:make", "--input", "8x64")
    assert done.returncode == 2
    assert done.stderr.strip() == "there is no file 'absent.py'"
    assert done.stdout == ""
