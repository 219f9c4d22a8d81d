"""The lecture's sentences follow from the data: on stores in which an effect is reversed, they say so."""

import math
from itertools import product

import pytest

from goldilocks.dashboard import quantities, theme
from goldilocks.dashboard.charts.lines import MOST_LINES
from goldilocks.dashboard.lecture import study_answers, training_answers
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.wording import POINTS, judged, larger, plus_minus, positive
from tests.breadth import each_member
from tests.dashboard.opening import open_page, words
from tests.dashboard.pretrained import TARGETS, pretrained
from tests.store.builder import Batch, write

ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}
HOLDS, FAILS, UNKNOWN = "**holds**", "**does not hold**", "**cannot tell**"
TRAINED = {"init": "kaiming", "activation": "relu", "width": 64, "batch_size": 64, "preprocessing": "standardize"}
DISCREPANCY = {
    "dataset": "digits", "init": "kaiming", "activation": "relu", "width": 64, "depth": 3, "lr_per_example": 0.002,
    "epochs": 4, "optimizer": "sgd",
}  # fmt: skip


@pytest.fixture
def said(tmp_path, monkeypatch):
    """What a row measures on a store of made-up cells."""

    def measure(number, batch):
        monkeypatch.setenv("GOLDILOCKS_STORE", str(write(tmp_path / f"{number}.duckdb", batch).path))
        return ROWS[number].measure().text

    return measure


def clause(text, claim):
    """Return the part of a sentence that says something on a claim."""
    (found,) = [part for part in text.replace(". ", "; ").split("; ") if claim.lower() in part.lower()]
    return found


def untrained(rates, **axes):
    """Return untrained networks by initialization; `rates` are growth of the std and, backwards, of the gradient."""
    batch = Batch().run()
    for (init, norm), (forward, backward, saturated) in rates.items():
        for seed in range(3):
            batch.propagation(
                forward * (1 + 0.001 * seed), backward, init=init, norm=norm, seed=seed, preprocessing="raw",
                layers={"frac_saturated": saturated}, **axes,
            )  # fmt: skip
    return batch


@pytest.mark.parametrize(("rate", "verdict"), [(0.6, HOLDS), (1.0, UNKNOWN), (1.5, FAILS)])
def test_l4_says_whether_the_layers_become_narrower(said, rate, verdict):
    batch = untrained({("normal(std=0.01)", "none"): (rate, 1.0, 0.0)}, activation="tanh")
    if rate == 1.0:
        for place, row in enumerate(batch.rows["layers"]):
            row["std"] += 0.01 * (5 * place % 7)
    text = said(4, batch)
    assert verdict in clause(text, "narrower than the one before")


GRADIENTS = [(1.4, "grows, ×1.4", FAILS), (0.5, "shrinks, ×0.5", HOLDS), (1.0, "keeps", FAILS)]
SATURATED = [(0.44, 0.1, HOLDS), (0.1, 0.44, FAILS), (0.2, 0.2, UNKNOWN)]


@pytest.mark.parametrize(("gradient", "units"), each_member(product(GRADIENTS, SATURATED)))
def test_l5_says_whether_units_saturate_and_what_the_gradient_does(said, gradient, units):
    (backward, grows, verdict), (big, right, saturates) = gradient, units
    rates = {("normal(std=0.05)", "none"): (1.0, backward, big), ("xavier", "none"): (1.0, 1.0, right)}
    text = said(5, untrained(rates, activation="tanh"))
    assert saturates in clause(text, "saturates")
    assert verdict in clause(text, "vanishes")
    assert grows in clause(text, "vanishes")
    assert "few" not in text


@pytest.mark.parametrize(("rate", "does"), [(0.9, "it falls"), (1.2, "it grows")])
def test_l6_says_what_the_std_does(said, rate, does):
    text = said(6, untrained({("xavier", "none"): (rate, 1.0, 0.0)}, activation="tanh"))
    assert FAILS in clause(text, "stays the same")
    assert does in clause(text, "stays the same")


@pytest.mark.parametrize(("rate", "verdict"), [(0.7, HOLDS), (1.3, FAILS)])
def test_l7_says_whether_the_std_falls(said, rate, verdict):
    assert verdict in clause(said(7, untrained({("xavier", "none"): (rate, 1, 0)}, activation="relu")), "falls")


