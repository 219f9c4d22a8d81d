"""The PyTorch lines to paste run, and make networks with the statistics that the store has for them."""

from itertools import cycle

import numpy as np
import pandas as pd
import pytest
import torch

from goldilocks import engine, store
from goldilocks.dashboard import programs, snippet
from goldilocks.engine.activations import activations
from goldilocks.engine.initializers import initializers
from goldilocks.engine.normalizations import normalizations

WIDTH, DEPTH, BATCH, SEEDS = 128, 3, 128, 6
# Standard deviations of layers of one network scatter by some per cent at this width; means over seeds by less.
TOLERANCE = 0.12
GIVEN = {
    "constant": "constant(value=0.01)", "normal": "normal(std=0.1)", "uniform": "uniform(bound=0.1)",
    "truncated_normal": "truncated_normal(std=0.1)", "group": "group(groups=4)",
}  # fmt: skip


def members(registry):
    return [GIVEN.get(member.name, member.name) for member in registry]


def combinations():
    """Every initializer with one of two activations, every activation with one of two gains, every normalization."""
    for init, activation in zip(members(initializers), cycle(("tanh", "gelu")), strict=False):
        yield init, activation, "none"
    for activation, init in zip(members(activations), cycle(("kaiming_normal", "xavier")), strict=False):
        yield init, activation, "none"
    for norm in members(normalizations):
        yield "kaiming", "relu", norm


CASES = sorted(set(combinations()))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Mean std of each layer over seeds, by init, activation and norm; and the cards."""
    tables = [
        f'[[study]]\nkind = "propagation"\nwidth = {WIDTH}\ndepth = {DEPTH}\nbatch_size = {BATCH}\ninit = "{init}"\n'
        f'activation = "{activation}"\nnorm = "{norm}"\nseed = {list(range(SEEDS))}\n'
        for init, activation, norm in CASES
    ]
    path = tmp_path_factory.mktemp("snippets") / "grid.duckdb"
    engine.run(engine.Grid.from_toml("\n".join(tables), "snippets"), path)
    with store.open(path) as handle:
        layers = handle.query("SELECT init, activation, norm, layer, std FROM activation_stats").df()
        return layers.groupby(["init", "activation", "norm", "layer"])["std"].mean(), handle.scheme_cards().df()


def built(cards, init, activation, norm):
    """Run the program of a configuration and return the std of each layer."""
    configuration = {"init": init, "activation": activation, "norm": norm, "optimizer": "sgd", "lr": 0.1}
    shape = {"network": "mlp", "depth": DEPTH, "width": WIDTH, "batch_size": 8}
    text = programs.program(cards, configuration | shape, inputs=WIDTH, classes=10).partition(programs.TRAINING)[0]
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        names: dict = {}
        exec(text, names)
        assert isinstance(names["optimizer"], torch.optim.Optimizer)
        h = torch.randn(BATCH, WIDTH)
        for _ in range(DEPTH):
            layer, normalization, phi = names["layers"][:3]
            del names["layers"][:3]
            h = phi(normalization(layer(h)))
            found.append(h.std(unbiased=False).item())
    return np.mean(np.reshape(found, (SEEDS, DEPTH)), axis=0)


@pytest.mark.parametrize(("init", "activation", "norm"), CASES)
def test_the_program_makes_the_cells_network(measured, init, activation, norm):
    stds, cards = measured
    truth = stds[init, activation, norm].to_numpy()
    np.testing.assert_allclose(built(cards, init, activation, norm), truth, rtol=TOLERANCE, atol=1e-6)


def test_a_fixed_scale_keeps_its_meaning_at_another_width():
    """Every initializer whose sigma_w depends on the width is scaled, and no other."""
    for init in members(initializers):
        name, given = snippet.parts(init)
        changed = snippet.at_width(init, 50, 200)
        if name in ("normal", "truncated_normal", "uniform"):
            (key, value), (_, scaled) = *given.items(), *snippet.parts(changed)[1].items()
            assert scaled == pytest.approx(value / 2, rel=1e-2), key
        else:
            assert changed == init
        assert snippet.at_width(init, 64, 64) == init


def test_a_wrong_gain_is_caught(measured):
    stds, cards = measured
    wrong = cards.assign(snippet=cards["snippet"].str.replace('nonlinearity="relu"', 'nonlinearity="linear"'))
    found = built(wrong, "kaiming", "relu", "none")
    assert not np.allclose(found, stds["kaiming", "relu", "none"].to_numpy(), rtol=TOLERANCE)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum(beta=0.5)", "adam"])
def test_the_optimizers_line_has_its_parameters(measured, optimizer):
    line = snippet.lines(measured[1], "optimizer", optimizer, lr=0.25)
    assert "lr=0.25" in line
    assert "{" not in line
    assert ("momentum=0.5" in line) == (optimizer != "sgd" and "beta" in optimizer)


def test_a_member_without_lines_is_named():
    cards = pd.DataFrame(columns=["kind", "name", "snippet", "parameters"])
    with pytest.raises(KeyError, match="no PyTorch lines for the initializer xavier"):
        snippet.lines(cards, "initializer", "xavier")


NOT_MEMBERS = (
    "![i](http://127.0.0.1:9/i.png) [l](x) <img src=x>",
    "normal(std=)",
    "normal(std=f(1))",
    "normal(std=[[)",
    "x(a=1)(b=2",
    "a(b=1) + call(c=2",
    "normal(std=\0)",
    "normal(std=" + "(" * 5000 + ")",
    "",
    "(",
    ")",
    "normal(**{1: 2}, std=1=2)",
)


@pytest.mark.parametrize("text", NOT_MEMBERS)
def test_a_text_that_is_no_member_has_no_lines_and_stays_what_it_is(text):
    cards = pd.DataFrame([{"kind": "initializer", "name": "normal", "parameters": text, "snippet": "normal({std})"}])
    assert snippet.at_width(text, 64, 128) == text
    with pytest.raises(KeyError):
        snippet.lines(cards, "initializer", text)


@pytest.mark.parametrize("scale", ["None", "'wide'", "[1.0]", "1" * 400])
def test_a_scale_that_is_no_number_is_left_alone(scale):
    assert snippet.at_width(f"normal(std={scale})", 64, 128) == f"normal(std={scale})"


@pytest.mark.parametrize("parameters", ["std=[", "std=f(1)", "a=1) + call(b=2"])
def test_a_card_that_cannot_be_read_is_said(parameters):
    card = {"kind": "initializer", "name": "normal", "parameters": parameters, "snippet": "normal({std})"}
    with pytest.raises(KeyError, match="cannot be read"):
        snippet.lines(pd.DataFrame([card]), "initializer", "normal(std=0.1)")


@pytest.mark.parametrize("init", ["kaiming", "lsuv"])
def test_the_program_trains(filled_store, init):
    """Also one whose initialization needs data; on its stand-ins there is little to learn, but much to remember."""
    with store.open(filled_store) as handle:
        cards = handle.scheme_cards().df()
    configuration = {"init": init, "activation": "relu", "norm": "batch", "optimizer": "sgd", "lr": 0.05}
    text = programs.program(
        cards, configuration | {"network": "mlp", "depth": 2, "width": 32, "batch_size": 16}, inputs=8, classes=3
    )
    torch.manual_seed(0)
    names: dict = {}
    exec(text, names)
    x, y = names["batches"][-1]
    assert len(x) == 16
    before = names["loss"].item()
    for _ in range(50):
        names["batches"] = [(x, y)]
        exec(text.partition("model.train()")[2], names)
    assert names["loss"].item() < before / 2
