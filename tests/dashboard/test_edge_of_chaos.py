"""Where initializations lie on the plane of order and chaos: all are named, also those that lie beyond it."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from goldilocks.dashboard import axes, data, phase_plane
from goldilocks.dashboard.charts import plane as charts_of_planes
from goldilocks.dashboard.interval import BANDS
from goldilocks.engine.initializers import initializers
from tests.dashboard.opening import open_page, words
from tests.dashboard.seen import SEEN
from tests.engine.members import INITIALIZERS

SCALES = {
    "zeros": 0.0, "normal(std=0.05)": 3.2, "orthogonal": 1.0, "xavier_uniform": 1.0, "xavier_normal": 1.0000001,
    "xavier": 1.0, "kaiming_uniform": 1.4142135, "kaiming": 2**0.5,
}  # fmt: skip


# Of fixed scales; others were measured at the same width.
WIDTHS = {"normal(std=0.05)": 4096, "normal(std=0.02)": 256}


def scales(**more):
    given = SCALES | more
    widths = [WIDTHS.get(init, 4096) for init in given]
    return pd.DataFrame({"init": given.keys(), "sigma_w": given.values(), "width": widths})


def opened(monkeypatch, path, more=None, **query):
    """Return the page, with the scales above, and more, in the place of those in the store."""
    ask, shown = data.query, scales(**(more or {}))
    monkeypatch.setattr(data, "query", lambda name, **given: shown if name == "weight_scales" else ask(name, **given))
    # Pictures of the true scales may be kept from another test, and these must not be.
    data._made.clear()
    app = open_page("edge_of_chaos", path, monkeypatch, **query)
    data._made.clear()
    assert not app.exception
    return app


def charts(app):
    return [element.proto for element in app.get("vega_lite_chart")]


def test_initializations_of_one_variance_are_all_named_the_lectures_first(monkeypatch):
    monkeypatch.setattr(axes, "members", lambda: SEEN)
    found = phase_plane.initializations(scales())
    assert found["init"].tolist() == [
        "zeros", "xavier, xavier_normal, xavier_uniform, orthogonal", "kaiming, kaiming_uniform", "normal(std=0.05)"
    ]  # fmt: skip
    assert found["weight"].round(2).tolist() == [0, 1, 2, 10.24]
    assert SEEN.paint.colours(list(found["init"])) == [
        SEEN.paint.fixed[n] for n in ("zeros", "xavier", "kaiming", "normal(std=0.05)")
    ]


def test_a_point_whose_variance_is_the_usual_one_is_on_the_grid():
    """Its name says only what is not usual: that of σw² = 1 has no weight_variance in it."""
    texts = ["mean_field(weight_variance=1)", "mean_field(weight_variance=2)", "mean_field(bias_variance=0.1)"]
    grid = [[str(initializers.parse(text))] for text in texts]
    others = [[str(one)] for one in INITIALIZERS if one.name != "mean_field"]
    points = pd.DataFrame({"inits": [*grid, *others, [*others[0], *grid[0]]]})
    assert phase_plane.on_grid(points, "mean_field")["inits"].tolist() == [*grid, [*others[0], *grid[0]]]


def test_no_initialization_leaves_an_empty_frame(monkeypatch):
    monkeypatch.setattr(axes, "members", lambda: SEEN)
    assert phase_plane.initializations(scales().head(0)).empty


def test_fixed_scales_of_different_widths_have_their_widths(studied_store, monkeypatch):
    assert " units" not in words(opened(monkeypatch, studied_store)).partition("widest network measured counts.")[2]
    told = words(opened(monkeypatch, studied_store, {"normal(std=0.02)": 0.32}))
    assert "counts. That is normal(std=0.02): 256 units, normal(std=0.05): 4096 units." in told


def test_what_lies_beyond_the_plane_is_named_with_its_variance(studied_store, monkeypatch):
    app = opened(monkeypatch, studied_store)
    assert "Beyond the right edge: normal(std=0.05) at σw² = 10.2." in words(app)
    drawn = json.dumps(json.loads(charts(app)[0].spec), ensure_ascii=False)
    assert all(name in drawn for name in SCALES if name != "normal(std=0.05)")
    assert "normal(std=0.05)" not in drawn


def test_nothing_is_said_of_an_edge_that_nothing_is_beyond(studied_store, monkeypatch):
    monkeypatch.delitem(SCALES, "normal(std=0.05)")
    assert "Beyond the right edge" not in words(opened(monkeypatch, studied_store))


def test_the_depth_scale_of_the_variance_can_be_seen(studied_store, monkeypatch):
    app = opened(monkeypatch, studied_store, edge_colour="Depth scale ξ_q (layer)")
    assert app.selectbox(key="edge_colour").value == "depth_q"
    assert charts(app)[0].alt.startswith("Depth scale ξ_q")


def test_a_cross_where_no_depth_scale_could_be_fitted_is_explained(studied_store, monkeypatch):
    app = opened(monkeypatch, studied_store)
    assert any('"cross"' in chart.spec for chart in charts(app))
    assert "A cross in the colour of its line, edged in red" in words(app)
    assert "no decay could be fitted" in words(app)


@pytest.mark.parametrize(("norm", "named"), [("none", "tanh"), ("layer", "tanh behind layer norm")])
def test_every_figure_shows_the_normalization_that_was_chosen(studied_store, monkeypatch, norm, named):
    drawn = []
    draw = charts_of_planes.plane
    monkeypatch.setattr(
        charts_of_planes, "plane", lambda tiles, *more, **given: drawn.append(tiles) or draw(tiles, *more, **given)
    )
    app = opened(monkeypatch, studied_store, edge_norm=norm)
    assert f"Where does {named} sit between order and chaos?" in words(app)
    assert f"over weight and bias variance for {named}, with" in charts(app)[0].alt
    shown = data.query("order_and_chaos", activation="tanh")
    theory, others = ({round(chi, 4) for chi in shown[shown["norm"].eq(norm) == own]["chi"]} for own in (True, False))
    assert others - theory
    assert {round(value, 4) for value in drawn[0]["value"]} == theory


def points(**columns):
    """Return points of the plane that lie side by side."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame({"weight_variance": [1.0 + n for n in range(count)], "bias_variance": 0.0, **columns})