@pytest.mark.parametrize(
    ("plain", "normed", "independent", "flatter"),
    [
        ({"xavier": 0.7, "kaiming": 1.0}, {"xavier": 1.2, "kaiming": 1.2}, HOLDS, FAILS),
        ({"xavier": 0.7, "kaiming": 1.3}, {"xavier": 1.0, "kaiming": 1.0}, HOLDS, HOLDS),
        ({"xavier": 1.0, "kaiming": 1.0}, {"xavier": 0.7, "kaiming": 1.3}, FAILS, FAILS),
    ],
)
def test_l11_says_whether_the_gradient_is_independent_of_the_initialization_and_whether_it_is_flat(
    said, plain, normed, independent, flatter
):
    rates = {(init, "none"): (1.0, rate, 0.0) for init, rate in plain.items()}
    rates |= {(init, "batch"): (1.0, rate, 0.0) for init, rate in normed.items()}
    text = said(11, untrained(rates, activation="relu", depth=20))
    assert independent in clause(text, "independent of the initialization")
    if flatter == HOLDS or plain["kaiming"] == 1.0:
        assert flatter in clause(text, "keeps the gradient's size")


INITS = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "torch_default"]


@pytest.mark.parametrize(
    ("plain", "normed", "verdict"), [(0, 5, HOLDS), (5, 0, FAILS), (2, 3, "**cannot tell**"), (0, 0, "**cannot tell**")]
)
def test_l10_says_whether_deep_networks_are_easier_to_train(said, plain, normed, verdict):
    batch = Batch().run()
    for norm, trained in (("none", plain), ("batch", normed)):
        for number, init in enumerate(INITS):
            for seed in range(3):
                learns = 0.9 if number < trained else 0.1
                batch.training(learns, None, norm=norm, seed=seed, lr=0.1, depth=20, **TRAINED | {"init": init})
    text = said(10, batch)
    assert verdict in clause(text, "easier to train")
    assert f"difference {'−' if plain > normed else ''}" in text


@pytest.mark.parametrize(("change", "units", "verdict"), [(0, 1, HOLDS), (0.5, 1, FAILS), (0, 8, FAILS)])
def test_l2_figure_and_sentence_are_of_one_network(said, change, units, verdict):
    batch = Batch().run()
    for name in ("distinct_units", "share_correct"):
        batch.metric(name, study="symmetry", label=name)
    for init, after, correct, moved in (("zeros", units, 0.1, change), ("xavier", 8, 0.9, 1.0)):
        for depth, activation in ((1, "tanh"), (1, "relu"), (3, "tanh")):
            cell = batch.cell("symmetry", dataset="digits", init=init, activation=activation, depth=depth, steps=50)
            for part, count, share in (("before", 8 if init == "xavier" else 1, 0.1), ("after", after, correct)):
                batch.measurement(cell, "distinct_units", float(count), 1.0, part)
                batch.measurement(cell, "distinct_gradients", float(count), 1.0, part)
                batch.measurement(cell, "share_correct", share, None, part)
            batch.measurement(cell, "weight_change", moved, 1.0)
    text = said(2, batch)
    assert verdict in clause(text, "weights never change")
    finding = ROWS[2].find()
    for figure in (finding.figure, *finding.beside):
        shape = figure.source.frame()[["network", "depth", "width", "activation", "norm"]].drop_duplicates()
        assert len(shape) == 1
    assert ROWS[2].measure().answer == training_answers.NOTHING_CHANGES[verdict == HOLDS]
    after = finding.figure.source.frame().set_index(["init", "part"])["mean"]
    assert f"Zeros: {after['zeros', 'after']:.0f} different" in text or f"; zeros: {units} different" in text


def swept(plain, normed):
    """Return networks trained at several rates; accuracies by rate, None where they diverge."""
    batch = Batch().run()
    for norm, accuracies in (("none", plain), ("batch", normed)):
        for lr, accuracy in accuracies.items():
            for seed in range(2):
                batch.training(accuracy or 0.9, None if accuracy else 4, norm=norm, lr=lr, seed=seed, **TRAINED)
    return batch


SLOW = {0.001: 0.5, 0.01: 0.7, 0.1: 0.95, 1.0: 0.9, 10.0: 0.8}
QUICK = {0.001: 0.8, 0.01: 0.9, 0.1: 0.92, 1.0: None, 10.0: None}


