"""Each row of the lecture's page says a number with its interval and how many seeds stand behind it."""

import re

import pytest

import engine
from dashboard.lecture import signal_rows, training_answers
from dashboard.lecture.chapters import CHAPTERS
from dashboard.lecture.training_answers import TRAINED
from dashboard.lecture.wording import between, count, plus_minus, sentence
from tests.dashboard.opening import open_page, words
from tests.store.builder import Batch, write

ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}
# The rows on networks that are not trained, which is all that the pages' small store has enough of.
UNTRAINED = {row.number for row in (*signal_rows.ROWS, signal_rows.GRADIENT_FLOW)}
NUMBER = r"−?(?:10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[\d.,]+(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)%?"
INTERVAL = re.compile(rf"{NUMBER} ± {NUMBER}|{NUMBER} \({NUMBER} to {NUMBER}\)")
SEEDS = re.compile(r"\d+ (seeds|networks)")
# Small networks that the named queries of all rows find with their defaults.
GRID = """
[[study]]
kind = "propagation"
width = 32
depth = 6
batch_size = 8
init = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip"]
activation = ["tanh", "relu"]
norm = ["none", "batch"]
seed = [0, 1]

[[study]]
kind = "propagation"
network = "conv"
width = 64
depth = 8
batch_size = 2
init = ["xavier", "xavier_channels"]
activation = "tanh"
seed = [0, 1]

[[study]]
kind = "preprocessing"
dataset = "digits"
preprocessing = ["raw", "whiten"]
steps = 2
directions = 4
seed = [0, 1]

[[study]]
kind = "symmetry"
dataset = "digits"
width = 8
depth = 1
init = ["zeros", "xavier"]
activation = "tanh"
batch_size = 16
steps = 5
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 20]
init = ["zeros", "normal(std=[0.001, 0.05, 0.1, 1])", "xavier", "kaiming"]
activation = "relu"
norm = ["none", "batch"]
lr = 0.1
batch_size = 64
steps = 40
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 5]
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr = [0.01, 0.03, 0.1, 0.3, 1.0]
batch_size = 64
steps = 40
seed = [0, 1]

[[study]]
kind = "batch_norm_layer"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = ["tanh", "relu"]
batch_size = 16
lr = 0.1
steps = 5
seed = [0, 1]

[[study]]
kind = "discrepancy"
dataset = "digits"
width = [8, 9]
depth = 1
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
batch_size = [8, 32, 128]
lr_per_example = 0.002
epochs = 1
seed = [0, 1, 100, 101]

[[study]]
kind = "folding"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = "relu"
batch_size = 16
lr = 0.1
steps = 5
seed = [0, 1]

[[study]]
kind = "transfer"
network = "conv(strided=2, dense=1, dense_width=4)"
dataset = ["fashion-target", "digits-28"]
source_lr = 0.02
source_steps = 2
scheme = ["scratch", "last_layer", "dense_layers", "fine_tune"]
per_class = [5, 100]
width = 2
depth = 3
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 8
steps = 2
seed = [0, 1]
"""


@pytest.fixture(scope="module")
def lecture_store(tmp_path_factory):
    """Path of a store with a little on every row."""
    folder = tmp_path_factory.mktemp("lecture")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOLDILOCKS_DATA", str(folder))
        summary = engine.run(engine.Grid.from_toml(GRID, "lecture"), folder / "grid.duckdb")
    assert not summary["cells_failed"]
    return folder / "grid.duckdb"


@pytest.fixture
def opened(lecture_store, monkeypatch):
    """That store is the one that the pages read."""
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))


def test_the_page_has_every_row():
    assert sorted(ROWS) == list(range(1, 18))


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_row_says_a_number_with_its_interval_and_the_seeds(opened, number):
    said = ROWS[number].measure()
    assert INTERVAL.search(said), said
    assert SEEDS.search(said), said


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_figure_of_a_row_asks_something(opened, number):
    finding = ROWS[number].find()
    for picture in (finding.picture, *finding.beside):
        assert "?" in picture.title, picture.title


@pytest.mark.parametrize("number", sorted(ROWS))
def test_a_row_that_the_store_lacks_says_nothing(filled_store, monkeypatch, number):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    said = ROWS[number].measure()
    if number in UNTRAINED:
        assert INTERVAL.search(said), said
    else:
        assert said == ""


