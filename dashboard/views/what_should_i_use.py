"""The practitioner's question: which initialization, normalization and learning rate for my network?"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import axes, choice, data, selectors, snippet, trains, verdicts
from dashboard.charts.lines import Axis, lines
from dashboard.charts.ranking import ranking
from dashboard.figure import Picture

PREFIX = "use"
ANY = "any"
MOST_SHOWN = 12
# So many have a colour in the ranking, and their curves beside it.
FIRST = 3
# A first place that beats another one in fewer of the pairs of seeds than this is not clearly better.
CLEARLY = 0.9
# With fewer seeds on either side even winning every pair may be luck: 1 in 20 with three against three.
ENOUGH_SEEDS = 3
# A network this much deeper or wider than any that was measured (ratio, as logarithm) is worth a warning.
FAR = 0.7


def main() -> None:
    """Draw the page."""
    st.title("What should I use?")
    st.markdown("Describe your network. The nearest ones that were trained here, with all their seeds, answer.")
    offered = choice.options("training")
    if not offered:
        st.info("This store has no trained networks yet: `python -m engine run demo` trains some.")
        return
    wanted = _ask(offered)
    if not wanted["norms"]:
        st.info("Nothing is selected under: Normalizations allowed. *none* alone is a choice, too.")
        return
    shapes = data.query("nearest_trained", **wanted)
    if shapes.empty:
        st.info("Nothing like this was trained: choose another activation, optimizer or data set, or allow more.")
        return
    shape = {key: choice.plain(shapes.iloc[0][key]) for key in _SHAPE}
    values = {**shape, "norms": wanted["norms"], "optimizers": wanted["optimizers"]}
    ranked = _ranked(values=values)
    _answer(ranked, shape, wanted, float(shapes.iloc[0]["distance"]))
    left, right = st.columns([1.15, 1])
    with left:
        _evidence(values=values).show("ranking")
    with right:
        _curves(values=values).show("first-three")
    _table(ranked)
    _program(ranked.iloc[0], shape, wanted)


_SHAPE = ("network", "dataset", "preprocessing", "activation", "depth", "width", "batch_size", "steps")


def _ask(offered: choice.Chosen) -> dict[str, Any]:
    above, below = st.columns(4), st.columns(3)
    # What a reader sees first is the network on which most was tried.
    commonest = data.query("training_networks").iloc[0]
    with above[0]:
        depth = selectors.number("Layers", 1, 10_000, _middle(commonest["depths"]), f"{PREFIX}_depth")
    with above[1]:
        width = selectors.number("Width", 1, 65_536, choice.plain(commonest["width"]), f"{PREFIX}_width")
    with above[2]:
        network = selectors.one("Network", offered["network"], f"{PREFIX}_network", "mlp")
    with above[3]:
        activation = selectors.one("Activation", offered["activation"], f"{PREFIX}_activation", "relu")
    with below[0]:
        norms = selectors.several("Normalizations allowed", offered["norm"], f"{PREFIX}_norm", offered["norm"])
    with below[1]:
        optimizer = selectors.one("Optimizer", [ANY, *offered["optimizer"]], f"{PREFIX}_optimizer", ANY)
    wanted = {"depth": depth, "width": width, "activation": activation, "norms": norms, "networks": [network]}
    datasets = None
    if len(offered["dataset"]) > 1:
        with below[2]:
            dataset = selectors.one("Data most like yours", [ANY, *offered["dataset"]], f"{PREFIX}_dataset", ANY)
        datasets = None if dataset == ANY else [dataset]
    return wanted | {"optimizers": None if optimizer == ANY else [optimizer], "datasets": datasets}


def _middle(values: Sequence[Any]) -> int:
    return choice.plain(values[len(values) // 2])


def _name(row: Any, ranked: pd.DataFrame) -> str:
    optimizer = f", {row.optimizer}" if ranked["optimizer"].nunique() > 1 else ""
    return f"{row.init}, {axes.text('norm', row.norm)}{optimizer}, {axes.text('lr', row.lr)}"


def _answer(ranked: pd.DataFrame, shape: dict[str, Any], wanted: dict[str, Any], distance: float) -> None:
    first = ranked.iloc[0]
    with st.container(border=True, key="answer"):
        st.markdown(
            f"### {first['init']}, {axes.text('norm', first['norm'])}, "
            f"{first['optimizer']} at learning rate {first['lr']:g}"
        )
        cells = st.columns([1.5, 1, 1])
        cells[0].metric(
            "Test accuracy, lowest to highest seed",
            f"{first['score']:.1%} ({first['low']:.1%}–{first['high']:.1%})",
            help="Mean over seeds; a diverged seed counts as 0.",
        )
        if ranked["share_that_train"].any():
            told = f"{first['share_that_train']:.0%} of {first['seeds']}"
            cells[1].metric("Seeds that train", told, help=trains.definition())
        else:
            # Nothing trains on these data, so that the share tells nobody anything.
            cells[1].metric("Seeds that diverged", f"{first['diverged']} of {first['seeds']}")
        second = ranked.iloc[1]["first_beats"] if len(ranked) > 1 else None
        help = "The share of all pairs of a seed of the first and one of the second; a tie counts half."
        cells[2].metric(_against(ranked), verdicts.share(second), help=help)
        st.markdown(_sentence(ranked))
        _nearness(shape, wanted, distance)


def _against(ranked: pd.DataFrame) -> str:
    if len(ranked) == 1:
        return "Beats the second"
    return "Beats the second, {} against {} seeds".format(*ranked["seeds"].head(2))


def _sentence(ranked: pd.DataFrame) -> str:
    clearly = (ranked["first_beats"] >= CLEARLY) & (ranked["seeds"] >= ENOUGH_SEEDS)
    equals = ranked[(ranked["place"] > 1) & ~clearly]
    seeds = int(ranked.iloc[0]["seeds"])
    if len(ranked) == 1:
        return "Nothing else was tried on this network, so this is an observation and not a comparison."
    if seeds < ENOUGH_SEEDS:
        count = "A single seed" if seeds == 1 else f"{seeds} seeds"
        return f"{count} of the first cannot tell whether it is better than the others: run it with more."
    if equals.empty:
        return f"It beats each of the {len(ranked) - 1} others in at least {CLEARLY:.0%} of the pairs of seeds."
    names = ", ".join(f"*{name}*" for name in equals["configuration"].head(3))
    more = f" and {len(equals) - 3} more" if len(equals) > 3 else ""
    return f"Not clearly better than {names}{more}: with the seeds at hand they are a matter of taste."


def _nearness(shape: dict[str, Any], wanted: dict[str, Any], distance: float) -> None:
    where = (
        f"{shape['network']} of {shape['depth']} layers of {shape['width']}, {shape['activation']}, "
        f"on {shape['dataset']} ({shape['preprocessing']}), batches of {shape['batch_size']}, {shape['steps']} steps"
    )
    if distance > FAR:
        st.warning(
            f"You asked for {wanted['depth']} layers of {wanted['width']}. The nearest network that was trained here "
            f"is far from that: {where}. Take the answer as a hint.",
            icon=":material/straighten:",
        )
    else:
        st.caption(f"Measured on: {where}.")


@data.kept
def _ranked(values: dict[str, Any]) -> pd.DataFrame:
    """Return all combinations that were tried on a shape, the best first, each with a name."""
    ranked = data.query("recommendation", **values)
    return ranked.assign(configuration=[_name(row, ranked) for row in ranked.itertuples()])


@data.kept
def _evidence(values: dict[str, Any]) -> Picture:
    """Return the scores of the best."""
    ranked = _ranked(values=values)
    shown = ranked.head(MOST_SHOWN)
    chart = ranking(shown, data.labels()["final_test_accuracy"], list(shown["configuration"].head(FIRST)))
    text = f"Test accuracy of the {len(shown)} best configurations, mean and range over seeds."
    return Picture("How close is the race?", chart, ranked, data.sql("recommendation", values), text)


@data.kept
def _curves(values: dict[str, Any]) -> Picture:
    """Return the learning curves of the first three."""
    best = _ranked(values=values).head(FIRST)
    keys = ("init", "norm", "optimizer", "lr")
    cells = {axis: [values[axis]] for axis in _SHAPE} | {axis: axes.ordered(axis, best[axis]) for axis in keys}
    asked = choice.bound({axis: [choice.plain(value) for value in chosen] for axis, chosen in cells.items()})
    curves = data.query("curves_over_seeds", metrics=["test_accuracy"], **asked)
    curves = curves.merge(best[[*keys, "configuration"]], on=list(keys)).rename(columns={"diverged": "lost"})
    chart = lines(
        curves,
        Axis("step", "Step"),
        Axis("mean", data.labels()["test_accuracy"], share=True),
        Axis("configuration", "Configuration", values=list(best["configuration"])),
        points=False,
    )
    sql = data.sql("curves_over_seeds", {"metrics": ["test_accuracy"], **asked})
    return Picture("How fast do the first three learn?", chart, curves, sql, "Test accuracy against step.")


def _table(ranked: pd.DataFrame) -> None:
    with st.expander(f"All {len(ranked)} that were tried"):
        labels = data.labels()
        config: dict[str, Any] = {
            "place": "Place",
            "init": "Initialization",
            "norm": "Normalization",
            "optimizer": "Optimizer",
            "lr": st.column_config.NumberColumn("Learning rate", format="%g"),
            "score": st.column_config.NumberColumn("Test accuracy", format="percent"),
            "first_beats": st.column_config.NumberColumn("First beats it", format="percent"),
            "share_that_train": st.column_config.NumberColumn("Seeds that train", format="percent"),
            "steps_to_90": st.column_config.NumberColumn(labels["steps_to_90"], format="%.0f"),
            "seeds": "Seeds",
            "diverged": "Diverged",
        }
        text = "All configurations that were tried, ranked."
        st.dataframe(
            ranked,
            hide_index=True,
            column_config=config,
            column_order=list(config),
            placeholder=verdicts.NONE,
            key="table-all",
            alt=text,
        )


def _program(first: pd.Series, shape: dict[str, Any], wanted: dict[str, Any]) -> None:
    st.markdown("#### The same in PyTorch")
    if shape["network"] != "mlp":
        st.info(
            f"The lines below are for plain networks; this answer was measured on a network of kind {shape['network']}."
        )
    configuration = {key: choice.plain(first[key]) for key in ("init", "norm", "optimizer", "lr")}
    configuration["init"] = snippet.at_width(first["init"], shape["width"], wanted["width"])
    if configuration["init"] != first["init"]:
        st.caption(
            f"{first['init']} was measured at width {shape['width']}. What counts is σw, the std times √fan-in: "
            f"at width {wanted['width']} the same σw is {configuration['init']}."
        )
    configuration |= {"activation": shape["activation"], "depth": wanted["depth"], "width": wanted["width"]}
    try:
        text = snippet.program(data.query("scheme_cards"), configuration)
    except KeyError as lacking:
        st.info(f"{lacking.args[0]}: run the engine once more, and its cards are renewed.")
        return
    st.code(text, language="python")


main()
