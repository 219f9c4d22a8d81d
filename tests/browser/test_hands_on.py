"""The live page: its scripts say what the theory says, and what is drawn follows sliders, plane and address."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from goldilocks import store
from goldilocks.dashboard.hands_on import component
from goldilocks.engine.activations import activations
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.theory.criticality import edge_of_chaos, phase
from goldilocks.engine.theory.map_table import map_table
from tests.browser.accessibility import serious
from tests.browser.visiting import settle
from tests.engine.followed import STARTS, followed
from tests.store.builder import Batch, write

ACTIVATIONS = [member() for member in activations]
KINDS = {"nothing": "none", "units": "units", "batch": "batch"}
NORMS = sorted({(member.normalizes(), member.usual_eps()) for member in normalizations if member.normalizes()})
PLANE = list(itertools.product((0.5, 1.4, 3.5), (0.0, 0.1, 1.0)))
CHAOS, SHALLOW = (2.6, 0.1), 4
DEPTH, WIDTH = 20, 100
CLOSE = 1e-6
FOLDER = Path(component.__file__).parent
SCRIPTS = "\n".join((FOLDER / name).read_text() for name in ("theory.js", "plane.js"))
LIMITS = {"too_big": 1.25, "too_small": 0.8, "factor_too_big": 100, "factor_too_small": 0.01}


@pytest.fixture(scope="module")
def scripts(browser):
    """What runs a body of JavaScript with the scripts of the page, the maps of an activation and further arguments."""
    page = browser.new_page()
    made = {}

    def run(activation, body, **given):
        if activation not in made:
            table = {name: values.tolist() for name, values in vars(map_table(activation)).items()}
            keep = "([name, table]) => { window.tables = {...window.tables, [name]: table} }"
            page.evaluate(keep, [str(activation), table])
            made[activation] = True
        names = ", ".join(given)
        code = f"([name, {{{names}}}]) => {{ {SCRIPTS}\nconst maps = readMaps(window.tables[name]); {body} }}"
        return page.evaluate(code, [str(activation), given])

    yield run
    page.close()


FOLLOW = """
return points.map(([w, b]) => follow(networks(maps, norm)(w, b), depth, width, starts)
  .map(({q, std, gradient, correlations, scatter}) => ({q, std, gradient, correlations, scatter})));
