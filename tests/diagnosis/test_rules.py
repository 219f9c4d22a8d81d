"""Each rule on measurements made by hand: what it finds, where, on how many seeds, and what it leaves alone."""

import re
from typing import get_args

import numpy as np
import pytest

from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.rules import rules
from goldilocks.engine.diagnosis.rules.base import Verdict
from goldilocks.engine.diagnosis.verdict import HEALTHY, verdict
from tests.diagnosis.handmade import chain, evidence, measurement, site, weight
from tests.diagnosis.rule_cases import CASES, CLASSIFIER, PLAIN, RELU, TANH, decaying, residual


def found(rule, *arguments, **fields):
    return [(one.site, one.severity) for one in rules.parse(rule).check(evidence(*arguments, **fields))]


@pytest.mark.parametrize("rule", list(rules), ids=lambda rule: rule.name)
def test_every_rule_has_a_card_a_remedy_and_explains_rules_that_exist(rule):
    assert rule.card.title
    assert rule.card.formula
    assert rule.remedy.endswith(".")
    assert rule.__doc__
    for name in rule.explains:
        assert rules[name] is not rule


@pytest.mark.parametrize("rule", list(rules), ids=lambda rule: rule.name)
def test_every_rule_speaks_beyond_its_limit_and_keeps_silent_before_it(rule):
    speaking, silent = (evidence(**case) for case in CASES[rule.name])
    assert [one.rule for one in rule().check(speaking)] == [rule.name]
    assert list(rule().check(silent)) == []


@pytest.mark.parametrize("rule", list(rules), ids=lambda rule: rule.name)
def test_no_rule_speaks_of_what_is_healthy(rule):
    for sites in (PLAIN, RELU, residual(8), CLASSIFIER, TANH):
        parameters = [weight(f"{one.index}.weight", one.index) for one in sites if one.kind == "affine"]
        assert found(rule.name, sites, parameters, weights={"std": {0: 0.23}}) == []


@pytest.mark.parametrize("rule", list(rules), ids=lambda rule: rule.name)
def test_a_remedy_names_only_what_the_network_has(rule):
    speaking = CASES[rule.name][0]
    names = {parameter.name for parameter in speaking["parameters"]}
    for case in (speaking, speaking | {"parameters": [], "weights": {}}):
        for one in rule().check(evidence(**case)):
            assert "{" not in one.code + one.remedy + one.why
            assert set(re.findall(r'get_parameter\("(.*?)"\)', one.code)) <= names


@pytest.mark.parametrize(("rule", "share"), [("dead", 1.0), ("dead_units", 0.6)])
def test_a_layer_without_a_bias_is_not_told_to_change_it(rule, share):
    def remedy(*names):
        sites = [site(0, "input"), site(1, parameters=names), site(2, "activation")]
        parameters = [weight(name, 1, part="bias" if name == "b" else "weight") for name in names]
        (one,) = rules.parse(rule).check(evidence(sites, parameters, signal={"frac_dead_units": {2: share}}))
        return one.remedy + one.code

    assert "bias" in remedy("w", "b")
    assert "bias" not in remedy("w")
    assert "zeros_" not in remedy("w")


def finding(rule, value=1.0, severity="error", init="as_is"):
    return Finding(rule, severity, init, "site", value, 1.0, 4, 4, "Why.", "Remedy.")


@pytest.mark.parametrize("rule", list(rules), ids=lambda rule: rule.name)
def test_every_rule_declares_the_verdict_that_its_findings_give(rule):
    small, large = (verdict((finding(rule.name, value),), "as_is") for value in (0.5, 2.0))
    expected = rule.verdict if isinstance(rule.verdict, tuple) else (rule.verdict or HEALTHY,) * 2
    assert (small, large) == tuple(expected)
    assert {small, large} <= {HEALTHY, *get_args(Verdict)}
    assert verdict((finding(rule.name, severity="note"),), "as_is") == HEALTHY
    assert verdict((finding(rule.name),), "another") == HEALTHY


def test_what_leaves_nothing_to_measure_goes_before_a_size_and_the_graver_size_before_the_other():
    dead, grows = finding("dead", severity="warning"), finding("forward_rate", 3.0)
    assert verdict((grows, dead), "as_is") == "dead"
    assert verdict((finding("forward_rate", 3.0, "warning"), finding("backward_rate", 0.1)), "as_is") == "too small"


def test_a_rule_that_can_say_error_declares_a_verdict():
    for rule in rules:
        severities = {one.severity for case in CASES[rule.name] for one in rule().check(evidence(**case))}
        assert rule.verdict is not None or "error" not in severities


def test_a_signal_that_shrinks_is_an_error_where_it_shrinks_far():
    assert found("forward_rate", PLAIN, signal={"std": decaying(0.05)})[0][1] == "error"
    assert found("forward_rate", PLAIN, signal={"std": decaying(0.3)})[0][1] == "warning"
    assert found("forward_rate", PLAIN, signal={"std": decaying(0.6)}) == []
    assert found("forward_rate", PLAIN, signal={"std": decaying(20.0)})[0][1] == "error"


