"""Each row of the lecture's page says a number with its interval and how many seeds stand behind it."""

import json
import re

import pytest

from goldilocks.dashboard.lecture import signal_rows, training_answers
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.wording import between, count, plus_minus, sentence
from goldilocks.dashboard.quantities import OF_DIRECTIONS
from tests.dashboard.opening import open_page, words
from tests.store.builder import Batch, write

ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}
# The rows on networks that are not trained, which is all that the pages' small store has enough of.
UNTRAINED = {row.number for row in (*signal_rows.ROWS, signal_rows.GRADIENT_FLOW)}
NUMBER = r"−?(?:10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[\d.,]+(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)%?"
INTERVAL = re.compile(rf"{NUMBER} ± {NUMBER}|{NUMBER} \({NUMBER} to {NUMBER}\)")
SEEDS = re.compile(r"\d+ (seeds|networks)")


@pytest.fixture
def opened(lecture_store, monkeypatch):
    """That store is the one that the pages read."""
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))


def test_the_page_has_every_row():
    assert sorted(ROWS) == list(range(1, 18))


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_row_says_a_number_with_its_interval_and_the_seeds(opened, number):
    said = ROWS[number].measure().text
    assert INTERVAL.search(said), said
    assert SEEDS.search(said), said


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_figure_of_a_row_asks_something(opened, number):
    finding = ROWS[number].find()
    for figure in (finding.figure, *finding.beside):
        assert "?" in figure.title, figure.title


def test_the_loss_of_l1_has_the_range_over_directions_as_its_band(opened):
    spec = ROWS[1].find().figure.chart.spec
    layers = spec.get("spec", spec)["layer"]
    assert [layer["mark"]["type"] for layer in layers].count("area") == 1
    assert f"mean ({OF_DIRECTIONS})" in json.dumps(layers, ensure_ascii=False)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_a_row_that_the_store_lacks_says_nothing(filled_store, monkeypatch, number):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    said = ROWS[number].measure().text
    if number in UNTRAINED:
        assert INTERVAL.search(said), said
    else:
        assert said == ""


def test_claims_are_told_on_the_seeds_that_confirm_or_it_is_said_that_they_do_not(opened):
    assert ROWS[14].measure().text.startswith("Stated before these seeds were looked at")
    assert "of 2 seeds" in ROWS[14].measure().text
    assert re.search(r"first of 2 settings, [012] of which hold", ROWS[14].measure().text)
    assert ROWS[17].measure().text.startswith("On the seeds that the settings were chosen on: no confirmation")


def test_convolutions_stand_beside_the_fully_connected_network(opened):
    finding = ROWS[6].ask()
    assert finding is not None
    named = [re.search(r"with (\w+) and tanh\? conv,", figure.title) for figure in finding.beside]
    assert [found and found[1] for found in named] == ["xavier", "xavier_channels"]
    assert all("conv" in figure.title for figure in finding.beside)


def largest_that_trains(frame):
    """Return the largest rate at which a seed trains, by normalization, read off the figure's data."""
    trained = frame[frame["share_that_train"] > 0]
    return trained.groupby("norm")["lr"].max().to_dict()


def test_the_rates_of_the_figure_and_of_the_sentence_are_of_one_depth_and_one_kind(opened):
    finding = ROWS[12].ask()
    assert set(finding.figure.source.frame()["depth"]) == {5}
    assert "5 layers" in finding.figure.title
    assert finding.verdict.startswith("5 layers, ")
    assert "stable" not in finding.verdict
    told = training_answers.swept()
    told = told[told["depth"] == 5].set_index("norm")["largest_rate_high"]
    assert set(told.index) == {"none", "batch"}
    assert told.to_dict() == largest_that_trains(finding.figure.source.frame())


def test_a_rate_that_leaves_the_network_at_chance_is_not_the_largest(tmp_path, monkeypatch):
    batch = Batch().run()
    common = {"init": "kaiming", "activation": "relu", "width": 64, "preprocessing": "standardize"}
    for norm, learns in (("none", (0.3, 0.9, 0.5, 0.0, 0.0)), ("batch", (0.3, 0.6, 0.95, 0.8, 0.1))):
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
        assert ROWS[number].measure().text in said, number


@pytest.mark.parametrize("topic", ["Depth and gradients (L10, L11)", "Rates and scales (L12, L13)"])
def test_batch_norm_says_what_the_rows_measure(lecture_store, monkeypatch, topic):
    app = open_page("batch_norm", lecture_store, monkeypatch, bn_topic=topic)
    assert not app.exception
    numbers = [int(number) for number in re.findall(r"L(\d+)", topic)]
    assert len(app.get("vega_lite_chart")) == len(numbers)
    for number in numbers:
        assert ROWS[number].measure().text in words(app)


def test_numbers_in_sentences():
    assert plus_minus(0.01234, 0.00567) == "0.0123 ± 0.0057"
    assert plus_minus(0.5, float("nan"), ".0%") == "50%"
    assert between(1.0, 0.5, 2.0) == "1 (0.5 to 2)"
    assert between(None, None, None) == "none"
    assert (count(1.0, "seed"), count(3, "seed")) == ("1 seed", "3 seeds")
    assert sentence(["a", "", "b"], "about") == "About: a; b."
    assert sentence([], "about") == ""
