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
    programs,
    selectors,
    snippet,
    trains,
    unmet_wish,
    verdicts,
)
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.ranking import ranking
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.glossary.cards import explain
from goldilocks.dashboard.lecture.setting import FULLY_CONNECTED, RELU
from goldilocks.dashboard.members import KINDS
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.unmet_wish import ANY, PREFIX
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.dashboard.wish import COMBINATION, Nearest, Wish, nearest

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
        st.info(f"This store has no trained networks yet. {commands.remedy('run demo', 'to train some')}")
        return
    wish = _wish(offered)
    if not wish.norms:
        st.info("Nothing is selected under *Normalizations allowed*. Choose at least one; *none* is one of them.")
        return
    found = nearest(wish)
    if found is None:
        unmet_wish.nothing_alike(wish, offered)
        unmet_wish.measure(wish)
        return
    ranked = _ranked(found)
    with st.container(border=True, key="answer"):
        chosen = _measured(found, ranked) if found.is_wanted else _expected(found, ranked)
        if not ranked["share_that_train"].any():
            unmet_wish.what_trains(wish)
    if found.is_wanted:
        unmet_wish.measuring()
    else:
        st.markdown(f"#### What was measured on the nearest network: {advice.where(found.shape)}")
    left, right = st.columns([1.15, 1])
    with left:
        _evidence(found).show("ranking")
    with right:
        _curves(found).show("first-three")
    _table(ranked)
    if chosen is not None:
        _program(found, chosen)
    if not found.is_wanted:
        unmet_wish.measure(wish)


def _members(axis: str, offered: cell_filters.Chosen) -> list[str]:
    """Return the members of an axis that were trained, and those that the engine knows and that need no parameter."""
    cards = Question("scheme_cards", {"kind": KINDS.get(axis, axis)}).frame()
    known = [row.name for row in cards.itertuples(index=False) if "=…" not in (row.parameters or "")]
    return axes.ordered(axis, [*offered[axis], *known])


def _wish(offered: cell_filters.Chosen) -> Wish:
    above, below = st.columns(4), st.columns(3)
    # What a reader sees first is the network on which most can be compared.
    commonest = data.query("training_networks").iloc[0]
    with above[0]:
        depth = selectors.number("Layers", 1, 10_000, _middle(commonest["depths"]), f"{PREFIX}_depth")
    with above[1]:
        width = selectors.number("Width", 1, 65_536, cell_filters.plain(commonest["width"]), f"{PREFIX}_width")
    with above[2]:
        network = selectors.one("Network", _members("network", offered), f"{PREFIX}_network", FULLY_CONNECTED)
    with above[3]:
        activation = selectors.one("Activation", _members("activation", offered), f"{PREFIX}_activation", RELU)
    with below[0]:
        norms = selectors.several(
            "Normalizations allowed", _members("norm", offered), f"{PREFIX}_norm", offered["norm"]
        )
    with below[1]:
        optimizer = selectors.one("Optimizer", [ANY, *_members("optimizer", offered)], f"{PREFIX}_optimizer", ANY)
    dataset = ANY
    if len(offered["dataset"]) > 1:
        with below[2]:
            dataset = selectors.one("Data most like yours", [ANY, *offered["dataset"]], f"{PREFIX}_dataset", ANY)
    limits = (None if value == ANY else value for value in (optimizer, dataset))
    return Wish(depth, width, network, activation, norms, *limits)