def test_the_worst_step_is_named():
    std = {1: 1.0, 2: 0.2, 3: 0.04, 4: 0.001, 5: 0.0002}
    assert found("forward_rate", PLAIN, signal={"std": std}) == [("4:affine", "warning")]
    assert found("backward_rate", PLAIN, signal={"grad_rms": std}) == [("3:affine", "warning")]


def test_one_step_out_of_line_is_no_rate():
    assert found("forward_rate", PLAIN, signal={"std": {3: 1e-6, 4: 1e-6, 5: 1e-6}}) == []


def test_seeds_that_disagree_make_no_finding():
    one_of_four = {index: [10.0**index, 1, 1, 1] for index in range(6)}
    assert found("forward_rate", PLAIN, signal={"std": one_of_four}) == []


def test_dead_units_are_the_fault_of_what_enters_the_activation():
    sites = chain("input", "affine", "activation", "affine", "activation", "affine")
    dead = {"frac_dead_units": {2: 1.0, 4: 1.0}}
    assert found("dead", sites, signal=dead) == [("1:affine", "error")]
    many = {"frac_dead_units": {2: 0.6, 4: [0.7, 0.7, 0.7, 0.0]}}
    assert found("dead", sites, signal=many) == []
    assert found("dead_units", sites, signal=many) == [("4:activation", "warning")]
    assert found("dead_units", sites, signal=many, examples=4) == []
    branch = [*sites[:4], site(4, "affine", role="branch"), site(5, "addition", inputs=(3, 4))]
    assert found("dead", branch, signal={"frac_dead_units": {4: 1.0}}) == []


def test_saturation_counts_where_a_function_has_two_ends():
    sites = [*chain("input", "affine"), site(2, "activation", activation="tanh")]
    relu = [*chain("input", "affine"), site(2, "activation", activation="relu")]
    assert found("saturated", sites, signal={"frac_saturated": {2: 0.9}}) == [("2:activation", "error")]
    assert found("saturated", relu, signal={"frac_saturated": {2: 0.9}}) == []
    assert found("saturated", sites, signal={"frac_saturated": {2: np.nan}}) == []


def test_equal_units_are_symmetric_unless_they_are_zero():
    parameters = [weight("1.weight", 1)]
    alike = {"equal_units": {0: 1.0}}
    assert found("symmetry", PLAIN, parameters, weights=alike) == [("1.weight", "error")]
    assert found("symmetry", PLAIN, parameters, weights=alike | {"rms": {0: 0.0}}) == []


def test_collapse_is_named_where_it_begins():
    alike = {"similarity": {3: 0.992, 4: 0.999, 5: 0.9999}}
    assert found("collapse", PLAIN, signal=alike) == [("3:affine", "warning")]
    assert found("collapse", PLAIN, signal={"similarity": {0: 1.0}}) == [("0:input", "error")]


def test_the_first_loss_is_held_against_ln_c():
    sites = [*PLAIN[:5], site(5, role="read-out", parameters=("5.weight",))]
    loss = {"classes": 10, "first_loss": np.full(4, 27.0)}
    assert found("first_loss", sites, **loss) == [("5:affine", "error")]
    assert found("first_loss", sites, classes=10, first_loss=np.full(4, 2.5)) == []
    assert found("first_loss", sites, first_loss=np.full(4, 27.0)) == []


def test_inputs_have_a_scale():
    assert found("input_scale", PLAIN, signal={"rms": {0: 150.0}}) == [("0:input", "error")]
    assert found("input_scale", PLAIN, signal={"rms": {0: 20.0}}) == [("0:input", "warning")]
    assert found("input_scale", PLAIN, signal={"rms": {0: 0.001}}) == [("0:input", "warning")]


def test_a_nan_is_named_where_it_arises():
    bad = {"nonfinite": {3: 0.5, 4: 1.0, 5: 1.0}}
    assert found("nonfinite", PLAIN, signal=bad) == [("3:affine", "error")]
    parameters = [weight("head.weight", used=False)]
    assert found("nonfinite", PLAIN, parameters, weights={"nonfinite": {0: 0.1}}) == [("head.weight", "error")]


def test_parameters_without_gradient_are_named_once_per_module():
    parameters = [
        weight("a.weight", 1),
        weight("b.0.weight", 2, connected=False),
        weight("b.0.bias", 2, connected=False),
        weight("b.1.weight", 3, connected=False),
        weight("c.weight", 4, trained=False),
        weight("c.bias", 4),
        weight("d", used=False),
    ]
    assert found("no_gradient", PLAIN, parameters) == [("b", "warning"), ("c.weight", "warning"), ("d", "warning")]


