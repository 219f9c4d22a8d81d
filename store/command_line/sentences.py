"""Warnings of a command as sentences on stderr, without the line of code that gave them, which is Python's way."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from goldilocks.store.command_line.printable import printable

# What a message may have besides characters that are seen.
LAYOUT = "\n\t"


def warnings_as_sentences() -> None:
    """Show every warning of this process like any other message; for a process that is a command."""
    warnings.showwarning = _show


def _show(message: Warning | str, *_: Any, **__: Any) -> None:
    if sys.stderr is not None:
        print(f"warning: {printable(str(message), LAYOUT)}", file=sys.stderr, flush=True)