@pytest.mark.parametrize(
    ("plain", "normed", "higher", "lower_at"),
    [(QUICK, SLOW, HOLDS, ("0.001", "0.01")), (SLOW, QUICK, FAILS, ()), (SLOW, SLOW, UNKNOWN, ())],
)
def test_l12_says_at_which_rates_batch_norm_is_slower(said, plain, normed, higher, lower_at):
    text = said(12, swept(plain, normed))
    assert higher in clause(text, "higher rates")
    if lower_at:
        assert all(f"{rate} (" in text.partition("lower (it learns more slowly)")[2] for rate in lower_at)
    else:
        assert not any(f"{rate:g} (" in text.partition("lower (it learns more slowly)")[2] for rate in (0.001, 0.01))


def test_l12_a_diverged_run_has_no_accuracy(said):
    said(12, swept(QUICK, SLOW))
    rows = ROWS[12].find().figure.chart.data["rows"]
    lost = rows[rows["lost"] > 0]
    assert set(zip(lost["norm"], lost["lr"], strict=True)) == {("none", 1.0), ("none", 10.0)}
    assert lost["mean"].isna().all()
    assert rows["mean"].min() > 0


def discrepancies(values):
    """Return trained networks by batch size: gap without and with batch norm, train and test accuracies likewise."""
    batch = Batch().run().metric("loss_gap", study="discrepancy", label="gap")
    batch.metric("mode_accuracy", study="discrepancy", label="accuracy")
    for size, told in values.items():
        for norm in ("none", "batch"):
            gap, train, test = told[norm]
            for seed in range(100, 105):
                noise = 0.001 * (seed % 5)
                cell = batch.cell("discrepancy", norm=norm, batch_size=size, seed=seed, **DISCREPANCY)
                batch.measurement(cell, "loss_gap", gap + noise)
                less = noise if norm == "batch" else 0
                batch.measurement(cell, "accuracy_on_train", train - less)
                batch.measurement(cell, "mode_accuracy", test - less, None, "running statistics")
                if norm == "batch":
                    mixed, alone = told["wrong"]
                    batch.measurement(cell, "mode_accuracy", mixed, None, "batch statistics")
                    batch.measurement(cell, "mode_accuracy", alone, None, "batch statistics, sorted")
                    batch.measurement(cell, "mean_distance", told["lag"], None, "layer 1")
    return batch


def told(gaps, trains, tests, wrong=(0.8, 0.2), lag=0.1):
    return {
        "none": (gaps[0], trains[0], tests[0]), "batch": (gaps[1], trains[1], tests[1]), "wrong": wrong, "lag": lag,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (told((0.2, 0.1), (0.98, 0.42), (0.95, 0.4)), "it underfits"),
        (told((0.2, 0.1), (0.98, 0.99), (0.9, 0.95)), "it regularizes"),
        (told((0.2, 0.1), (0.98, 0.99), (0.9, 0.902)), "the test no different"),
        (told((0.1, 0.2), (0.98, 0.99), (0.95, 0.9)), "no smaller gap"),
        (told((0.2, 0.1), (0.9, 0.99), (0.95, 0.9)), "no gain"),
    ],
)
def test_l14_says_the_test_accuracy_beside_the_gap(said, values, kind):
    text = said(14, discrepancies({8: values, 32: values, 128: values}))
    assert kind in clause(text.partition("But a gap")[2], "batches of 32: ")
    finding = ROWS[14].find()
    (beside,) = finding.beside
    shown = beside.source.frame().groupby("norm")["mean"].first()
    assert shown["none"] == pytest.approx(values["none"][2])
    assert f"{values['none'][1]:.0%} without" in text


def test_l16_says_the_strongest_effect_and_why_the_wrong_mode_may_be_better(said):
    small = told((0.2, 0.1), (1, 1), (0.9, 0.9), wrong=(0.8, 0.1))
    large = told((0.2, 0.1), (1, 1), (0.9, 0.9), wrong=(0.95, 0.95), lag=0.5)
    text = said(16, discrepancies({8: small, 512: large}))
    assert "79.8 ± 0.2 points, in batches of 8" in clause(text, "batches of a single class")
    assert "lag behind the weights" in clause(text, "in batches of 512 the wrong mode is the better one")
    prompt = discrepancies({8: small, 512: large | {"lag": 0.01}})
    text = said(16, prompt)
    assert "do not lag behind" in clause(text, "the better one")
    text = said(16, discrepancies({8: small, 512: small}))
    assert "better" not in text


def test_l16_has_one_colour_for_each_line(said):
    values = told((0.2, 0.1), (1, 1), (0.9, 0.9))
    said(16, discrepancies({8: values, 128: values}))
    assert_told_apart(ROWS[16].find().figure)


