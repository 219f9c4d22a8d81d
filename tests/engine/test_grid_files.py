"""Grid files: what is read, and that everything wrong is refused before anything starts, with file, key and remedy."""

import os

import pytest

from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid, load_grid
from tests import warm

PROPAGATION = {
    "kind": '"propagation"',
    "width": "64",
    "depth": "3",
    "batch_size": "16",
    "init": '["xavier"]',
    "activation": '"tanh"',
}
TRAINING = {**PROPAGATION, "kind": '"training"', "dataset": '"digits"', "lr": "0.1", "steps": "10"}


def study(base, **changes):
    """Return the TOML of one study; a value of None leaves the key out."""
    table = {**base, **changes}
    return "[[study]]\n" + "\n".join(f"{key} = {value}" for key, value in table.items() if value is not None) + "\n"


def propagation(**changes):
    return study(PROPAGATION, **changes)


def training(**changes):
    return study(TRAINING, **changes)


# What is wrong → the text of the file, and words that the message must contain.
WRONG = {
    "not TOML": ("width = = 3", ["not valid TOML", "line 1"]),
    "empty file": ("", ["at least one [[study]]"]),
    "no study": ('name = "x"', ["at least one [[study]]"]),
    "study is no table": ("study = 3", ["at least one [[study]]"]),
    "empty list of studies": ("study = []", ["has no study; add a [[study]] table"]),
    "unknown key at the top": ('nmae = "x"\n' + propagation(), ["'nmae'", "'name'"]),
    "name is no text": ("name = 3\n" + propagation(), ["name = 3", "string"]),
    "kind missing": (propagation(kind=None), ["'kind' is missing", "propagation", "training"]),
    "unknown kind": (propagation(kind='"propagate"'), ["'propagate'", "'propagation'"]),
    "kind is a list": (propagation(kind='["training"]'), ["unknown study"]),
    "unknown key": (propagation(widht="3"), ["'widht'", "'width'"]),
    "key of another study": (propagation(lr="0.1"), ["unknown key 'lr'"]),
    "key missing": (training(lr=None), ["'lr' is missing"]),
    "misspelt initializer": (propagation(init='"xaiver"'), ["init", "'xaiver'", "'xavier'"]),
    "misspelt activation": (propagation(activation='"rleu"'), ["activation", "'relu'"]),
    "misspelt normalization": (propagation(norm='"btach"'), ["norm", "'batch'"]),
    "misspelt network": (propagation(network='"mpl"'), ["network", "'mlp'"]),
    "misspelt data set": (training(dataset='"digit"'), ["dataset", "'digits'"]),
    "misspelt optimizer": (training(optimizer='"sdg"'), ["optimizer", "'sgd'"]),
    "misspelt preprocessing": (training(preprocessing='"standardise"'), ["preprocessing", "'standardize'"]),
    "parameter missing": (propagation(init='"normal"'), ["init", "needs std"]),
    "parameter unknown": (propagation(init='"normal(sd=0.1)"'), ["'sd'", "'std'"]),
    "parameter of the wrong type": (propagation(init="\"normal(std='big')\""), ["std = 'big'", "a number is required"]),
    "parameter out of range": (propagation(init='"normal(std=-1)"'), ["std = -1", "greater than or equal to 0"]),
    "parameter where none is": (propagation(activation='"tanh(gain=2)"'), ["tanh", "no parameters"]),
    "parameter without a name": (propagation(init='"normal(0.01)"'), ["name(parameter=value"]),
    "code for a name": (propagation(init="\"__import__('os').system('true')\""), ["name(parameter=value"]),
    "number for a scheme": (propagation(init="3"), ["init = 3", "string"]),
    "negative width": (propagation(width="-5"), ["width = -5", "greater than or equal to 1"]),
    "width of zero": (propagation(width="0"), ["width = 0"]),
    "text for a number": (propagation(depth='"deep"'), ["depth = 'deep'", "integer"]),
    "fraction for a count": (propagation(depth="2.5"), ["depth = 2.5", "integer"]),
    "truth for a number": (propagation(depth="true"), ["depth = True", "single value"]),
    "date for a number": (propagation(width="2026-01-01"), ["width", "integer"]),
    "table for a value": (propagation(width="{a = 1}"), ["width", "single value"]),
    "nested list": (propagation(width="[[64]]"), ["width", "flat list"]),
    "empty list": (propagation(seed="[]"), ["seed = []", "at least one value"]),
    "negative seed": (propagation(seed="-1"), ["seed = -1"]),
    "lr of zero": (training(lr="0"), ["lr = 0", "greater than 0"]),
    "lr not a number": (training(lr="nan"), ["lr = nan", "finite"]),
    "lr infinite": (training(lr="inf"), ["lr = inf"]),
    "no steps": (training(steps="0"), ["steps = 0"]),
    "data set without labels": (training(dataset='"gaussian"'), ["gaussian", "no labels", "digits"]),
    "batch norm of one example": (propagation(batch_size="1", norm='"batch"'), ["batch_size = 1", "at least 2"]),
    "more examples than there are": (
        propagation(batch_size="5000", dataset='"digits"'),
        ["batch_size = 5000", "1437 training examples"],
    ),
    "absurd width": (propagation(width="10000000"), ["width = 10000000", "less than or equal"]),
    "absurd number of cells": (
        training(seed=str(list(range(2000))), lr=str([0.001 * k for k in range(1, 2000)])),
        ["3,998,000 cells", "at most"],
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_grid_is_refused_with_file_key_and_remedy(kind, tmp_path):
    text, words = WRONG[kind]
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(RequestError) as refusal:
        load_grid(path)
    for word in ["mine.toml", *words]:
        assert word in str(refusal.value)


def engine(*arguments, **options):
    return warm.run("engine", *arguments, text=True, timeout=600, **options)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "leture"], "'lecture'"),
        (["run", "absent.toml"], "No such file"),
        (["run", "folder.toml"], "folder.toml"),
        (["run", "binary.toml"], "UTF-8"),
        (["run", "wrong.toml"], "'xavier'"),
        (["plan", "wrong.toml"], "'xavier'"),
        (["run", "smoke", "--device", "gpu"], "auto, cpu"),
        (["run", "smoke", "--device", "cuda:99"], "auto, cpu"),
        (["run", "huge.toml"], "GB"),
        (["run", "smoke", "--store", "folder.toml"], "folder"),
        (["list", "initialisers"], "initializers"),
        (["run", "smoke", "--devcie", "cpu"], "--device"),
        (["fly"], "fly"),
    ],
)
def test_the_command_line_refuses_with_code_2_and_no_traceback(arguments, word, tmp_path):
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "wrong.toml").write_text(propagation(init='"xaiver"'))
    (tmp_path / "huge.toml").write_text(propagation(width="65536", depth="10000"))
    paths = [str(tmp_path / a) if a.endswith(".toml") and (tmp_path / a).exists() else a for a in arguments]
    store = str(tmp_path / "grid.duckdb")
    done = engine(*paths, env={**os.environ, "GOLDILOCKS_STORE": store})
    assert done.returncode == 2, done.stderr
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not os.path.exists(store)