def test_claims_are_told_on_the_seeds_that_confirm_or_it_is_said_that_they_do_not(opened):
    assert ROWS[14].measure().startswith("Stated before these seeds were looked at")
    assert "of 2 seeds" in ROWS[14].measure()
    assert re.search(r"first of 2 settings, [012] of which hold", ROWS[14].measure())
    assert ROWS[17].measure().startswith("On the seeds that the settings were chosen on: no confirmation")


def test_convolutions_stand_beside_the_fully_connected_network(opened):
    finding = ROWS[6].ask()
    assert finding is not None
    named = [re.search(r"with (\w+) and tanh\? conv,", picture.title) for picture in finding.beside]
    assert [found and found[1] for found in named] == ["xavier", "xavier_channels"]
    assert all("conv" in picture.title for picture in finding.beside)


def largest_that_trains(frame):
    """Return the largest rate at which a seed trains, by normalization, read off the figure's data."""
    trained = frame[frame["high"] >= TRAINED]
    return trained.groupby("norm")["lr"].max().to_dict()


def test_the_rates_of_the_figure_and_of_the_sentence_are_of_one_depth_and_one_kind(opened):
    finding = ROWS[12].ask()
    assert set(finding.picture.data["depth"]) == {5}
    assert "5 layers" in finding.picture.title
    assert finding.verdict.startswith("5 layers, ")
    assert "stable" not in finding.verdict
    told = training_answers.swept()
    told = told[told["depth"] == 5].set_index("norm")["largest_rate_high"]
    assert set(told.index) == {"none", "batch"}
    assert told.to_dict() == largest_that_trains(finding.picture.data)


def test_a_rate_that_leaves_the_network_at_chance_is_not_the_largest(tmp_path, monkeypatch):
    batch = Batch().run()
    common = {"init": "kaiming", "activation": "relu", "width": 64, "preprocessing": "standardize"}
    for norm, learns in (("none", (0.3, 0.9, 0.6, 0.0, 0.0)), ("batch", (0.3, 0.6, 0.95, 0.8, 0.1))):
        for lr, reached in zip((0.01, 0.1, 1.0, 10.0, 100.0), learns, strict=True):
            for seed in range(2):
                diverges_at = 4 if reached == 0 else None
                batch.training(reached, diverges_at, norm=norm, lr=lr, seed=seed, **common)
    monkeypatch.setenv("GOLDILOCKS_STORE", str(write(tmp_path / "grid.duckdb", batch).path))
    said = ROWS[12].ask().verdict
    assert "with batch norm 10 (10 to 10), 90% after" in said
    assert "without batch norm 0.1 (0.1 to 0.1), 90% after" in said
    assert not re.search(r"\b100\b", said)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_page_says_what_the_rows_measure(lecture_store, monkeypatch, chapter):
    numbers = [row.number for row in CHAPTERS[chapter]]
    named = f"L{numbers[0]}" if len(numbers) == 1 else f"L{numbers[0]}–L{numbers[-1]}"
    query = {"lecture_chapter": f"{named} {chapter}", "lecture_answers": "true"}
    app = open_page("lecture", lecture_store, monkeypatch, **query)
    assert not app.exception
    said = words(app)
    for number in numbers:
        monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))
        assert ROWS[number].measure() in said, number


@pytest.mark.parametrize("topic", ["Depth and gradients (L10, L11)", "Rates and scales (L12, L13)"])
def test_batch_norm_says_what_the_rows_measure(lecture_store, monkeypatch, topic):
    app = open_page("batch_norm", lecture_store, monkeypatch, bn_topic=topic)
    assert not app.exception
    numbers = [int(number) for number in re.findall(r"L(\d+)", topic)]
    assert len(app.get("vega_lite_chart")) == len(numbers)
    for number in numbers:
        assert ROWS[number].measure() in words(app)


def test_numbers_in_sentences():
    assert plus_minus(0.01234, 0.00567) == "0.0123 ± 0.0057"
    assert plus_minus(0.5, float("nan"), ".0%") == "50%"
    assert between(1.0, 0.5, 2.0) == "1 (0.5 to 2)"
    assert between(None, None, None) == "none"
    assert (count(1.0, "seed"), count(3, "seed")) == ("1 seed", "3 seeds")
    assert sentence(["a", "", "b"], "about") == "About: a; b."
    assert sentence([], "about") == ""
