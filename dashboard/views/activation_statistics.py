"""The lecture's first question, live: what becomes of the signal, layer after layer?"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, selectors, theme
from dashboard.charts.distributions import strip
from dashboard.charts.layers import against_layer
from dashboard.distributions import on_common_bins
from dashboard.figure import figure

MOST_CONFIGURATIONS = 6
MOST_PANELS = 6
LECTURE = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming"]
TAPS = {"act": "activations", "pre": "pre-activations", "grad": "gradients"}
SHAPE = ("network", "dataset", "preprocessing", "depth", "width", "batch_size")
PAGE = "views/activation_statistics.py"
STORIES: dict[str, dict[str, str | list[str]]] = {
    "tanh: too small, too big, just right": {"activation": "tanh"},
    "ReLU: Xavier collapses, Kaiming holds": {"activation": "relu", "init": ["xavier", "kaiming"]},
    "The notes' slip": {"activation": "relu", "init": ["kaiming", "kaiming_slip"]},
    "Batch norm forgives": {"activation": "tanh", "init": LECTURE[:2], "norm": ["none", "batch"]},
}


def main() -> None:
    """Draw the page."""
    st.title("Activation statistics")
    st.markdown(
        "One batch goes through an untrained network. "
        "Which initialization keeps the signal alive to the last layer, and its gradient back to the first?"
    )
    networks = data.query("propagation_networks")
    if networks.empty:
        st.info("This store has no untrained networks yet: `python -m engine run lecture` computes the lecture's.")
        return
    with st.container(horizontal=True):
        for title, choices in STORIES.items():
            st.page_link(PAGE, label=title, query_params=choices, icon=":material/play_arrow:")
    network = _choose_network(networks)
    chosen = _choose_configurations(network)
    if not chosen["inits"] or not chosen["activations"] or not chosen["norms"]:
        st.info("Nothing is selected: choose at least one initialization, activation and normalization above.")
        return
    shape = {key: _plain(network[key]) for key in SHAPE}
    signal = _named(data.query("signal_by_layer", **shape, **chosen), chosen)
    names = list(dict.fromkeys(signal["configuration"]))
    if len(names) > MOST_CONFIGURATIONS:
        st.warning(f"These are {len(names)} configurations; the first {MOST_CONFIGURATIONS} are shown.")
        names = names[:MOST_CONFIGURATIONS]
    if not names:
        st.info("This store has no cell with this combination; choose another activation or normalization.")
        return
    signal = signal[signal["configuration"].isin(names)]
    _cards(signal, names, shape, chosen)
    _depth_figures(signal, shape, chosen)


def _choose_network(networks: pd.DataFrame) -> pd.Series:
    titles = [_network_title(row) for row in networks.itertuples()]
    title = selectors.one("Network and input", titles, "network", help="Each was measured with several seeds.")
    return networks.iloc[titles.index(title)]


def _network_title(row: Any) -> str:
    inputs = "N(0,1) inputs" if row.dataset == "gaussian" else f"{row.dataset} ({row.preprocessing})"
    return f"{row.network}, {row.depth} layers of {row.width}, batch of {row.batch_size}, {inputs}"


def _choose_configurations(network: pd.Series) -> dict[str, list[str]]:
    left, middle, right = st.columns([3, 1.4, 1.4])
    inits, activations, norms = (list(network[key]) for key in ("inits", "activations", "norms"))
    default = [init for init in LECTURE if init in inits] or inits[:4]
    first = ["tanh"] if "tanh" in activations else activations[:1]
    with left:
        chosen = selectors.several("Initializations", inits, "init", default, most=MOST_CONFIGURATIONS)
    with middle:
        chosen_activations = selectors.several("Activations", activations, "activation", first)
    with right:
        chosen_norms = selectors.several("Normalizations", norms, "norm", ["none"])
    return {"inits": chosen, "activations": chosen_activations, "norms": chosen_norms}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _named(frame: pd.DataFrame, chosen: dict[str, list[str]]) -> pd.DataFrame:
    """Name each configuration by what tells it apart, and sort as the reader chose."""
    several = [key for key in ("activation", "norm") if len(chosen[f"{key}s"]) > 1]
    variant = frame[["activation", "norm"]].copy()
    variant["norm"] = variant["norm"].map(lambda norm: "no norm" if norm == "none" else f"{norm} norm")
    named = frame.copy()
    parts = variant[several].agg(", ".join, axis=1) if several and len(frame) else pd.Series("", index=frame.index)
    named["variant"] = parts
    named["configuration"] = [f"{i}, {v}" if v else i for i, v in zip(named["init"], named["variant"], strict=True)]
    # The lecture's order first; the sort is stable, so layers and seeds stay in theirs.
    named["rank"] = [LECTURE.index(init) if init in LECTURE else len(LECTURE) for init in named["init"]]
    named = named.sort_values(["rank", "init", "variant"], kind="stable").drop(columns="rank")
    return named.reset_index(drop=True)


def _cards(signal: pd.DataFrame, names: list[str], shape: dict[str, Any], chosen: dict[str, list[str]]) -> None:
    tap = selectors.switch("Show the distribution of", list(TAPS), "tap", "act", show=lambda key: TAPS[key])
    values = {**shape, **chosen, "tap": tap}
    rows = _named(data.query("layer_distributions", **values), chosen)
    layers = _spread(sorted(signal["layer"].unique()))
    rows = rows[rows["configuration"].isin(names) & rows["layer"].isin(layers)]
    bins = on_common_bins(rows, ["configuration", "layer"])
    verdicts = data.query("configuration_verdicts", **shape)
    for axis in ("init", "activation", "norm"):
        verdicts = verdicts[verdicts[axis].isin(chosen[f"{axis}s"])]
    verdicts = _named(verdicts, chosen).set_index("configuration")
    for name in names:
        own = signal[(signal["configuration"] == name) & signal["layer"].isin(layers)]
        with st.container(border=True):
            side, picture = st.columns([1, 4.2], vertical_alignment="center")
            with side:
                _verdict(name, own, verdicts)
            with picture:
                chart = strip(bins[bins["configuration"] == name], own, theme.colour(own["init"].iloc[0]))
                text = f"Distribution of {TAPS[tap]} in {len(layers)} layers for {name}."
                st.altair_chart(chart, theme="streamlit", alt=text, width="content", key=f"strip-{name}")
    _explain()


def _spread(layers: list[int]) -> list[int]:
    """Return at most MOST_PANELS layers, the first and the last among them."""
    if len(layers) <= MOST_PANELS:
        return layers
    places = {round(k * (len(layers) - 1) / (MOST_PANELS - 1)) for k in range(MOST_PANELS)}
    return [layers[place] for place in sorted(places)]


def _verdict(name: str, own: pd.DataFrame, verdicts: pd.DataFrame) -> None:
    st.markdown(f"**{name}**")
    if name in verdicts.index:
        row = verdicts.loc[name]
        verdict = row["verdict"] if isinstance(row["verdict"], str) else "one layer: no rate"
        colour = theme.VERDICT_COLOURS.get(verdict, "gray")
        st.badge(verdict, color=colour, icon=theme.VERDICT_ICONS.get(verdict, ":material/help:"))
        st.caption(
            f"signal {_rate(row['forward_rate'])}  \n"
            f"gradient {_rate(row['backward_rate'])}  \n"
            f"σw = {own['sigma_w'].iloc[-1]:.3g}, {row['agreeing']} of {row['seeds']} seeds agree"
        )


def _rate(value: Any) -> str:
    return f"×{value:.3g} per layer" if pd.notna(value) else "overflows"


def _explain() -> None:
    limits = data.thresholds()
    st.caption(
        "All panels share one axis; heights are relative to the tallest bar of each panel. Seeds are added up. "
        f"A signal or gradient that grows by more than ×{limits['too_big']:g} per layer is too big, one below "
        f"×{limits['too_small']:g} too small, over the deeper half of the layers. "
        "σw is the std of the weights times √fan-in."
    )


def _depth_figures(signal: pd.DataFrame, shape: dict[str, Any], chosen: dict[str, list[str]]) -> None:
    labels = data.labels()
    seeds = int(signal["seeds"].max())
    sql = data.sql("signal_by_layer", {**shape, **chosen})
    left, right = st.columns(2)
    for column, metric, title, logarithmic in (
        (left, "std", "How far do the activations spread?", False),
        (right, "grad_rms", "How much gradient comes back?", True),
    ):
        with column:
            log = logarithmic or _spans_decades(signal[metric])
            chart = against_layer(signal, metric, labels[metric], log)
            text = f"{labels[metric]} against layer for {', '.join(signal['configuration'].unique())}."
            figure(title, chart, signal, sql, key=metric.replace("_", "-"), alt_text=text)
    st.caption(
        f"Lines: mean over {seeds} seeds; band: their range; dots without line: mean-field theory for infinite width, "
        "where there is one. A red cross marks a layer in which a seed overflowed."
    )


def _spans_decades(values: pd.Series) -> bool:
    positive = values[values > 0]
    return bool(len(positive)) and positive.max() / positive.min() > 300


main()
