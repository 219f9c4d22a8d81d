"""Pinned configurations: in the address of every page, and drawn whatever else is chosen; nonsense is no pin."""

import pyarrow as pa
import pytest

from goldilocks import store
from goldilocks.dashboard import pins
from tests.breadth import few
from tests.dashboard.opening import open_page, words


@pytest.mark.parametrize(
    "text",
    ["", "|", "a|b", "|".join("abcdefghijkl"), "mlp|digits|raw|xavier|relu|none|5|64|64|sgd|0.1|9" + "9" * 500],
    ids=["nothing", "separator", "too few", "no numbers", "too long"],
)
def test_what_is_no_configuration_is_no_pin(text):
    assert pins.parts(text) is None


def test_a_pin_names_a_configuration_exactly():
    values = ("mlp", "digits", "raw", "normal(std=0.01)", "relu", "batch", 5, 64, 32, "sgd", 1e-05, 200)
    row = dict(zip(pins.ORDER, values, strict=True))
    assert pins.parts(pins.pin(row)) == row


@pytest.fixture(scope="module")
def trained(filled_store):
    """What was trained, one row for each configuration."""
    with store.open(filled_store) as handle:
        return handle.named("outcomes_over_seeds").df()


def test_pins_come_along_from_page_to_page_and_are_let_go(filled_store, trained, monkeypatch):
    app = open_page("convergence", filled_store, monkeypatch)
    (box,) = [one for one in app.multiselect if one.key == "train_pinned"]
    # One of those that the page draws at first.
    deepest = trained["depth"] == trained["depth"].max()
    (pin,) = pins.of(trained[deepest & (trained["init"] == "xavier") & (trained["lr"] == 0.1)])[:1]
    box.set_value([pin]).run()
    assert not app.exception
    assert app.query_params[pins.KEY] in (pin, [pin])
    # Whoever goes on to another page takes them there, into its address as well.
    del app.query_params[pins.KEY]
    app.switch_page("views/activation_statistics.py").run()
    assert not app.exception
    assert app.query_params[pins.KEY] in (pin, [pin])
    for axis in ("init", "activation", "norm"):
        (box,) = [one for one in app.multiselect if one.key == axis]
        assert box.value == [pins.parts(pin)[axis]]
    (button,) = [one for one in app.button if one.key == f"unpin-{pin}"]
    button.click().run()
    assert not [one for one in app.button if str(one.key).startswith("unpin-")]
    assert pins.KEY not in app.query_params


def test_what_is_pinned_is_drawn_whatever_else_is_chosen(filled_store, trained, monkeypatch):
    inits = list(dict.fromkeys(trained["init"]))
    pin = pins.of(trained[trained["init"] == inits[0]])[0]
    address = {"train_init": inits[1], "pin": [pin, "no|such", "x" * 9]}
    with_pin, without = (
        open_page("convergence", filled_store, monkeypatch, **query) for query in (address, {**address, "pin": []})
    )
    for app, wanted in ((with_pin, {inits[0], inits[1]}), (without, {inits[1]})):
        assert not app.exception
        (table,) = [one.value for one in app.dataframe if "trains" in one.value]
        assert set(table["init"]) == wanted
        assert ("Pinned configurations have thicker lines" in words(app)) == (len(wanted) > 1)
        rows = pa.ipc.open_stream(app.get("vega_lite_chart")[0].proto.datasets[0].data.data).read_all()
        assert ("pinned" in rows.column_names) == (len(wanted) > 1)


@pytest.mark.essential("pages that show no pins name them here alone")
@pytest.mark.parametrize("page", few(["runs", "activation_statistics", "trainability_map", "what_should_i_use"], 1))
def test_a_pin_of_the_address_is_named_on_every_page(page, filled_store, trained, monkeypatch):
    pin = pins.of(trained)[0]
    app = open_page(page, filled_store, monkeypatch, pin=pin)
    assert not app.exception
    assert [one.key for one in app.button if str(one.key).startswith("unpin-")] == [f"unpin-{pin}"]
