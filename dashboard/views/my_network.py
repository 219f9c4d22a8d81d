"""A network of the reader's own: what each initialization makes of it, what is wrong, and what to do."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from goldilocks.dashboard import (
    axes,
    commands,
    configurations,
    data,
    deep_links,
    diagnosis_findings,
    layer_statistics,
    nearby,
    selectors,
    verdicts,
    viewport,
)
from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.diagnosis import ROLES, Diagnosis, about, networks, per_step, title
from goldilocks.dashboard.diagnosis_strips import LETTERS, strips
from goldilocks.dashboard.figure import Figure, draw
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "mine"
MOST_INITS = 6
# In pixels: a card that is narrower leaves its strip no room.
LEAST_CARD = 310
BAND = "95 % interval of the difference"


def main() -> None:
    """Draw the page."""
    st.title("My network")
    found = networks()
    if found.empty:
        _how_to_begin()
        return
    st.markdown("What becomes of your own network under several initializations, before its first step.")
    own, diagnosis = _choose(found)
    if not diagnosis.inits:
        st.info("Nothing is selected. Choose at least one initialization above.")
        return
    _about(own)
    ranked = diagnosis.ranking.frame()
    _answer(ranked)
    _cards(diagnosis, ranked)
    deep_links.offer("activation_statistics", {"Histograms of its layers": _histograms(own, diagnosis)})
    diagnosis_findings.show(diagnosis)
    _race(diagnosis, ranked)
    nearby.show(diagnosis, own)


def _how_to_begin() -> None:
    """Say how a diagnosis gets into this store."""
    if commands.running():
        st.info(commands.COMING)
        return
    st.info("This store has no diagnosis yet. This command makes one of your own network, and keeps it here:")
    st.code(commands.keeping("diagnose FACTORY"), language="shell")
    st.markdown(
        "`FACTORY` is the function that returns your network, such as `mymodel.py:make` or `package.module:make`; what "
        "goes in is said by `--input`, such as `--input 64x3x32x32 --classes 10`."
    )


def _choose(found: pd.DataFrame) -> tuple[Any, Diagnosis]:
    """Let the reader choose a diagnosis, the newest first, and initializations."""
    rows = list(found.itertuples(index=False))
    titles = [title(row) for row in rows]
    left, right = st.columns([1.4, 1])
    with left:
        own = rows[titles.index(selectors.one("Diagnosis", titles, f"{PREFIX}_network"))]
    inits = axes.ordered("init", own.inits)
    best = Diagnosis(own.network, tuple(inits)).ranking.frame()["init"].head(MOST_INITS)
    with right:
        key = configurations.key(f"{PREFIX}_init", own.network)
        chosen = selectors.several("Initializations", inits, key, list(best), most=MOST_INITS)
    return own, Diagnosis(own.network, tuple(chosen))


def _about(own: Any) -> None:
    st.caption(verbatim(" · ".join(about(own))))
    if len(own.unseen):
        st.warning(f"Not called in the forward pass, hence not measured: {verbatim(', '.join(own.unseen))}.")
    for remark in own.remarks:
        st.caption(verbatim(remark))


def _answer(ranked: pd.DataFrame) -> None:
    """Say which initialization is best, and how sure that is."""
    first, others = ranked.iloc[0], ranked.iloc[1:]
    with st.container(border=True, key="answer"):
        st.markdown(f"### {verbatim(first['init'])}: {verbatim(first['verdict'])}")
        if others.empty:
            st.markdown("It is the only one that is compared: there is no better and no worse.")
            return
        better = others["clearly_behind"] | (others["errors"] > first["errors"])
        for clear, said in ((True, "It is clearly better than"), (False, "It cannot be told from")):
            rows = others[better == clear]
            if len(rows):
                names = [f"{row.init} (common seeds: {row.shared_seeds})" for row in rows.itertuples()]
                st.markdown(f"{said} {verbatim(', '.join(names))}.")
        if first["errors"]:
            st.markdown("Even so its training will fail or is wasted: see what is wrong below.")
        name = str(first["init"])
        program = f"model = report.apply({name!r})  # a copy, so initialized\n"
        st.code(program + f"print(report.code({name!r}))  # plain PyTorch that does it")


def _cards(diagnosis: Diagnosis, ranked: pd.DataFrame) -> None:
    """Show the initializations side by side, the best first, each with its strips."""
    room = viewport.width()
    beside = max(1, min(room // LEAST_CARD, len(ranked), max(LETTERS)))
    shown = selectors.switch("Sites", list(ROLES), f"{PREFIX}_sites", next(iter(ROLES)))
    drawn, found = strips(diagnosis, shown, beside), diagnosis.findings.frame()
    pictures = {
        name if place == 0 else f"{name}: shares": chart
        for name, pair in drawn.items()
        for place, chart in enumerate(pair)
        if chart is not None
    }
    figure = Figure(
        "What becomes of signal and gradient from site to site?", Group(pictures), diagnosis.sites(shown), ""
    )
    with figure.around("sites"):
        for start in range(0, len(ranked), beside):
            for column, row in zip(st.columns(beside), ranked.iloc[start : start + beside].itertuples(), strict=False):
                with column, st.container(border=True, key=f"card-{row.place}"):
                    _card(row, diagnosis_findings.worst(found, row.init))
                    _strips(row, drawn.get(row.init))
        st.caption(
            "Sites from input to output, as they are executed; dots: geometric mean over seeds, bars: their range. A "
            "ring at the left edge: zero. A cross at the right edge: seeds overflowed there. Per step: from one step "
            "of the stream to the next, over its deeper half, with the 95 % interval over seeds."
        )


def _card(row: Any, worst: str) -> None:
    st.markdown(f"**{verbatim(row.init)}**")
    verdicts.badge(row.verdict)
    said = [
        f"signal {per_step(row.forward_rate, row.forward_low, row.forward_high)}",
        f"gradient {per_step(row.backward_rate, row.backward_low, row.backward_high)}",
    ]
    # Every diagnosis has a first loss; pandas takes NaN for none.
    loss = numeral(row.first_loss) if np.isfinite(row.first_loss) else "not finite"
    said.append(
        f"first loss {loss}" + (f", guessing {numeral(row.guessing_loss)}" if pd.notna(row.guessing_loss) else "")
    )
    said.append(f"{row.agreeing} of {row.seeds} seeds agree" if row.seeds > 1 else "one seed: no interval")
    st.caption("  \n".join(map(verbatim, [*said, *filter(None, [worst])])))


def _strips(row: Any, drawn: Any) -> None:
    if drawn is None:
        st.caption("None of the chosen sites was measured.")
        return
    sizes, shares = drawn
    draw(sizes, f"sizes-{row.place}", f"Std of the signal and rms of the gradient from site to site for {row.init}.")
    if shares is not None:
        draw(shares, f"shares-{row.place}", f"Shares of dead units and of saturated values by site for {row.init}.")


def _race(diagnosis: Diagnosis, ranked: pd.DataFrame) -> None:
    """Draw how far each initialization is behind the best, in pairs of common seeds."""
    if len(ranked) > 1:
        _behind(diagnosis).show("ranking")
    labels = data.labels()
    numbers = {
        name: st.column_config.NumberColumn(labels[name], format="%.3g") for name in ("forward_rate", "backward_rate")
    }
    config: dict[str, Any] = {
        "place": "Place",
        "init": "Initialization",
        "verdict": "Verdict",
        "errors": "Errors",
        "warnings": "Warnings",
        **numbers,
        "first_loss": st.column_config.NumberColumn("First loss", format="%.3g"),
        "behind": st.column_config.NumberColumn("Behind", format="%.3g"),
        "behind_low": st.column_config.NumberColumn("Behind, from", format="%.3g"),
        "behind_high": st.column_config.NumberColumn("Behind, to", format="%.3g"),
        "clearly_behind": st.column_config.CheckboxColumn("Clearly behind"),
        "seeds": "Seeds",
    }
    st.dataframe(
        ranked,
        hide_index=True,
        column_config=config,
        column_order=list(config),
        placeholder=verdicts.NONE,
        key="table-ranking",
        alt="The initializations, the best first, with rates, first loss and differences.",
    )


@data.cached
def _behind(diagnosis: Diagnosis) -> Figure:
    """Return the paired differences to the best."""
    ranked = diagnosis.ranking.frame()
    finite = np.isfinite(ranked["distance"].to_numpy(float))
    names = list(ranked["init"])
    rows = ranked.assign(
        configuration=ranked["init"],
        mean=ranked["behind"].where(finite),
        low=ranked["behind_low"].fillna(ranked["behind"]).where(finite),
        high=ranked["behind_high"].fillna(ranked["behind"]).where(finite),
        lost=np.where(finite, 0, ranked["seeds"]),
    )
    chart = lines(
        rows,
        Axis("init", "Initialization", values=names, category=True),
        Axis("mean", data.labels().get("behind", "Behind the best")),
        axes.coloured("init", "", names),
        band=BAND,
    )
    text = f"How far {len(names)} initializations are behind {names[0]} in preserving signal, gradient and first loss."
    note = (
        "Differences, seed by seed, of |ln F| + |ln B| + ln(first loss / ln C), F and B the factors of signal and "
        "gradient over the whole stream and C the number of classes; bar: interval, at 95 % for all comparisons "
        "together. A cross: something overflows or vanishes."
    )
    return Figure("How far is each initialization behind the best?", chart, diagnosis.ranking, text, note)


def _histograms(own: Any, diagnosis: Diagnosis) -> dict[str, str | list[str]]:
    """Return the choices at which the page of distributions shows these networks."""
    return {
        "network": layer_statistics.network_title(own),
        configurations.key("init", own.network): list(diagnosis.inits),
    }


main()
