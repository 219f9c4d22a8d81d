"""The commands that a page suggests, for the store that the page is about."""

import os
import shlex

import streamlit as st

from goldilocks import store
from goldilocks.dashboard import engine_process
from goldilocks.store.layout import DEFAULT_PATH, ENVIRONMENT_VARIABLE

# What `goldilocks dashboard` was told to serve; not set where it chose the store itself.
GIVEN = "GOLDILOCKS_STORE_GIVEN"
COMING = "A run is in progress: new results appear here automatically."


def command(words: str) -> str:
    """Return a command line.

    A store that `--store` named is named in it; not to strangers, who are not told where files lie.

    Args:
        words: the command with its arguments, for instance run demo.
    """
    given = os.environ.get(GIVEN)
    shown = given and engine_process.offered(st.get_option("server.address"), st.context.headers)
    return f"goldilocks {words} --store {shlex.quote(given)}" if given and shown else f"goldilocks {words}"


def keeping(words: str) -> str:
    """Return a command line that names the store in any case, for commands that keep nothing unless one is named.

    Args:
        words: the command with its arguments.
    """
    if "--store" in (named := command(words)):
        return named
    local = engine_process.offered(st.get_option("server.address"), st.context.headers)
    file = os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_PATH if local else "FILE"
    return f"{named} --store {shlex.quote(file)}"


def coded(words: str) -> str:
    """Return a command line as it stands in a sentence; see `command`."""
    # The path comes from whoever started the server, and may hold what ends a piece of code.
    return f"`{command(words).replace('`', chr(39))}`"


def running() -> bool:
    """Tell whether a run is in progress."""
    return bool(store.writer(store.Layout.at()))


def remedy(words: str, effect: str) -> str:
    """Return the sentence that says how results come about that a page lacks: wait for a run, or start one.

    Args:
        words: a command that computes them; see `command`.
        effect: what it is for, such as to compute them.
    """
    return COMING if running() else f"Run {coded(words)} {effect}."