def test_a_bias_before_batch_norm_is_noted_and_before_layer_norm_it_is_not():
    for operation, said in (("batch_norm", [("1:affine", "note")]), ("layer_norm", [])):
        sites = [site(0, "input"), site(1, parameters=("w", "b")), site(2, "normalization", operation=operation)]
        parameters = [weight("w", 1), weight("b", 1, part="bias")]
        assert found("bias_before_norm", sites, parameters) == said


def test_fans_of_transposed_and_depthwise_convolutions():
    depthwise = weight("1.weight", 1, shape=(64, 1, 3, 3), fan_in=9.0, fan_out=9.0)
    sites = [site(0, "input"), site(1, "convolution")]
    wrong, right = (2 / (64 * 9)) ** 0.5, (2 / 9) ** 0.5
    assert found("fan_mismatch", sites, [depthwise], weights={"std": {0: wrong}}) == [("1:convolution", "warning")]
    assert found("fan_mismatch", sites, [depthwise], weights={"std": {0: right}}) == []
    normalized = [*sites, site(2, "normalization")]
    assert found("fan_mismatch", normalized, [depthwise], weights={"std": {0: wrong}}) == []


def test_overflow_is_named_where_it_begins_and_masks_are_meant():
    large = {"maximum": {3: 1e5, 4: 1e6}}
    assert found("range", PLAIN, signal=large) == [("3:affine", "warning")]
    assert found("range", PLAIN, signal=large, intended=("fp16",)) == [("3:affine", "error")]
    assert found("range", PLAIN, signal=large, intended=("bf16",)) == []
    assert found("range", PLAIN, signal={"minimum": {3: -1e9}}) == []


def test_a_norm_of_one_value_is_an_error():
    sites = [site(0, "input"), site(1), site(2, "normalization", operation="group_norm")]
    assert found("norm_of_one_value", sites, signal={"std": {2: 0.0}}) == [("2:group_norm", "error")]
    scale = [weight("2.weight", 2, part="scale")]
    assert found("norm_of_one_value", sites, scale, signal={"std": {2: 0.0}}, weights={"rms": {0: 0.0}}) == []


def test_a_stream_that_grows_slowly_is_a_warning():
    sites = residual(8)
    growing = {one.index: 1 + 0.5 * place for place, one in enumerate(sites) if one.kind == "addition"}
    assert found("residual_growth", sites, signal={"std": growing}) == [("17:addition", "warning")]
    assert found("residual_growth", residual(4), signal={"std": {3: 1.0, 9: 5.0}}) == []


def test_a_branch_that_drowns_the_shortcut_is_found_and_a_small_branch_is_meant():
    sites = residual(1)
    assert found("lopsided_addition", sites, signal={"rms": {2: 100.0, 3: 100.0}}) == [("2:affine", "error")]
    assert found("lopsided_addition", sites, signal={"rms": {2: 100.0}}) == []
    assert found("lopsided_addition", sites, signal={"rms": {2: 0.001}}) == []


def test_a_layer_out_of_line_is_found():
    assert found("scale_jump", PLAIN, signal={"rms": {3: 1e4, 4: 1e4, 5: 1e4}}) == [("3:affine", "error")]
    assert found("scale_jump", PLAIN, signal={"rms": {3: 0.0}}) == []


def test_an_update_out_of_line_is_found():
    parameters = [weight(f"{index}.weight", index) for index in range(1, 6)]
    assert found("update_ratio", PLAIN, parameters, weights={"update_ratio": {2: 1e4}}) == [("3.weight", "warning")]
    assert found("update_ratio", PLAIN, parameters, weights={"update_ratio": {2: np.inf}}) == []


def test_what_follows_from_a_graver_fault_is_left_out_and_a_note_explains_nothing():
    made = measurement(PLAIN, signal={"nonfinite": {1: 1.0}, "std": decaying(0.1), "similarity": {4: 1.0}})
    assert [one.rule for one in judge(made)] == ["nonfinite"]
    alone = measurement(PLAIN, signal={"similarity": {4: 1.0}})
    assert [one.rule for one in judge(alone)] == ["collapse"]


def test_a_finding_says_how_many_seeds_agree():
    large = [1e4, 1e4, 1.0, 1e4]
    (one,) = rules.parse("scale_jump").check(evidence(PLAIN, signal={"rms": {3: large, 4: large, 5: large}}))
    assert (one.seeds, one.of) == (3, 4)
    assert one.value == pytest.approx(1e4)


def test_a_gate_beside_the_stream_is_no_step_of_it():
    sites = chain("input", "affine", "affine", "affine", "product", "affine", "affine")
    sites[4] = site(4, "product", inputs=(2, 3))
    assert [one.index for one in evidence(sites).flow.spine] == [1, 2, 5, 6]


def test_the_norm_after_a_layer_stands_for_it():
    sites = chain("input", "affine", "normalization", "activation", "affine", "normalization", "affine")
    assert [one.index for one in evidence(sites).flow.spine] == [2, 5, 6]
