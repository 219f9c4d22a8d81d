"""What trains, how fast, and what batch normalization changes."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, selectors
from dashboard.charts.curves import learning_curves
from dashboard.figure import figure

AXES = {
    "norm": "Normalization",
    "init": "Initialization",
    "activation": "Activation",
    "depth": "Depth",
    "lr": "Learning rate",
}
LISTS = {"norm": "norms", "init": "inits", "activation": "activations", "depth": "depths", "lr": "lrs"}
SHAPE = ("network", "dataset", "preprocessing", "width", "batch_size", "optimizer", "steps")
MOST_LINES = 60
PAGE = "views/convergence.py"
STORIES: dict[str, dict[str, str | list[str]]] = {
    "Batch norm trains deep nets": {},
    "Xavier against Kaiming": {"init": ["xavier", "kaiming"], "norm": "none", "colour": "Initialization"},
    "Learning rates, with and without": {
        "init": "kaiming",
        "depth": "20",
        "panels": "Learning rate",
        "lr": ["0.01", "0.1", "0.3", "1.0"],
    },
    "All zeros: nothing changes": {
        "init": ["zeros", "normal(std=0.1)"],
        "depth": "5",
        "colour": "Initialization",
        "panels": "Normalization",
    },
}


def main() -> None:
    """Draw the page."""
    st.title("Convergence")
    st.markdown("Networks in training: loss and accuracy, seeds as mean and range, divergence shown where it happened.")
    networks = data.query("training_networks")
    if networks.empty:
        st.info("This store has no trained networks yet: `python -m engine run demo` trains some.")
        return
    with st.container(horizontal=True):
        for title, choices in STORIES.items():
            parameters = {_key(name): value for name, value in choices.items()}
            st.page_link(PAGE, label=title, query_params=parameters, icon=":material/play_arrow:")
    network = _choose_network(networks)
    chosen = _choose_values(network)
    empty = [AXES[axis] for axis, values in chosen.items() if not values]
    if empty:
        st.info(f"Nothing is selected under: {', '.join(empty)}. Choose at least one value.")
        return
    shape = {key: _plain(network[key]) for key in SHAPE}
    values = {**shape, **{LISTS[axis]: given for axis, given in chosen.items()}}
    colour, facet = _choose_encoding(chosen)
    curves = data.query("learning_curves", **values)
    if curves.empty:
        st.info("This store has no cell with this combination of values; choose others above.")
        return
    curves, shown, all_lines = _named(curves, colour, facet)
    if shown < all_lines:
        st.warning(f"These are {all_lines} configurations; the first {shown} are drawn. Choose fewer values above.")
    _figures(curves, values, colour, facet)
    _outcomes(values)


def _key(name: str) -> str:
    # Keys of the session are shared by all pages: without a prefix, another page's choice would show up here.
    return f"train_{name}"


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _choose_network(networks: pd.DataFrame) -> pd.Series:
    titles = [
        f"{row.dataset} ({row.preprocessing}), {row.network} of width {row.width}, batch of {row.batch_size}, "
        f"{row.optimizer}, {row.steps} steps"
        for row in networks.itertuples()
    ]
    title = selectors.one("Data and network", titles, _key("network"))
    return networks.iloc[titles.index(title)]


def _choose_values(network: pd.Series) -> dict[str, list[Any]]:
    options = {axis: [_plain(value) for value in network[name]] for axis, name in LISTS.items()}
    defaults = {
        "norm": options["norm"],
        "init": ["xavier"],
        "activation": ["relu"],
        "depth": [depth for depth in options["depth"] if depth >= 5][:4],
        "lr": [0.1],
    }
    chosen = {}
    columns = dict(zip(AXES, st.columns([1.3, 2, 1.2, 1.4, 1.4]), strict=True))
    for axis, label in AXES.items():
        with columns[axis]:
            chosen[axis] = selectors.several(label, options[axis], _key(axis), defaults[axis])
    return chosen


def _choose_encoding(chosen: dict[str, list[Any]]) -> tuple[str, str | None]:
    left, right, _ = st.columns([1, 1, 2])
    with left:
        colour = selectors.one("Colour", list(AXES), _key("colour"), "norm", show=AXES.__getitem__)
    with right:
        panels = {"nothing": "One panel", **AXES}
        facet = selectors.one("Panels", list(panels), _key("panels"), "depth", show=panels.__getitem__)
    return colour, facet if facet in chosen and len(chosen[facet]) > 1 else None


def _named(curves: pd.DataFrame, colour: str, facet: str | None) -> tuple[pd.DataFrame, int, int]:
    """Name each configuration by the axes that differ, and keep as many as a chart can show."""
    named = curves.copy()
    varying = [axis for axis in AXES if named[axis].nunique() > 1] or [colour]
    named["configuration"] = named[varying].astype(str).agg(", ".join, axis=1)
    names = list(dict.fromkeys(named["configuration"]))
    kept = names[:MOST_LINES]
    return named[named["configuration"].isin(kept)].reset_index(drop=True), len(kept), len(names)


def _figures(curves: pd.DataFrame, values: dict[str, Any], colour: str, facet: str | None) -> None:
    labels = data.labels()
    sql = data.sql("learning_curves", values)
    for metric, title in (("train_loss", "Does the loss go down?"), ("test_accuracy", "Does it generalize?")):
        chart = learning_curves(curves, metric, labels[metric], colour, facet, AXES)
        text = f"{labels[metric]} against step, coloured by {AXES[colour].lower()}."
        figure(title, chart, curves, sql, key=metric.replace("_", "-"), alt_text=text)
    last = curves[curves["step"] == curves["step"].max()]
    lost = int(last["diverged"].sum())
    sentence = f"Lines: mean over up to {int(curves['seeds'].max())} seeds; band: their range."
    if lost:
        sentence += f" {lost} of {int(last['seeds'].sum())} runs diverged; a red cross marks where."
    st.caption(sentence)


def _outcomes(values: dict[str, Any]) -> None:
    st.markdown("#### How did it end?")
    outcomes = data.query("training_outcomes", **values)
    labels = data.labels()
    columns = {
        "share_that_train": st.column_config.ProgressColumn(
            "Share of seeds that train", format="percent", max_value=1.0
        ),
        "steps_to_90": st.column_config.NumberColumn(labels["steps_to_90"], format="%.0f"),
        "final_test_accuracy": st.column_config.NumberColumn(labels["final_test_accuracy"], format="%.3f"),
        "final_train_loss": st.column_config.NumberColumn(labels["final_train_loss"], format="%.3f"),
        "seeds": st.column_config.NumberColumn("Seeds"),
        "diverged": st.column_config.NumberColumn("Diverged"),
        "diverged_at_step": st.column_config.NumberColumn("First divergence (step)"),
        **{axis: st.column_config.Column(label) for axis, label in AXES.items()},
    }
    st.dataframe(outcomes, hide_index=True, column_config=columns, alt="Outcome of each configuration over its seeds.")
    st.caption(
        "A seed trains when its test accuracy reaches 0.90 at a logged step; steps are the median over those seeds."
    )


main()
