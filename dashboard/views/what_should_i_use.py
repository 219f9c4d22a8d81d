"""The practitioner's question: which initialization, normalization and learning rate for my network?

A network that was trained answers with its seeds. Of any other, theory says whether its signal survives, and no
accuracy is shown: one of another network would not be its own.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import (
    advice,
    axes,
    cell_filters,
    commands,
    data,
    outlook,
    selectors,
    snippet,
    trains,
    verdicts,
)
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.ranking import ranking
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "use"
ANY = "any"
MOST_SHOWN = 12
# So many have a colour in the ranking, and their curves beside it.
FIRST = 3
# A network this much deeper or wider than any that was measured (ratio, as logarithm) is far from it.
FAR = 0.7
LEAD = "Mean difference of test accuracy to the first, seed by seed; from which one on that is clearly better."


def main() -> None:
    """Draw the page."""
    st.title("What should I use?")
    st.markdown(
        "Describe your network. If it was trained here, all its seeds answer; if not, theory says whether its signal "
        "survives."
    )
    offered = cell_filters.options("training")
    if not offered:
        st.info(f"This store has no trained networks yet. Run {commands.coded('run demo')} to train some.")
        return
    wanted = _ask(offered)
    if not wanted["norms"]:
        st.info("Nothing is selected under *Normalizations allowed*. Choose at least one; *none* is one of them.")
        return
    allowed = {key: wanted[key] for key in _ALLOWED}
    shapes = data.query("nearest_trained", **allowed)
    if shapes.empty:
        _nothing_alike(wanted)
        return
    shape = {key: cell_filters.plain(shapes.iloc[0][key]) for key in _SHAPE}
    question = Question("recommendation", {**shape, "norms": wanted["norms"], "optimizers": wanted["optimizers"]})
    ranked = _ranked(question)
    measured = (shape["depth"], shape["width"]) == (wanted["depth"], wanted["width"])
    with st.container(border=True, key="answer"):
        if measured:
            chosen = _measured(ranked, shape)
        else:
            chosen = _expected(ranked, shape, wanted, float(shapes.iloc[0]["distance"]))
        if not ranked["share_that_train"].any():
            _what_trains(wanted)
    if not measured:
        st.markdown(f"#### What was measured on the nearest network: {advice.where(shape)}")
    left, right = st.columns([1.15, 1])
    with left:
        _evidence(question).show("ranking")
    with right:
        _curves(question).show("first-three")
    _table(ranked)
    if chosen is not None:
        _program(chosen, shape, wanted)


_SHAPE = ("network", "dataset", "preprocessing", "activation", "depth", "width", "batch_size", "steps")
_ALLOWED = ("depth", "width", "activation", "norms", "networks", "optimizers", "datasets")


def _members(kind: str, axis: str, offered: cell_filters.Chosen) -> list[str]:
    """Return the members of an axis that were trained, and those that the engine knows and that need no parameter."""
    cards = data.query("scheme_cards", kind=kind)
    known = [row.name for row in cards.itertuples(index=False) if "=…" not in (row.parameters or "")]
    return axes.ordered(axis, [*offered[axis], *known])


def _ask(offered: cell_filters.Chosen) -> dict[str, Any]:
    above, below = st.columns(4), st.columns(3)
    # What a reader sees first is the network on which most was tried.
    commonest = data.query("training_networks").iloc[0]
    with above[0]:
        depth = selectors.number("Layers", 1, 10_000, _middle(commonest["depths"]), f"{PREFIX}_depth")
    with above[1]:
        width = selectors.number("Width", 1, 65_536, cell_filters.plain(commonest["width"]), f"{PREFIX}_width")
    with above[2]:
        network = selectors.one("Network", offered["network"], f"{PREFIX}_network", "mlp")
    with above[3]:
        activation = selectors.one(
            "Activation", _members("activation", "activation", offered), f"{PREFIX}_activation", "relu"
        )
    with below[0]:
        known = _members("normalization", "norm", offered)
        norms = selectors.several("Normalizations allowed", known, f"{PREFIX}_norm", offered["norm"])
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
    return cell_filters.plain(values[len(values) // 2])


def _measured(ranked: pd.DataFrame, shape: dict[str, Any]) -> pd.Series | None:
    """Show the answer of a network that was trained, and return what to use; None where nothing trains."""
    first = ranked.iloc[0]
    sound = bool(ranked["share_that_train"].any())
    st.markdown(f"### {advice.title(first)}" if sound else "### Nothing that was tried on this network trains")
    if not sound:
        st.markdown(f"The least bad of what was tried: {advice.title(first)}.")
    cells = st.columns([1.5, 1, 1])
    cells[0].metric(
        "Test accuracy, lowest to highest seed",
        f"{first['score']:.1%} ({first['low']:.1%}–{first['high']:.1%})",
        help="Mean over seeds; a diverged seed has no accuracy and counts as guessing.",
    )
    if sound:
        told = f"{first['share_that_train']:.0%} of {first['seeds']}"
        cells[1].metric("Seeds that train", told, help=trains.definition())
    else:
        cells[1].metric("Seeds that diverged", f"{first['diverged']} of {first['seeds']}")
    cells[2].metric(*advice.lead(ranked), help="Mean difference of test accuracy, seed by seed, in percentage points.")
    st.markdown(advice.comparison(ranked))
    st.caption(f"Measured on: {advice.where(shape)}.")
    return first if sound else None


def _expected(ranked: pd.DataFrame, shape: dict[str, Any], wanted: dict[str, Any], distance: float) -> pd.Series | None:
    """Show what theory says of a network that nobody trained, and return what to use; None where nothing is known."""
    rows = outlook.expected(wanted)
    # Whatever the learning rate and the optimizer are.
    pairs = list(zip(ranked["init"], ranked["norm"], strict=True))
    theory = {pair: outlook.of(rows, *pair, shape["width"]) for pair in dict.fromkeys(pairs)}
    found = [theory[pair] for pair in pairs]
    told = ranked.assign(outlook=[outlook.verdict(row) for row in found], why=[outlook.reason(row) for row in found])
    enough = [outlook.SURVIVES, outlook.UNKNOWN] if distance <= FAR else [outlook.SURVIVES]
    usable = told[(told["share_that_train"] > 0) & told["outlook"].isin(enough)]
    asked = advice.network(wanted)
    st.markdown(f"### {advice.untrained(usable, told, asked)}")
    st.markdown(
        f"No network of {asked} was trained here, so there is no accuracy to show. "
        "What mean-field theory expects of it before training:"
    )
    st.markdown("\n".join(advice.outlooks(told)))
    if usable.empty:
        return None
    st.caption(
        f"The best of what was tried on the nearest network, {advice.where(shape)}, that theory does not rule out. "
        "The learning rate is that network's; which one is best here is not known."
    )
    return usable.iloc[0]


def _nothing_alike(wanted: dict[str, Any]) -> None:
    """Say that nothing with this activation and these normalizations was trained, what theory says, and what trains."""
    with st.container(border=True, key="answer"):
        st.markdown("### Unknown")
        st.markdown(advice.nothing_alike(wanted))
        rows = outlook.expected(wanted)
        rows = rows[rows["norm"].isin(wanted["norms"])]
        # A fixed standard deviation means something at its own width only.
        fixed = rows["init"].map(lambda init: snippet.parts(init)[0] in snippet.SCALES).astype(bool)
        rows = rows[~fixed | (rows["width"] == wanted["width"])].sort_values(["depth", "width"], ascending=False)
        if not rows.empty:
            told = rows.assign(why=[outlook.reason(row) for _, row in rows.iterrows()])
            st.markdown("What mean-field theory expects of untrained networks with it:")
            st.markdown("\n".join(advice.outlooks(told)))
        _what_trains(wanted)


def _what_trains(wanted: dict[str, Any]) -> None:
    """Name what trains nearest to what was asked for: with what is allowed, and at this depth."""
    near = {key: wanted[key] for key in ("depth", "width", "networks", "datasets")}
    allowed = {"activations": [wanted["activation"]], "norms": wanted["norms"]}
    found = {
        "As asked for, but of another shape": data.head("what_trains", 1, **near, **allowed),
        "As deep as asked for": data.head("what_trains", 1, **near, least_depth=wanted["depth"]),
    }
    lines = [advice.what_trains(label, rows.iloc[0]) for label, rows in found.items() if not rows.empty]
    if lines:
        st.markdown("What does train here:")
        st.markdown("\n".join(lines))
    else:
        st.markdown("No network of this kind trains in this store.")


@data.cached
def _ranked(question: Question) -> pd.DataFrame:
    """Return all combinations that were tried on a shape, the best first, each with a name."""
    ranked = question.frame()
    return ranked.assign(configuration=[advice.name(row, ranked) for row in ranked.itertuples()])


@data.cached
def _evidence(question: Question) -> Figure:
    """Return the scores of the best."""
    shown = _ranked(question).head(MOST_SHOWN)
    chart = ranking(shown, data.labels()["final_test_accuracy"], list(shown["configuration"].head(FIRST)))
    text = f"Test accuracy of the {len(shown)} best configurations, mean and range over seeds."
    note = "Dot: mean; bar: range of the seeds. Whether the first is better is judged seed by seed, not by these bars."
    return Figure("How close is the race?", chart, question, text, note)


@data.cached
def _curves(question: Question) -> Figure:
    """Return the learning curves of the first `FIRST`."""
    best = _ranked(question).head(FIRST)
    keys = ("init", "norm", "optimizer", "lr")
    cells = {axis: [question.values[axis]] for axis in _SHAPE} | {axis: axes.ordered(axis, best[axis]) for axis in keys}
    chosen = cell_filters.bound({axis: [cell_filters.plain(value) for value in own] for axis, own in cells.items()})
    learning = Question("curves_over_seeds", {"metrics": ["test_accuracy"], **chosen})
    curves = for_lines(learning.frame().merge(best[[*keys, "configuration"]], on=list(keys)))
    chart = lines(
        curves,
        Axis("step", "Step"),
        Axis("mean", data.labels()["test_accuracy"], share=True),
        Axis("configuration", "Configuration", values=list(best["configuration"])),
        points=False,
    )
    return Figure("How fast do the best ones learn?", chart, learning, "Test accuracy against step.")


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
            "lead": st.column_config.NumberColumn("First leads by", format="percent", help=LEAD),
            "lead_needed": st.column_config.NumberColumn("Clear from", format="percent", help=LEAD),
            "clearly_better": st.column_config.CheckboxColumn("First clearly better"),
            "shared_seeds": "Seeds shared with the first",
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
            "The lines below are for plain networks; this answer was measured on a network of kind "
            f"{verbatim(shape['network'])}."
        )
    configuration = {key: cell_filters.plain(first[key]) for key in ("init", "norm", "optimizer", "lr")}
    configuration["init"] = snippet.at_width(first["init"], shape["width"], wanted["width"])
    if configuration["init"] != first["init"]:
        st.caption(advice.other_width(first["init"], configuration["init"], shape["width"], wanted["width"]))
    configuration |= {"activation": shape["activation"], "depth": wanted["depth"], "width": wanted["width"]}
    try:
        text = snippet.program(data.query("scheme_cards"), configuration)
    except KeyError as lacking:
        st.info(f"{verbatim(lacking.args[0])}: run the engine once more to renew its cards.")
        return
    st.code(text, language="python")


main()
