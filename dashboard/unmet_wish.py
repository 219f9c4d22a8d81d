"""A wish that nothing in the store meets: which part of it fails, what is nearest, and how to measure it."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from goldilocks.dashboard import advice, cell_filters, compute, data, deep_links, engine_process, outlook, own_grid
from goldilocks.dashboard.wish import Nearest, Wish, given_up

PAGE = "what_should_i_use"
# Of the keys in the address.
PREFIX = "use"
ANY = "any"


def nothing_alike(wish: Wish, offered: cell_filters.Chosen) -> None:
    """Say which wishes nothing that was trained meets, what theory says, and what trains.

    Args:
        wish: the wishes.
        offered: the values of each axis among the networks that were trained.
    """
    with st.container(border=True, key="answer"):
        st.markdown("### Unknown")
        st.markdown(advice.nothing_alike(wish))
        failing = given_up(wish, offered["activation"])
        if failing:
            st.markdown(advice.failing(wish, failing))
            links = {
                f"Show the nearest with {advice.instead(name)}": _choices(wish, name, one)
                for name, one in failing.items()
            }
            deep_links.offer(PAGE, links)
        else:
            st.markdown("No single wish is to blame: at least two of them would have to be given up.")
        known = outlook.of_untrained(wish.theory.frame(), wish.norms or (), wish.width)
        if not known.empty:
            st.markdown("What mean-field theory expects of untrained networks with it:")
            st.markdown("\n".join(advice.outlooks(known)))
        what_trains(wish)


def _choices(wish: Wish, name: str, found: Nearest) -> dict[str, str | list[str]]:
    """Return the address of this page with the same wishes but one, which is what the nearest network has.

    Args:
        wish: the wishes.
        name: of the one that is given up.
        found: the nearest network without it.
    """
    tried = found.tried.frame()
    own = {"norms": list(dict.fromkeys(tried["norm"])), "optimizer": ANY, "dataset": ANY, **_of(found)}
    wanted = {**asdict(wish), name: own[name]}
    keys = {"norms": "norm"}
    return {f"{PREFIX}_{keys.get(key, key)}": _address(value) for key, value in wanted.items()}


def _of(found: Nearest) -> dict[str, Any]:
    return {axis: found.shape[axis] for axis in ("network", "activation")}


def _address(value: Any) -> str | list[str]:
    return [*map(str, value)] if isinstance(value, list) else ANY if value is None else str(value)


def measure(wish: Wish) -> None:
    """Offer to compute what is wanted.

    Args:
        wish: the wishes.
    """
    if not compute.offered() or not engine_process.installed():
        return
    st.markdown("#### Measure mine")
    usual = data.query("training_networks").iloc[0]
    shared = ("dataset", "preprocessing", "optimizer", "batch_size", "steps")
    plain = {axis: cell_filters.plain(usual[axis]) for axis in shared}
    st.markdown(
        "This grid trains what you asked for, under several initializations, rates and seeds; then it answers here."
    )
    wanted, key = own_grid.text(wish, plain), f"{PREFIX}_toml"
    # Another wish is another grid, whatever was written into that of the wish before.
    if key not in st.session_state or st.session_state.get(f"{PREFIX}_wanted") != wanted:
        st.session_state[f"{PREFIX}_wanted"] = st.session_state[key] = wanted
    text = st.text_area("Grid (TOML); lists are crossed", height=390, key=key)
    if compute.elsewhere():
        return
    if engine_process.running() is None:
        compute.buttons(compute.OWN, text, data.version(), PREFIX, name="wishes")
    if engine_process.latest() is not None:
        compute.watch(PREFIX)


def measuring() -> None:
    """Show how far a run is that may still add to an answer."""
    if compute.offered() and engine_process.running() is not None:
        st.caption("More is being computed, so this answer may change.")
        compute.watch(PREFIX)


def what_trains(wish: Wish) -> None:
    """Name what trains nearest to what was asked for: with what is allowed, and at this depth.

    Args:
        wish: the wishes.
    """
    found = {
        "As asked for, but of another shape": wish.of_another_shape.head(1),
        "As deep as asked for": wish.as_deep.head(1),
    }
    lines = [advice.what_trains(label, rows.iloc[0]) for label, rows in found.items() if not rows.empty]
    if lines:
        st.markdown("What does train here:")
        st.markdown("\n".join(lines))
    else:
        st.markdown("No network of this kind trains in this store.")