def _middle(values: Sequence[Any]) -> int:
    return cell_filters.plain(values[len(values) // 2])


def _measured(found: Nearest, ranked: pd.DataFrame) -> pd.Series | None:
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
        share = trains.of_seeds(first["share_that_train"], first["seeds"])
        cells[1].metric("Seeds that train", share, help=trains.definition())
    else:
        cells[1].metric("Seeds that diverged", f"{first['diverged']} of {first['seeds']}")
    cells[2].metric(*advice.lead(ranked), help="Mean difference of test accuracy, seed by seed, in percentage points.")
    st.markdown(advice.comparison(ranked))
    st.caption(f"Measured on: {advice.where(found.shape)}.")
    return first if sound else None


def _expected(found: Nearest, ranked: pd.DataFrame) -> pd.Series | None:
    """Show what theory says of a network that nobody trained, and return what to use; None where nothing is known."""
    judged = outlook.judged(ranked, found.wish.theory.frame(), found.shape["width"])
    enough = [outlook.SURVIVES, outlook.UNKNOWN] if found.distance <= FAR else [outlook.SURVIVES]
    usable = judged[(judged["share_that_train"] > 0) & judged["outlook"].isin(enough)]
    usable = advice.preferred(advice.existing(usable, found.wish.width), found)
    wanted = advice.network(found.wish)
    st.markdown(f"### {advice.untrained(advice.at_width(usable, found), judged, wanted)}")
    st.markdown(
        f"No network of {wanted} was trained here, so there is no accuracy to show. "
        "What mean-field theory expects of it before training:"
    )
    st.markdown("\n".join(advice.outlooks(advice.at_width(judged, found))))
    if usable.empty:
        return None
    st.caption(
        f"The best of what was tried on the nearest network, {advice.where(found.shape)}, that theory does not rule "
        "out. The learning rate is that network's; which one is best here is not known."
    )
    return usable.iloc[0]


@data.cached
def _ranked(found: Nearest) -> pd.DataFrame:
    """Return all combinations that were tried on a network, the best first, each with a name."""
    ranked = found.tried.frame()
    return ranked.assign(configuration=[advice.name(row, ranked) for row in ranked.itertuples()])


def _first(found: Nearest) -> Axis:
    """Return the legend of the combinations that have a colour in both figures."""
    return axes.coloured("configuration", "Configuration", list(_ranked(found)["configuration"].head(FIRST)))


@data.cached
def _evidence(found: Nearest) -> Figure:
    """Return the scores of the best."""
    shown, first = _ranked(found).head(MOST_SHOWN), _first(found)
    coloured = dict(zip(first.values, first.colours, strict=True))
    chart = ranking(shown, data.labels()["final_test_accuracy"], coloured)
    text = f"Test accuracy of the {len(shown)} best configurations, mean and range over seeds."
    note = "Dot: mean; bar: range of the seeds. Whether the first is better is judged seed by seed, not by these bars."
    return Figure("How close is the race?", chart, found.tried, text, note)


@data.cached
def _curves(found: Nearest) -> Figure:
    """Return the learning curves of the first `FIRST`."""
    best = _ranked(found).head(FIRST)
    question = found.learning(best)
    curves = for_lines(question.frame().merge(best[[*COMBINATION, "configuration"]], on=list(COMBINATION)))
    chart = lines(
        curves,
        Axis("step", "Step"),
        Axis("mean", data.labels()["test_accuracy"], share=True),
        _first(found),
        points=False,
    )
    return Figure("How fast do the best ones learn?", chart, question, "Test accuracy against step.")


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
            "trains": st.column_config.Column("Seeds that train", help=trains.definition()),
            "steps_to_90": st.column_config.NumberColumn(
                labels["steps_to_90"], format="%.0f", help=explain("steps_to_90")
            ),
            "diverged": "Diverged",
        }
        text = "All configurations that were tried, ranked."
        counts = [trains.of_seeds(*pair) for pair in zip(ranked["share_that_train"], ranked["seeds"], strict=True)]
        st.dataframe(
            ranked.assign(trains=counts),
            hide_index=True,
            column_config=config,
            column_order=list(config),
            placeholder=verdicts.NONE,
            key="table-all",
            alt=text,
        )


def _program(found: Nearest, first: pd.Series) -> None:
    st.markdown("#### The same in PyTorch")
    shape, wish = found.shape, found.wish
    configuration = {axis: cell_filters.plain(first[axis]) for axis in COMBINATION}
    configuration["init"] = snippet.at_width(first["init"], shape["width"], wish.width)
    if configuration["init"] != first["init"]:
        st.caption(advice.other_width(first["init"], configuration["init"], shape["width"], wish.width))
    configuration |= {axis: shape[axis] for axis in ("network", "activation", "batch_size")}
    configuration |= {"depth": wish.depth, "width": wish.width}
    try:
        text = programs.program(data.query("scheme_cards"), configuration)
    except programs.NoProgram as why:
        st.info(verbatim(why))
        return
    except KeyError as lacking:
        st.info(f"{verbatim(lacking.args[0])}: run the engine once more to renew its cards.")
        return
    st.code(text, language="python")


main()