"""


def lines(scripts, activation, norm, points, depth):
    normalizes, eps = norm
    given = {"norm": {"kind": KINDS[normalizes], "eps": eps}, "points": points, "depth": depth, "width": WIDTH}
    return scripts(activation, FOLLOW, starts=STARTS, **given)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_lengths_and_gradients_are_those_of_the_theory(scripts, activation):
    for norm in NORMS:
        for point, rows in zip(PLANE, lines(scripts, activation, norm, PLANE, DEPTH), strict=True):
            truth = followed(activation, *norm, *point, DEPTH, correlated=False)
            for name in ("q", "std", "gradient"):
                assert [row[name] for row in rows] == pytest.approx(truth[name], rel=CLOSE), (name, norm, point)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_correlations_are_those_of_the_theory(scripts, activation):
    for norm in NORMS:
        found = [row["correlations"] for row in lines(scripts, activation, norm, [CHAOS], SHALLOW)[0]]
        if norm[0] == "batch":
            assert found == [[]] * SHALLOW
        else:
            truth = followed(activation, *norm, *CHAOS, SHALLOW)["correlations"]
            np.testing.assert_allclose(np.array(found).T, truth, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_where_a_network_comes_to_is_what_the_theory_says(scripts, activation):
    points = [(0.9, 0.3), (1.3, 0.2), (1.8, 0.05), (3.0, 0.5)]
    body = """
    return points.map(([w, b]) => settled(networks(maps, norm)(w, b))).map((one) => [one.q, one.chi, one.c, one.depth])
    """
    for normalizes, eps in [one for one in NORMS if one[0] != "batch"]:
        given = {"norm": {"kind": KINDS[normalizes], "eps": eps}, "points": points}
        for (w, b), found in zip(points, scripts(activation, body, **given), strict=True):
            truth = phase(activation, w * w, b * b, eps=None if normalizes == "nothing" else eps)
            wanted = [truth.q, truth.chi, truth.c, truth.depth_c and 1 / truth.depth_c]
            # Near the edge a depth scale is long: its inverse is what is known.
            found[3] = found[3] and 1 / found[3]
            for one, other in zip(found, wanted, strict=True):
                assert one == (other if other is None else pytest.approx(other, rel=1e-5, abs=1e-6)), (found, wanted)


def test_both_fates_are_found(scripts):
    """GELU, σw² = 2.25 without biases: a network dies out or grows, by where it starts."""
    body = "return reached(networks(maps, {kind: 'none', eps: 0})(1.5, 0))"
    found = scripts(activations.parse("gelu"), body)
    assert len(found["fates"]) == 2
    assert found["q"] in found["fates"]


@pytest.mark.parametrize("name", ["tanh", "gelu", "erf"])
def test_the_edge_is_that_of_the_theory(scripts, name):
    activation = activations.parse(name)
    edge = scripts(activation, "return edgeOfChaos(networks(maps, {kind: 'none', eps: 0}), 3.5, 1, 20)")
    on = [edge_of_chaos(activation, float(q)) for q in np.geomspace(0.05 if name != "gelu" else 3.6, 9, 400)]
    exact = np.array([[one.bias_variance, one.weight_variance] for one in on if one.exists])
    compared = 0
    for w, b in edge:
        if exact[0, 0] < b * b < min(1, exact[-1, 0]):
            assert w * w == pytest.approx(np.interp(b * b, exact[:, 0], exact[:, 1]), rel=1e-4)
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("layers", [5, 20])
def test_on_a_contour_the_depth_scale_is_what_stands_at_it(scripts, layers):
    tanh = activations.parse("tanh")
    body = "return depthContour(networks(maps, {kind: 'none', eps: 0}), layers, 3.5, 1)"
    curves = scripts(tanh, body, layers=layers)
    assert curves
    sides = set()
    for curve in curves:
        w, b = curve[len(curve) // 2]
        truth = phase(tanh, w * w, b * b)
        assert truth.depth_c == pytest.approx(layers, rel=1e-4)
        sides.add(truth.chi > 1)
    assert sides == {False, True}
    assert min(b for curve in curves for _, b in curve) < 0.01
    assert max(b for curve in curves for _, b in curve) > 0.9


@pytest.mark.parametrize(("name", "per_layer"), [("linear", 2), ("relu", 5)])
def test_networks_of_finite_width_scatter_as_closed_forms_say(scripts, name, per_layer):
    """At the variance that is kept, without biases, the relative variance of q grows by 2/n or 5/n per layer."""
    weight = 1.0 if name == "linear" else 2.0
    rows = lines(scripts, activations.parse(name), ("nothing", 0.0), [(weight**0.5, 0.0)], 8)[0]
    wanted = [(2 + per_layer * layer + 2) / WIDTH for layer in range(8)]
    assert [row["scatter"] ** 2 for row in rows] == pytest.approx(wanted)


@pytest.mark.essential("two programs must agree")
def test_the_verdict_is_that_of_the_store(scripts, tmp_path):
    tanh, batch, verdicts = activations.parse("tanh"), Batch().run(), {}
    for (w, b), depth in itertools.product([*PLANE, (1.1, 0.0), (1.2, 0.05), (1.8, 0.0)], (1, 2, 7, 40)):
        truth = followed(tanh, "nothing", 0.0, w, b, depth, correlated=False)
        cell = batch.cell("propagation", init=f"normal(std={w})", activation=f"tanh(b={b})", depth=depth, width=64)
        for layer in range(depth):
            row = {"std": truth["std"][layer], "rms": 1.0, "unit_std": 1.0, "grad_rms": truth["gradient"][layer]}
            blank = dict.fromkeys(store.tables.schema("layers").names)
            batch.rows["layers"].append(blank | {"cell_id": cell, "layer": layer + 1} | row)
        body = "return judged(follow(networks(maps, {kind: 'none', eps: 0})(w, b), depth, 64, [0]), limits).verdict"
        verdicts[cell] = scripts(tanh, body, w=w, b=b, depth=depth, limits=LIMITS)
    with store.open(write(tmp_path / "grid.duckdb", batch)) as handle:
        held = dict(handle.query("SELECT cell_id, verdict FROM signal_rates").fetchall())
        limits = dict(handle.query("SELECT name, value FROM thresholds").fetchall())
    assert LIMITS.items() <= limits.items()
    assert held == verdicts
    assert set(verdicts.values()) == {"too big", "too small", "just right", None}


def drawn(page):
    """Return what the live part shows of a point."""
    expect(page.locator(".live .edge").first).to_be_attached()
    names = ("verdict", "why", "limit", "q", "gradient", "correlation")
    return {name: page.locator(f".live [data-part={name}]").inner_html() for name in names}


@pytest.mark.essential("the only page that a browser computes")
def test_everything_follows_a_slider_and_the_address_brings_it_back(page, elsewhere, studied_site):
    page.goto(f"{studied_site}/hands_on?live_sigma_w=0.7")
    settle(page)
    before = drawn(page)
    assert "too small" in before["verdict"]
    slider = page.locator(".live input[name=sigma_w]")
    # While it is held, no server is asked.
    slider.evaluate("(one) => { one.value = 2.5; one.dispatchEvent(new Event('input')); }")
    expect(page.locator(".live [data-part=verdict]")).to_have_text("too big")
    moved = drawn(page)
    assert all(moved[name] != before[name] for name in moved)
    assert "live_sigma_w=0.7" in page.url
    slider.evaluate("(one) => one.dispatchEvent(new Event('change'))")
    expect(page).to_have_url(re.compile("live_sigma_w=2.5"))
    again = elsewhere()
    again.goto(page.url)
    settle(again)
    assert drawn(again) == moved


def test_depth_width_and_norm_are_followed_too(page, studied_site):
    page.goto(f"{studied_site}/hands_on?live_sigma_w=1.4&live_sigma_b=0&live_activation=relu")
    settle(page)
    before = drawn(page)
    for name, value in {"depth": 60, "width": 6, "sigma_b": 0.5}.items():
        page.locator(f".live input[name={name}]").evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", value
        )
        page.wait_for_timeout(200)
        after = drawn(page)
        assert after["q"] != before["q"], name
        before = after
    page.goto(f"{studied_site}/hands_on?live_norm=batch+norm")
    settle(page)
    expect(page.get_by_text("No theory of two inputs")).to_be_visible()


def test_the_point_is_dragged_and_clicked_on_the_plane(page, studied_site):
    page.goto(f"{studied_site}/hands_on")
    settle(page)
    drawn(page)
    plane, weight = page.locator(".live [data-part=plane]"), page.locator(".live [data-part=sigma_w_value]")
    before, box = weight.inner_text(), plane.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.5, steps=4)
    expect(weight).not_to_have_text(before)
    page.mouse.up()
    expect(page).to_have_url(re.compile("live_sigma_w="))
    page.get_by_role("button", name="kaiming").first.click()
    expect(page).to_have_url(re.compile("live_sigma_b=0(&|$)"))
    settle(page)
    assert serious(page) == []


def test_measured_networks_near_the_point_stand_beside_it(page, studied_site):
    page.goto(f"{studied_site}/hands_on?live_sigma_w={1.5**0.5}&live_sigma_b=0&live_depth=6")
    settle(page)
    drawn(page)
    expect(page.locator(".live [data-part=measured]")).to_contain_text("correlated inputs")
    assert page.locator(".live [data-part=correlation] circle").count() >= 6
    page.goto(f"{studied_site}/hands_on?live_sigma_w=3.3&live_sigma_b=1")
    settle(page)
    drawn(page)
    expect(page.locator(".live [data-part=measured]")).to_contain_text("No network was measured")
    assert page.locator(".live .layers circle").count() == 0
