"""Measure mine: what nothing matches is trained by the engine from the page, and the answer stands in its place."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

from goldilocks.dashboard import engine_process
from tests.dashboard.opening import open_page, words
from tests.dashboard.test_engine_process import forked, path  # noqa: F401
from tests.store.builder import Batch, write

WISHED = "Measured on: mlp of 2 layers of 16, softsign, on digits"


def press(app, label):
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception


def test_what_nobody_trained_is_planned_trained_and_answered_in_place(path, forked, monkeypatch):  # noqa: F811
    monkeypatch.setattr(engine_process, "local", lambda address: True)
    batch = Batch().run().scheme("activation", "softsign")
    batch.training(0.9, depth=4, width=8, activation="relu", steps=150)
    write(path, batch)
    wishes = {"depth": "2", "width": "16", "activation": "softsign"}
    app = open_page("what_should_i_use", path, monkeypatch, **{f"use_{axis}": value for axis, value in wishes.items()})
    assert "Nothing like this was trained here" in words(app)
    (grid,) = app.text_area
    few = re.sub("init = .*", 'init = "xavier"', grid.value).replace("lr = [0.001, 0.01, 0.1]", "lr = 0.1")
    grid.set_value(few)
    press(app, "Plan")
    cells, done = app.metric[:2]
    assert (cells.label, cells.value, done.value) == ("Cells", "3", "0")
    press(app, "Start")
    assert "Finished work appears" in words(app) or WISHED in words(app)
    assert Path(engine_process.latest().grid).name == "wishes.toml"
    engine_process.latest().process.wait(timeout=600)
    app.run()
    assert not app.exception
    assert WISHED in words(app)
    assert [metric.label for metric in app.metric][1] == "Seeds that train"
    assert "### Unknown" not in words(app)
    assert any("nn.Softsign()" in code.value for code in app.code)
    # While a run goes on an answer from what is there already may change.
    run = SimpleNamespace(grid="wish", process=SimpleNamespace(poll=lambda: None, pid=None), missing=2)
    run.done, run.seconds = lambda: 1, lambda: 1.0
    # Only here: what ends the test cancels the last run there really was.
    with monkeypatch.context() as patch:
        for name in ("running", "latest"):
            patch.setattr(engine_process, name, lambda: run)
        assert "so this answer may change" in words(app.run())
        assert [one.label for one in app.button if one.label == "Cancel"]