def test_l15_has_one_colour_for_each_network(said):
    batch = Batch().run().metric("forward_time", study="folding", label="time")
    for width in (64, 256):
        for network in ("mlp", "conv"):
            for seed in range(3):
                trained = {"norm": "batch", "optimizer": "sgd", "lr": 0.1, "steps": 20, "dataset": "digits"}
                cell = batch.cell("folding", network=network, width=width, seed=seed, **trained)
                batch.measurement(cell, "fold_difference", 1e-7)
                for part, time in (("unfolded", 2.0), ("folded", 1.0 + 0.01 * seed), ("without batch norm", 1.0)):
                    batch.measurement(cell, "forward_time", time, None, part)
    text = said(15, batch)
    assert text.count("costs nothing") == 4
    assert_told_apart(ROWS[15].find().figure)


def assert_told_apart(figure):
    """Every line of a figure has a colour, a dash or a panel of its own."""
    encodings = figure.chart.to_dict()
    layers = (encodings.get("spec") or encodings)["layer"]
    seen = [encodings["facet"]["field"]] if "facet" in encodings else []
    dashed = [layer["encoding"]["strokeDash"]["field"] for layer in layers if "strokeDash" in layer["encoding"]]
    (coloured,) = {paint["field"] for layer in layers if "field" in (paint := layer["encoding"].get("color", {}))}
    looks = figure.chart.data["rows"][["configuration", coloured, *seen, *dashed[:1]]].drop_duplicates()
    assert not looks.duplicated([coloured, *seen, *dashed[:1]]).any()


BOTH, ONE = ("tanh", "relu"), ("tanh",)


