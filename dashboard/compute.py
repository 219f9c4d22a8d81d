"""Computing from a page: a grid is planned, started and watched, wherever it is offered."""

from typing import Any, Literal

import streamlit as st

from goldilocks import store
from goldilocks.dashboard import engine_process
from goldilocks.dashboard.verbatim import verbatim

WATCH_SECONDS = 1.5
# What a grid is called that is given as its text.
OWN = "a grid of my own"
# Grid, its text and the snapshot: what a plan is about.
Request = tuple[str, str, str]


def offered() -> bool:
    """Tell whether whoever reads this page may compute."""
    return engine_process.offered(st.get_option("server.address"), st.context.headers)


def elsewhere() -> bool:
    """Say so where another process computes into the store, and tell whether one does."""
    writer = None if engine_process.running() else store.writer(store.Layout.at())
    if writer:
        where = f"{writer['pid']} on {writer['host']}"
        st.info(verbatim(f"Process {where} has been computing since {writer['started_at']}: {writer['command']}"))
    return bool(writer)


def buttons(grid: str, text: str, version: str, prefix: str, name: str = "edited") -> None:
    """Offer to plan a grid and, once it is planned, to start it.

    Args:
        grid: name of a preset, or `OWN`.
        text: the grid itself, where it is one's own.
        version: the snapshot that says what is done.
        prefix: of the keys of the session.
        name: what the run of a grid of one's own is called.
    """
    request = (grid, text, version)
    with st.container(horizontal=True):
        help = "Counts cells and estimates the time; computes nothing."
        if st.button("Plan", icon=":material/calculate:", help=help):
            _plan(grid, request, prefix, name)
        planned = st.session_state.get(f"{prefix}_planned")
        ready = planned is not None and planned["request"] == request and planned["cells"] > planned["done"]
        # A disabled primary button would be white on white.
        look: Literal["primary", "secondary"] = "primary" if ready else "secondary"
        started = st.button("Start", icon=":material/play_arrow:", type=look, disabled=not ready, help="Plan first.")
        if started and planned:
            _start(planned, prefix)
    if planned is not None and planned["request"] == request:
        _show_plan(planned)


def _plan(grid: str, request: Request, prefix: str, name: str) -> None:
    st.session_state.pop(f"{prefix}_planned", None)
    try:
        with st.spinner("Counting cells and measuring this machine …", show_time=True):
            path = engine_process.keep(request[1], name) if grid == OWN else grid
            planned = engine_process.plan(path)
    except engine_process.Refused as refusal:
        st.error("The engine rejected this grid:", icon=":material/error:")
        st.code(str(refusal), language=None)
        return
    st.session_state[f"{prefix}_planned"] = planned | {"request": request, "path": path}


def _start(planned: dict[str, Any], prefix: str) -> None:
    try:
        engine_process.start(planned["path"], planned["cells"] - planned["done"])
    except engine_process.Refused as refusal:
        st.warning(verbatim(refusal))
        return
    st.session_state.pop(f"{prefix}_planned", None)
    st.rerun()


def _show_plan(planned: dict[str, Any]) -> None:
    missing = planned["cells"] - planned["done"]
    cells = st.columns(4)
    cells[0].metric("Cells", f"{planned['cells']:,}")
    cells[1].metric("Of these done", f"{planned['done']:,}")
    cells[2].metric("Expected time", _duration(planned["seconds"]))
    cells[3].metric("Peak memory", f"{planned['peak_bytes'] / 1e9:.1f} GB")
    if not missing:
        st.success("Everything has been computed already.", icon=":material/check:")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@st.fragment(run_every=WATCH_SECONDS)
def watch(prefix: str) -> None:
    """Show how far the run is that this server started last, and how it ended; look again from time to time.

    Args:
        prefix: of the keys of the session.
    """
    run = engine_process.latest()
    if run is None:
        return
    if run.process.poll() is not None:
        _ended(run, prefix)
        return
    done, seconds = run.done(), run.seconds()
    left = f", about {_duration(seconds * (run.missing - done) / done)} left" if done else ""
    share = done / max(run.missing, 1)
    st.progress(share, f"{verbatim(run.grid)}: {done:,} of {run.missing:,} cells, {_duration(seconds)} so far{left}")
    if st.button("Cancel", icon=":material/stop:", help="Finished batches are kept."):
        engine_process.cancel(run)
    st.caption("Finished work appears on all pages automatically while the run goes on.")
    st.session_state[f"{prefix}_watching"] = run.process.pid


def _ended(run: engine_process.Run, prefix: str) -> None:
    if st.session_state.pop(f"{prefix}_watching", None) == run.process.pid:
        # The page around this fragment has to offer the next run, and to list this one.
        st.rerun()
    found = engine_process.summary(run)
    code = run.process.returncode
    if found is None or code == 1:
        st.error(f"The run of {verbatim(run.grid)} ended with an error (exit code {code}):", icon=":material/error:")
        st.code(run.said()[-2000:] or "It printed nothing.", language=None)
        return
    word = "was cancelled; finished batches are kept" if code == 130 else "is done"
    st.success(
        f"{verbatim(run.grid)} {word}: {found['cells_computed']:,} cells computed in {_duration(found['seconds'])}, "
        f"{found['cells_diverged']:,} of them diverged.",
        icon=":material/check:",
    )
