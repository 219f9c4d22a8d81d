"""What should I use: seeds answer for networks that were trained, theory for all others, and the program agrees."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch

from goldilocks import engine, store
from goldilocks.dashboard import engine_process, outlook, own_grid, programs, snippet
from goldilocks.dashboard.wish import Wish
from goldilocks.engine.catalog import entries
from tests.breadth import few
from tests.dashboard.opening import open_page, words
from tests.store.builder import Batch, write

GRID = """
[[study]]
kind = "propagation"
width = 64
depth = 12
batch_size = 32
init = ["xavier", "kaiming", "normal(std=0.05)"]
activation = ["tanh", "relu", "gelu"]
norm = ["none", "batch"]
"""
# Whether networks of 64 units train, by activation, normalization, initialization and depth.
TRAINS = {
    ("relu", "none", "kaiming", 5): True, ("relu", "none", "xavier", 5): True, ("relu", "none", "kaiming", 20): False,
    ("relu", "none", "xavier", 20): False, ("relu", "batch", "kaiming", 5): True, ("relu", "batch", "xavier", 20): True,
    ("tanh", "none", "xavier", 5): True, ("tanh", "none", "kaiming", 5): True, ("tanh", "batch", "kaiming", 5): True,
    ("tanh", "none", "normal(std=0.05)", 5): True,
}  # fmt: skip
EXAMPLES = 64
# Kinds of networks with a program of their own, and one without; what the program has.
NETWORKS = {
    "conv(strided=1)": "strides = [2] * 1 + [1] * 3",
    "residual_mlp(branch='1/sqrt(depth)')": "self.alpha = depth**-0.5",
    "tower@123abc": None,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("use") / "grid.duckdb"
    engine.run(engine.Grid.from_toml(GRID, "use"), path)
    batch = Batch().run()
    for place, ((activation, norm, init, depth), trains) in enumerate(TRAINS.items()):
        axes = {"activation": activation, "norm": norm, "init": init, "depth": depth, "width": 64}
        for seed in range(3):
            batch.training((0.9 if trains else 0.2) + 0.002 * place + 0.001 * seed, seed=seed, **axes)
    for network in NETWORKS:
        batch.training(0.9, network=network, depth=4, width=64, init="normal(std=0.05)", activation="elu")
    write(path, batch)
    return path


def ask(path, monkeypatch, **query):
    app = open_page(
        "what_should_i_use", path, monkeypatch, **{f"use_{key}": str(value) for key, value in query.items()}
    )
    assert not app.exception
    return app


def answer(app):
    """What stands in the box with the answer, as one text."""
    box = next(block for block in app.get("container") if block.proto.id and "answer" in block.proto.id)
    return " ".join(str(one.value) for kind in ("markdown", "metric", "caption") for one in box.get(kind))


def gradient_ratio(cards, configuration, seed=0):
    """Run the pasted program and return the gradient at the first layer over that at the last, in decades."""
    names: dict = {}
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    try:
        text = programs.program(cards, configuration, inputs=configuration["width"])
        exec(text.partition(programs.TRAINING)[0], names)
        h, kept = torch.randn(EXAMPLES, configuration["width"]), []
        for module in list(names["model"])[:-1]:
            h = module(h)
            if isinstance(module, type(names["phi"])):
                h.retain_grad()
                kept.append(h)
        h.backward(torch.randn_like(h))
    finally:
        torch.set_default_dtype(torch.float32)
    first, last = (one.grad.square().mean().sqrt().item() for one in (kept[0], kept[-1]))
    with np.errstate(divide="ignore"):
        return float(np.log10(first / last)) if np.isfinite(first) else np.inf


@pytest.mark.parametrize(
    ("activation", "depth", "width"),
    few(
        [("tanh", 3, 64), ("relu", 50, 64), ("gelu", 100, 64), ("relu", 300, 32), ("tanh", 1000, 64), ("tanh", 50, 8)],
        4,
    ),
)
def test_what_theory_says_is_what_the_program_does(trained, activation, depth, width):
    with store.open(trained) as handle:
        rows = handle.outlook_at_depth(activation=activation, depth=depth, target_width=width).df()
        cards = handle.scheme_cards().df()
    judged = rows[rows["outlook"] != outlook.UNKNOWN].drop_duplicates(["norm", "outlook"])
    assert len(judged) or depth > 3
    for row in judged.itertuples():
        init = snippet.at_width(row.init, int(row.width), width)
        shape = {"activation": activation, "depth": depth, "width": width, "optimizer": "sgd", "lr": 0.1}
        shape |= {"network": "mlp", "batch_size": EXAMPLES}
        decades = gradient_ratio(cards, {"init": init, "norm": row.norm, **shape})
        backward_decides = abs(row.backward) >= abs(row.forward)
        if row.outlook == outlook.EXPLODES and backward_decides:
            assert decades > 2, row
        if row.outlook == outlook.VANISHES and backward_decides:
            assert decades < -2, row
        if row.outlook == outlook.SURVIVES:
            assert abs(decades) < 2, row


def test_a_thousand_tanh_layers_have_no_accuracy_of_another_network(trained, monkeypatch):
    app = ask(trained, monkeypatch, depth=1000, width=64, activation="tanh", norm="none")
    assert not app.metric
    told = answer(app)
    assert "%" not in told
    assert re.search(r"\*\*will explode\*\*: [^\n]*kaiming", told)
    assert re.search(r"\*\*will vanish\*\*: [^\n]*normal\(std=0.05\)", told)
    # No mark of Markdown is shown instead of meant.
    assert "\\*" not in told
    assert "1,000 tanh layers of 64" in told
    assert not app.code or "nn.Linear" not in app.code[-1].value


@pytest.mark.parametrize(
    ("depth", "width", "activation", "norm"),
    [(1, 64, "tanh", "none"), (3, 64, "relu", "none"), (10_000, 10_000, "relu", "batch"), (5, 8, "tanh", "batch")],
)
def test_a_network_that_was_not_trained_never_shows_an_accuracy(trained, monkeypatch, depth, width, activation, norm):
    app = ask(trained, monkeypatch, depth=depth, width=width, activation=activation, norm=norm)
    assert not app.metric
    assert "%" not in answer(app)
    assert "no accuracy to show" in answer(app)


def test_the_program_that_is_offered_survives_in_the_first_layer(trained, monkeypatch):
    """The program below an answer from theory has a gradient that reaches the first layer."""
    told = answer(ask(trained, monkeypatch, depth=50, width=65_536, activation="tanh", norm="none"))
    init = re.search(r"### (\S+), no norm", told)[1]
    assert re.search(rf"\*\*survives\*\*: [^\n]*{init}", told)
    with store.open(trained) as handle:
        cards = handle.scheme_cards().df()
    shape = {"activation": "tanh", "depth": 50, "width": 256, "optimizer": "sgd", "lr": 0.1, "norm": "none"}
    shape |= {"network": "mlp", "batch_size": EXAMPLES}
    assert abs(gradient_ratio(cards, {"init": init, **shape})) < 2


def test_a_network_that_was_trained_answers_with_its_seeds(trained, monkeypatch):
    app = ask(trained, monkeypatch, depth=5, width=64, activation="relu")
    labels = [metric.label for metric in app.metric]
    assert labels[:2] == ["Test accuracy, lowest to highest seed", "Seeds that train"]
    assert labels[2] == "Lead over the second, 3 shared seeds"
    assert "Measured on: mlp of 5 layers of 64" in words(app)


def test_the_very_network_comes_before_one_on_which_more_was_tried(tmp_path, monkeypatch):
    batch = Batch().run()
    for seed in range(3):
        batch.training(0.9, depth=4, width=8, seed=seed, init="kaiming")
        for lr in range(1, 40):
            batch.training(0.95, depth=5, width=8, seed=seed, lr=float(lr))
    app = ask(write(tmp_path / "grid.duckdb", batch).path, monkeypatch, depth=4, width=8, activation="tanh")
    assert "Measured on: mlp of 4 layers of 8" in words(app)


@pytest.mark.parametrize("unknown", [{"activation": "gelu"}, {"activation": "relu", "norm": "layer"}])
def test_what_was_never_trained_is_unknown_and_what_trains_is_named(trained, monkeypatch, unknown):
    app = ask(trained, monkeypatch, depth=5, width=64, **unknown)
    told = answer(app)
    assert not app.metric
    assert "### Unknown" in told
    assert "What does train here" in told
    assert ("mean-field theory" in told) == (unknown["activation"] == "gelu")


def test_where_nothing_trains_that_is_said_and_what_does_is_named(trained, monkeypatch):
    app = ask(trained, monkeypatch, depth=20, width=64, activation="relu", norm="none")
    told = answer(app)
    assert "Nothing that was tried on this network trains" in told
    assert "As deep as asked for: 20" in told
    assert "#### The same in PyTorch" not in words(app)
    far = answer(ask(trained, monkeypatch, depth=25, width=64, activation="relu", norm="none"))
    assert "Nothing that was tried on the nearest network trains" in far
    assert "As asked for, but of another shape: 5 relu layers of 64" in far


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({1.0: [0.9, 0.91, 0.9]}, "an observation and not a comparison"),
        ({1.0: [0.9], 2.0: [0.2]}, "cannot be told"),
        ({1.0: [0.9, 0.91, 0.9], 2.0: [0.89, 0.92, 0.9]}, "Not clearly better than"),
        ({1.0: [0.9, 0.91, 0.9, 0.9], 2.0: [0.2, 0.21, 0.21, 0.2]}, "Clearly better than the other one"),
    ],
)
def test_how_sure_the_first_place_is_stands_in_words(scores, told, tmp_path, monkeypatch):
    batch = Batch().run()
    for lr, accuracies in scores.items():
        for seed, accuracy in enumerate(accuracies):
            batch.training(accuracy, lr=lr, seed=seed, width=8, depth=4)
    app = ask(write(tmp_path / "grid.duckdb", batch).path, monkeypatch, depth=4, width=8, activation="tanh")
    assert told in answer(app)


@pytest.mark.parametrize(
    ("wishes", "failing"),
    [
        ({"activation": "gelu"}, "activation"),
        ({"optimizer": "adam"}, "optimizer"),
        ({"network": "conv"}, "kind of network"),
        ({"activation": "gelu", "optimizer": "adam"}, None),
    ],
    ids=str,
)
def test_where_nothing_matches_the_wish_that_fails_is_named_and_the_nearest_shown(
    trained, monkeypatch, wishes, failing
):
    app = ask(trained, monkeypatch, depth=5, width=64, **wishes)
    said = answer(app)
    assert ("No single wish is to blame" in said) == (failing is None)
    links = re.findall(r'href="[^"?]*\?([^"]*)"', " ".join(one.proto.body for one in app.get("html")))
    if failing is None:
        assert not links
        return
    value = next(iter(wishes.values()))
    assert f"without *{failing} {value}*: mlp of 5 layers of 64" in said.replace("\\", "")
    (link,) = links
    found = open_page("what_should_i_use", trained, monkeypatch, **parse_qs(unescape(link)))
    assert not found.exception
    assert not found.warning
    assert "Test accuracy" in " ".join(metric.label for metric in found.metric)


USUAL = {"dataset": "digits", "preprocessing": "standardize", "optimizer": "sgd", "batch_size": 64, "steps": 200}


@pytest.mark.parametrize("norms", [["none"], ["batch", "group(groups=4)"]], ids=str)
@pytest.mark.parametrize("optimizer", [None, *(entry.name for entry in entries("optimizers"))])
def test_the_grid_that_measures_a_wish_is_one_of_the_engines(optimizer, norms):
    wish = Wish(7, 48, "mlp", "gelu", norms, optimizer, None)
    cells = list(engine.Grid.from_toml(own_grid.text(wish, USUAL), "wish").cells)
    assert {(cell.depth, cell.width, type(cell.activation).__name__) for cell in cells} == {(7, 48, "Gelu")}
    assert len({str(cell.norm) for cell in cells}) == len(norms)
    assert {type(cell.optimizer).__name__.lower() for cell in cells} == {optimizer or USUAL["optimizer"]}
    assert len({cell.seed for cell in cells}) >= 3


def test_what_was_written_into_a_grid_stays_until_another_one_is_wished_for(trained, monkeypatch):
    monkeypatch.setattr(engine_process, "local", lambda address: True)
    app = ask(trained, monkeypatch, depth=5, width=64, activation="gelu")
    assert "depth = 5" in _grid(app).value
    _grid(app).set_value("mine").run()
    assert _grid(app.run()).value == "mine"
    next(one for one in app.number_input if one.key == "use_depth").set_value(6).run()
    assert not app.exception
    assert "depth = 6" in _grid(app).value


def _grid(app):
    (found,) = (one for one in app.text_area if one.key == "use_toml")
    return found


@pytest.mark.parametrize(
    ("network", "width", "std"), [*zip(NETWORKS, (64, 256, 256), ("0.05", "0.025", "0.025"), strict=True)], ids=str
)
def test_every_kind_of_network_has_its_own_program_or_a_reason_why_not(trained, monkeypatch, network, width, std):
    """With one standard deviation in all that is said, also at another width than the measured one."""
    app = ask(trained, monkeypatch, depth=4, width=width, activation="elu", network=network, norm="none")
    assert f"### normal(std={std}), no norm" in answer(app)
    assert set(re.findall(r"std=([\d.]+)", answer(app))) == {std}
    programs_shown = [code.value for code in app.code if "import torch" in code.value]
    if NETWORKS[network] is None:
        assert not programs_shown
        assert "There is no program for networks of kind tower" in words(app)
        return
    (text,) = programs_shown
    assert NETWORKS[network] in text
    assert f"std={std})" in text
    names: dict = {}
    exec(text, names)
    assert names["loss"].isfinite()