def test_points_where_the_variance_has_several_fates_are_found():
    listed = points(
        attracting=[[0.0, math.inf], [0.5], None, np.array([0.0])], half_stable=[None, None, math.nan, np.array([3.5])]
    )
    found = phase_plane.with_several_fates(listed)
    assert found["weight_variance"].tolist() == [1.0, 4.0]
    assert found["fates"].tolist() == [[0.0, math.inf], [0.0, 3.5]]


def test_the_page_says_which_fate_it_shows(studied_store, monkeypatch):
    ask = data.query
    for fates, said in (([0.0, math.inf], True), ([0.3], False)):

        def answer(name, fates=fates, **given):
            frame = ask(name, **given)
            return frame.assign(attracting=[fates] * len(frame)) if name == "order_and_chaos" else frame

        with monkeypatch.context() as patched:
            patched.setattr(data, "query", answer)
            app = open_page("edge_of_chaos", studied_store, patched)
            assert not app.exception
            assert ("several fates" in words(app)) == said
            data._made.clear()


def test_the_depth_of_correlations_has_an_interval_and_no_cross_where_it_does_not_exist(studied_store, monkeypatch):
    ask = data.query

    def answer(name, **given):
        if name != "order_and_chaos":
            return ask(name, **given)
        frame = ask(name, **given)
        count = len(frame)
        numbers = {"depth_c_measured": 4.0, "depth_c_low": 2.0, "depth_c_high": 8.0, "depth_c": 5.0}
        frame = frame.assign(**numbers, chi_measured=1.0)
        # The last point has no c*: neither theory nor networks have a depth.
        frame.loc[count - 1, list(numbers)] = math.nan
        return frame

    monkeypatch.setattr(data, "query", answer)
    app = opened(monkeypatch, studied_store)
    (chart,) = (chart for chart in charts(app) if chart.alt.startswith("Depth scale ξ_c") and "measured" in chart.alt)
    assert f"mean ({BANDS['interval']})" in chart.spec
    assert "format(datum.low" in chart.spec
    assert '"cross"' not in chart.spec


def test_the_edge_follows_exact_points_where_the_grid_crosses_them_and_stays_elsewhere():
    crossings = pd.DataFrame({"weight": [1.0, 1.11, 1.19, 2.0, 2.0], "bias": [0.0, 0.1, 0.2, 0.3, 0.4]})
    exact = [(1.05, 0.05, True), (1.1, 0.1, True), (1.15, 0.15, True), (1.5, 0.35, True), (1.12, 0.12, False)]
    curve = pd.DataFrame(exact, columns=["weight_variance", "bias_variance", "attracts"])
    edge = phase_plane.exact(crossings, curve)
    assert edge["weight"].tolist() == [1.0, 1.05, 1.1, 1.15, 1.19, 2.0, 2.0]
    assert edge["bias"].is_monotonic_increasing
    for few in (curve.head(1), curve.head(0)):
        assert phase_plane.exact(crossings, few).equals(crossings)


def test_the_edge_of_tanh_on_the_page_is_that_of_the_theory(studied_store):
    from goldilocks import store
    from goldilocks.engine.activations import activations
    from goldilocks.engine.theory.criticality import edge_of_chaos

    with store.open(studied_store) as handle:
        curve = handle.edge_of_chaos(activation="tanh").df()
    for row in curve[curve["q"].between(0.1, 5)].itertuples():
        truth = edge_of_chaos(activations.parse("tanh"), row.q)
        found = (row.weight_variance, row.bias_variance)
        assert found == pytest.approx((truth.weight_variance, truth.bias_variance), rel=1e-9)
        assert row.attracts == truth.attracts
