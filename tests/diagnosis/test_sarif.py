"""SARIF as GitHub takes it, and baselines: only what is new fails."""

import json

import pytest

from goldilocks.engine.diagnosis.baseline import new_findings
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.sarif import sarif, source_of
from goldilocks.engine.errors import RequestError


def finding(rule="dead", severity="error", site="layer.3"):
    return Finding(rule, severity, "as_is", site, 1.0, 0.95, 5, 5, "All its units are 0.", "Draw the weights.")


def test_a_log_has_what_github_requires():
    log = json.loads(json.dumps(sarif((finding(), finding("range", "warning"), finding(site="b")), "net.py")))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "Goldilocks"
    assert [rule["id"] for rule in driver["rules"]] == ["dead", "range"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": "net.py"}, "region": {"startLine": 1}}
    prints = [result["partialFingerprints"]["goldilocks/v1"] for result in run["results"]]
    assert len(set(prints)) == 3


def test_a_log_without_findings_is_a_run_without_results():
    (run,) = sarif((), "net.py")["runs"]
    assert run["results"] == []


@pytest.mark.parametrize(
    ("factory", "file"),
    [("nets/a.py:make", "nets/a.py"), ("nets.a:make", "nets/a.py"), ("hf:models/config.json", "models/config.json")],
)
def test_a_finding_points_at_the_file_of_the_factory(factory, file):
    assert source_of(factory) == file


def test_the_first_time_a_baseline_is_written_and_later_only_what_is_new_fails(tmp_path):
    file = tmp_path / "baseline.json"
    assert new_findings((finding(severity="warning"),), file) == ()
    graver, other = finding(), finding(site="b")
    assert new_findings((finding(severity="warning"),), file) == ()
    assert new_findings((finding(severity="note"),), file) == ()
    assert new_findings((graver, other), file) == (graver, other)


@pytest.mark.parametrize("text", ["", "[]", '{"findings": 3}', '{"other": {}}'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path, text):
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(RequestError, match="is not a baseline"):
        new_findings((), file)
