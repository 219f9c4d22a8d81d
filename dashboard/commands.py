"""The commands that a page suggests, for the store that the page is about."""

import os
import shlex

import streamlit as st

from goldilocks.dashboard import engine_process

# What `goldilocks dashboard` was told to serve; not set where it chose the store itself.
GIVEN = "GOLDILOCKS_STORE_GIVEN"


def command(words: str) -> str:
    """Return a command line.

    A store that `--store` named is named in it; not to strangers, who are not told where files lie.

    Args:
        words: the command with its arguments, for instance run demo.
    """
    given = os.environ.get(GIVEN)
    shown = given and engine_process.offered(st.get_option("server.address"), st.context.headers)
    return f"goldilocks {words} --store {shlex.quote(given)}" if given and shown else f"goldilocks {words}"


def coded(words: str) -> str:
    """Return a command line as it stands in a sentence; see `command`."""
    # The path comes from whoever started the server, and may hold what ends a piece of code.
    return f"`{command(words).replace('`', chr(39))}`"
