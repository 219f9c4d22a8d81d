"""Every widget of every page can be used, also those that only another one's choice brings up, and its choice stands in
the address."""

from types import SimpleNamespace

import pytest

from goldilocks.dashboard import engine_process
from tests.breadth import only
from tests.dashboard.opening import PAGES, open_page, words

# Kinds of widgets, and how many other choices are made at each; at a few visible buttons all, since they change most.
KINDS = {
    "segmented_control": 20,
    "pills": 20,
    "selectbox": 3,
    "multiselect": 2,
    "slider": 2,
    "number_input": 2,
    "toggle": 1,
    "text_input": 1,
    "text_area": 1,
}
# The text of a grid is as long as its author likes, too long for an address, and no figure depends on it. A tile stands
# there as its column and its row, whether it was clicked or chosen; a pin under the name that it has on every page.
NOT_IN_THE_ADDRESS = ("runs_toml", "use_toml", "map_tile_chosen", "train_pinned")
# Where nothing is a choice, too: the page has more to show.
OPTIONAL = ("train_metric", "runs_covered", "train_pinned")


@pytest.mark.essential("every choice of a page, one after the other")
@pytest.mark.parametrize("page", only(PAGES, "edge_of_chaos", "my_network"))
def test_every_widget_can_be_used_and_stands_in_the_address(page, store_of, monkeypatch):
    monkeypatch.setattr(engine_process, "local", lambda address: True)
    app = open_page(page, store_of(page), monkeypatch)
    tried = set()
    _use_each(app, tried)
    assert len(tried) > 1


def _use_each(app, tried):
    """Make a few choices at each widget that was not tried yet; keep each while trying what it brings up."""
    for key in _widgets(app):
        if key in tried:
            continue
        tried.add(key)
        widget = _widgets(app)[key]
        assert widget.proto.query_param_key == key or key in NOT_IN_THE_ADDRESS, f"{key} is not in the address"
        first = widget.value
        for value in _others(widget):
            _choose(app, key, value)
            _use_each(app, tried)
        _choose(app, key, first)


def _choose(app, key, value):
    _widgets(app)[key].set_value(value).run()
    assert not app.exception, (key, value, app.exception[0].value)
    assert value != [] or key in OPTIONAL or "Nothing is selected" in words(app), key


def _widgets(app):
    return {widget.key: widget for kind in KINDS for widget in app.get(kind)}


def _others(widget):
    """Return a few values that a widget does not have."""
    kind = widget.type if widget.type in KINDS else "segmented_control"
    if kind == "multiselect":
        most = widget.proto.max_selections or len(widget.options)
        return [list(widget.options)[:most], []]
    if kind in ("slider", "number_input"):
        return [widget.min, widget.max]
    if kind == "toggle":
        return [not widget.value]
    if kind in ("text_input", "text_area"):
        return ["2"]
    return [value for value in widget.options if value != widget.value][: KINDS[kind]]


def test_every_button_of_runs_can_be_pressed(filled_store, monkeypatch):
    asked = []
    plan = lambda grid: asked.append(grid) or {"cells": 4, "done": 2, "seconds": 5.0, "peak_bytes": 1e9}
    ended = SimpleNamespace(pid=0, poll=lambda: 0, returncode=0)
    run = SimpleNamespace(grid="demo", process=ended, said=lambda: '{"cells_computed": 2}')
    started = []
    monkeypatch.setattr(engine_process, "local", lambda address: True)
    monkeypatch.setattr(engine_process, "plan", plan)
    monkeypatch.setattr(engine_process, "start", lambda grid, missing: started.append((grid, missing)))
    app = open_page("runs", filled_store, monkeypatch)
    _press(app, "Plan")
    assert [metric.value for metric in app.metric][:2] == ["4", "2"]
    monkeypatch.setattr(engine_process, "latest", lambda: run if started else None)
    monkeypatch.setattr(
        engine_process, "summary", lambda run: {"cells_computed": 2, "seconds": 3.0, "cells_diverged": 0}
    )
    _press(app, "Start")
    assert started == [("demo", 2)]
    assert "demo is done: 2 cells computed" in " ".join(element.value for element in app.success)
    _press(app, "Check")
    assert asked == ["demo", "demo"]


def _press(app, label):
    (button,) = [button for button in app.button if button.label == label]
    button.click().run()
    assert not app.exception
