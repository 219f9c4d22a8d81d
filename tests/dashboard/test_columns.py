"""Columns travel with their rows: whatever order the store answers in, every number is drawn where it belongs."""

import ast

import pandas as pd
import pytest

from goldilocks.dashboard import axes, data, quantities
from goldilocks.dashboard.lecture import training_rows
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.quantities import QuantityPlot
from tests.dashboard.opening import ROOT
from tests.store.builder import Batch, write

ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}
# What makes an array of a column, which then no longer knows its rows.
ARRAYS = {"to_numpy", "values", "tolist", "to_list", "array"}


@pytest.fixture
def shuffling(monkeypatch):
    """What makes the store answer in an order drawn by a number; None is its own."""
    asked = data._answer

    def shuffle(number):
        def answer(*given, **more):
            found = asked(*given, **more)
            return found if number is None else found.sample(frac=1, random_state=number).reset_index(drop=True)

        # As of a snapshot that is let go.
        answer.clear = asked.clear
        data._made.clear()
        monkeypatch.setattr(data, "_answer", answer)

    yield shuffle
    data._made.clear()


def drawn(figures):
    """Return what figures draw, row by row, in an order that depends on nothing but the rows."""
    frames = []
    for figure in figures:
        for frame in figure.chart.data.values():
            texts = frame[sorted(frame)].map(lambda value: f"{value:.9g}" if isinstance(value, float) else str(value))
            frames.append(texts.sort_values(list(texts)).reset_index(drop=True))
    return frames


def assert_same(found, expected):
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_a_row_of_the_lecture_draws_the_same_whatever_the_order_of_the_answers(
    lecture_store, shuffling, monkeypatch, number
):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))

    def figures(order):
        shuffling(order)
        finding = ROWS[number].find()
        return [finding.figure, *finding.beside]

    assert_same(drawn(figures(1)), drawn(figures(None)))


@pytest.mark.parametrize(
    ("study", "quantity", "x", "colour"),
    [
        ("discrepancy", "mode_accuracy", "batch_size", "part"),
        ("folding", "forward_time", "part", "network"),
        ("transfer", "transfer_accuracy", "position", "part"),
        ("preprocessing", "perturbed_loss", "position", "preprocessing"),
    ],
)
def test_a_quantity_is_drawn_the_same_whatever_the_order_of_the_answers(
    lecture_store, shuffling, monkeypatch, study, quantity, x, colour
):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))

    def figure(order):
        shuffling(order)
        return [quantities.figure(QuantityPlot(study, quantity, x=x, colour=colour))]

    assert_same(drawn(figure(1)), drawn(figure(None)))


def test_the_crosses_of_a_sweep_are_on_the_lines_whose_seeds_diverge(tmp_path, monkeypatch):
    batch = Batch().run()
    common = {"init": "kaiming", "activation": "relu", "preprocessing": "standardize", "width": 64}
    # Batch norm comes first in the alphabet and last in the legend: the store's order is not the figure's.
    diverging = {"none": {(1.0, 0), (1.0, 1), (10.0, 1)}, "batch": {(0.1, 1)}}
    for norm, lost in diverging.items():
        for lr in (0.01, 0.1, 1.0, 10.0):
            for seed in range(2):
                batch.training(0.9, 4 if (lr, seed) in lost else None, norm=norm, lr=lr, seed=seed, **common)
    monkeypatch.setenv("GOLDILOCKS_STORE", str(write(tmp_path / "grid.duckdb", batch).path))
    rows = training_rows.learning_rates().figure.chart.data["rows"]
    told = {
        (row.norm, row.lr): row.lost for row in rows[rows["lost"] > 0][["norm", "lr", "lost"]].itertuples(index=False)
    }
    expected = {}
    for norm, lost in diverging.items():
        for lr, _ in lost:
            expected[norm, lr] = expected.get((norm, lr), 0) + 1
    assert told == expected


def test_named_rows_keep_their_labels(lecture_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))
    frame = pd.DataFrame({"norm": ["none", "batch", "layer"], "diverged": [1, 0, 2]}, index=[7, 5, 6])
    for order in ([7, 5, 6], [6, 7, 5], [5, 6, 7]):
        shuffled = frame.loc[order]
        named = axes.named(shuffled, ("norm",), "norm").assign(beside=shuffled["diverged"])
        assert (named["beside"] == named["diverged"]).all()
        assert for_lines(named)["lost"].to_dict() == frame["diverged"].to_dict()


def arrays_of_other_frames(tree):
    """Yield the lines in which a column is made from an array of a column of another frame."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "assign":
            own, made = own_name(node.func.value), [keyword.value for keyword in node.keywords]
        elif isinstance(node, ast.Assign) and _is_column(node.targets[0]):
            own, made = own_name(node.targets[0].value), [node.value]
        else:
            continue
        for value in made:
            yield from (node.lineno for array in arrays(value) if not names(array) & own)


def _is_column(target):
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Constant)
        and isinstance(target.slice.value, str)
    )


def arrays(value):
    """Yield the columns in an expression of which an array is made."""
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute) and node.attr in ARRAYS and isinstance(node.value, ast.Subscript):
            yield node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple", "iter"):
            yield from (one for one in node.args if isinstance(one, ast.Subscript))
        if isinstance(node, ast.comprehension) and isinstance(node.iter, ast.Subscript):
            yield node.iter


def own_name(node):
    """Return the name of the frame that gets the column; what a call returns may have other rows than it was given."""
    return {node.id} if isinstance(node, ast.Name) else set()


def names(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard").rglob("*.py")), ids=lambda path: path.stem)
def test_no_column_is_made_from_an_array_of_another_frame(path):
    assert not list(arrays_of_other_frames(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "mistake",
    [
        "named.assign(lost=sweep['diverged'].to_numpy())",
        "named['lost'] = sweep['diverged'].values",
        "axes.named(sweep, a, b).assign(lost=sweep['diverged'].to_numpy())",
        "named['lost'] = [x + 1 for x in sweep['diverged']]",
        "named = named.assign(lost=np.array(sweep['diverged'].tolist()))",
    ],
)
def test_such_a_column_would_be_seen(mistake):
    assert list(arrays_of_other_frames(ast.parse(mistake)))