@pytest.mark.parametrize(
    ("activations", "sizes"), [(BOTH, (8,)), (BOTH, (8, 32)), (BOTH, range(8, 20)), (ONE, range(8, 20))]
)
def test_no_two_lines_look_alike_as_long_as_there_are_colours(tmp_path, monkeypatch, activations, sizes):
    """Norms are told by colours, activations by panels, parts by dashes: batch sizes have nothing of their own."""
    batch = Batch().run()
    for activation, norm, size, depth in product(activations, ("none", "batch", "layer"), sizes, (10, 40)):
        cell = batch.cell("deep_bn", activation=activation, norm=norm, batch_size=size, depth=depth)
        for part in ("measured", "theory"):
            batch.measurement(cell, "growth", 1.0 + 0.001 * size, None, part)
    monkeypatch.setenv("GOLDILOCKS_STORE", str(write(tmp_path / "grid.duckdb", batch).path))
    figure = quantities.figure(quantities.QuantityPlot("deep_bn", "growth", "", "depth", "norm", "activation"))
    # Of the lines that are drawn, two parts share a colour, and so do panels.
    looks = min(3 * len(sizes), MOST_LINES // (2 * len(activations)))
    if looks <= len(theme.HUES):
        assert_told_apart(figure)
        assert "more lines than colours" not in figure.note
    else:
        assert "more lines than colours" in figure.note


@pytest.mark.parametrize(("moved", "count"), [((1.0, 1.0), "0 of 2"), ((1.0, 1.2), "1 of 2"), ((0.7, 1.2), "2 of 2")])
def test_l9_says_how_many_layers_leave_one(said, moved, count):
    batch = Batch().run()
    for seed in range(3):
        trained = {"norm": "batch", "optimizer": "sgd", "lr": 0.1, "steps": 20, "dataset": "digits"}
        cell = batch.cell("batch_norm_layer", seed=seed, **trained)
        for layer, gamma in enumerate(moved, 1):
            for name, value in (("gamma_mean", gamma), ("gamma_std", 0.1), ("beta_mean", 0.0), ("beta_std", 0.1)):
                batch.measurement(cell, name, value + 0.0001 * seed, 20.0, f"layer {layer}")
            batch.measurement(cell, "identity_error", 1e-7, None, f"layer {layer}")
    assert f"the mean γ of {count} layers leaves 1" in said(9, batch)


@pytest.mark.parametrize(("low", "verdict"), [(-0.01, HOLDS), (-0.2, FAILS)])
def test_l17_prints_differences(said, low, verdict):
    """What frozen convolutions lose, and not what they lose less than is allowed."""
    batch = Batch().run()
    accuracies = {"scratch": 0.9, "dense_layers": 0.9 + low, "last_layer": 0.5, "fine_tune": 0.9}
    axes = {"optimizer": "sgd", "lr": 0.02, "steps": 80, "init": "kaiming", "source_steps": 9, "source_lr": 0.1}
    for seed, dataset, per_class in product(range(100, 105), ("fashion-target", "digits-28"), (5, 100)):
        for scheme, accuracy in accuracies.items():
            kind = {"dataset": dataset, "scheme": scheme, "per_class": per_class, "source": {"name": "fashion-source"}}
            cell = batch.cell("transfer", seed=seed, **kind, **axes)
            noise = 0.001 * (seed % 5) if scheme == "dense_layers" else 0
            batch.measurement(cell, "transfer_accuracy", accuracy + noise, float(per_class), scheme)
    text = clause(said(17, batch), "lose less than")
    assert verdict.replace("*", "") in text.replace("*", "")
    assert f"difference {plus_minus(low + 0.002, 0.002)[:5]}" in text
    assert "above −0.05" in text


@pytest.mark.parametrize(("tuned", "verdict"), [(0.9, HOLDS), (0.5, FAILS)])
def test_l17_judges_the_advice_on_pretrained_weights_on_each_target(said, tuned, verdict):
    text = said(17, pretrained(tuned))
    for target in TARGETS:
        assert f"from pretrained weights, on {target} (stated before" in text.replace("From", "from")
    assert ROWS[17].measure().number.meaning.endswith("from pretrained weights on digits-28")
    of_last = text.partition(TARGETS[0])[2]
    assert verdict in clause(of_last, "with 100 images per class, fine-tuning beats a new last layer")
    assert HOLDS in clause(of_last, "with 5 images per class, a new last layer on frozen ones beats fine-tuning")


@pytest.mark.parametrize(("centred", "scaled", "verdict"), [(100.0, 90.0, HOLDS), (1e5, 90.0, FAILS)])
def test_l1_says_for_which_images_centring_is_enough(said, centred, scaled, verdict):
    batch = Batch().run()
    for name, condition in (("raw", 1e6), ("center", centred), ("standardize", scaled)):
        cell = batch.cell("preprocessing", dataset="photos-colour", preprocessing=name)
        batch.measurement(cell, "condition_number", condition)
        for part, factor in (("mean", 1.0), ("low", 0.9), ("high", 1.1)):
            batch.measurement(cell, "perturbed_loss", 0.1, 0.0, part)
            batch.measurement(cell, "perturbed_loss", 0.1 * factor * (4 if name == "raw" else 1), 0.1, part)
    text = said(1, batch)
    assert verdict in clause(text, "photos-colour **")
    assert HOLDS in clause(text, "less sensitive")


# Where "Look closer" leads: what must be in sight there.
CLOSER = {
    2: "distinct", 9: "become", 14: "gap of the loss", 15: "forward pass take", 16: "wrong mode cost",
}  # fmt: skip


@pytest.mark.parametrize("number", CLOSER)
def test_look_closer_lands_on_the_rows_own_topic(lecture_store, monkeypatch, number):
    row = ROWS[number]
    app = open_page(row.page.removeprefix("views/").removesuffix(".py"), lecture_store, monkeypatch, **dict(row.query))
    assert not app.exception
    # The address has a choice as the page calls it.
    widgets = {widget.key: widget for widget in [*app.get("segmented_control"), *app.selectbox]}
    for key, value in row.query.items():
        assert value in (widgets[key].value, widgets[key].format_func(widgets[key].value)), key
    assert CLOSER[number] in words(app).lower()


def test_every_page_that_is_looked_at_closer_is_asked_for_something():
    assert not [number for number, row in ROWS.items() if row.page == "views/batch_norm.py" and not row.query]


def test_claims_are_judged_by_ranges():
    assert larger((2, 3), (0, 1)) is True
    assert larger((0, 1), (2, 3)) is False
    assert larger((0, 2), (1, 3)) is None
    assert larger((math.nan, 2), (1, 3)) is None
    assert positive(1.0, 0.5) is True
    assert positive(-1.0, 0.5) is False
    assert positive(0.1, 0.5) is None
    assert positive(0.1, math.nan) is None
    assert [judged(claim) for claim in (True, False, None)] == [HOLDS, FAILS, UNKNOWN]
    assert plus_minus(-0.0256, 0.021, POINTS) == "−2.6 ± 2.1 points"
    assert study_answers.ENOUGH == {"enough": True, "not enough": False}