def test_lists_are_crossed_and_equal_cells_counted_once():
    text = propagation(init='["xavier", "kaiming"]', seed="[0, 1, 1]") + propagation(init='"he"', seed="0")
    assert len(Grid.from_toml(text).cells) == 4


SLIPS = {
    "lr = 1/3": "1/3 is a fraction, and a number is required: write 0.3333333333",
    "lr = [0.1, -2 / 4]": "write -0.5",
    "lr = 1e-3/2": "write 0.0005",
    'lr = "1/3"': "write 0.3333333333",
    'init = "normal(std=1/4)"': "write 0.25",
    "init = xavier": 'text needs quotation marks: write "xavier"',
    'init = ["kaiming", xavier]': 'text needs quotation marks: write "xavier"',
    "init = normal(std=0.1)": 'text needs quotation marks: write "normal(std=0.1)"',
    "init = [\n    xavier,\n]": 'text needs quotation marks: write "xavier"',
    'network = "conv(strided=two)"': "text needs quotation marks: write strided='two'",
    "lr = True": "write true",
    "lr = 1/0": "not valid TOML",
    "lr = 0.1 0.2": "not valid TOML",
    "dataset = \"own(folder='/data/1/2')\"": "lacks train-images",
}


@pytest.mark.parametrize("line", SLIPS)
def test_a_fraction_and_text_without_quotation_marks_get_their_own_message(line):
    given = {"lr": "lr = 0.1", "init": 'init = "xavier"', "network": 'network = "mlp"', "dataset": 'dataset = "digits"'}
    given[line.split(" ")[0]] = line
    rest = 'kind = "training"\nwidth = 4\ndepth = 2\nactivation = "relu"\nbatch_size = 4\nsteps = 2'
    with pytest.raises(RequestError) as refusal:
        Grid.from_toml("\n".join(["[[study]]", rest, *given.values()]), "mine.toml")
    assert SLIPS[line] in str(refusal.value)
    assert str(refusal.value).startswith("mine.toml: ")


def test_a_mark_of_the_byte_order_is_no_part_of_a_grid(tmp_path):
    from goldilocks.engine.grid.presets import preset_text
    from goldilocks.engine.grid.spec import load_grid

    (tmp_path / "smoke.toml").write_text(preset_text("smoke"), encoding="utf-8-sig")
    found = load_grid(tmp_path / "smoke.toml")
    assert found.cells == load_grid("smoke").cells
    assert found.text == preset_text("smoke")


MANY = 5_000
SMALL = "[[study]]\nkind = 'propagation'\nwidth = 4\ndepth = 1\nbatch_size = 4\nactivation = 'relu'\n"
DEEP = [
    "[" * MANY,
    "x = " + "[" * MANY + "]" * MANY,
    "x = " + "{a=" * MANY + "1" + "}" * MANY,
    "x = " + "9" * MANY,
    "x = -" + "9" * MANY,
    "x = 0x" + "f" * MANY,
    "x = 1." + "0" * MANY + "[",
    "name = '" + "n" * 2_000_000 + "'",
    "x" * MANY + " = 1",
    "[[study]]\nkind = '" + "(" * MANY + "'",
    SMALL + "init" + ".a" * MANY + " = 1",
    SMALL + "init = 'normal" + "(" * MANY + ")" * MANY + "'",
    SMALL + "init = 'normal(std=" + "9" * MANY + ")'",
    SMALL + "init = 'normal(std=" + "-" * MANY + "1)'",
    SMALL + "init = 'xavier'\nseed = " + "9" * 4_000,
    SMALL + "init = 'xavier'\nseed = 0x" + "f" * MANY,
    "[" + ".".join("a" * MANY) + "]",
]


@pytest.mark.parametrize("text", DEEP, ids=[text.replace("\n", " ")[:40] for text in DEEP])
def test_thousands_of_brackets_and_digits_get_a_sentence(text):
    with pytest.raises(RequestError) as refusal:
        Grid.from_toml(text)
    assert len(str(refusal.value)) < 3_000
