"""What the commands say, where, and with which exit code they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import typer
from rich.console import Console

from store.errors import StoreCorrupt, StoreError, StoreFailed

FAILED, REFUSED = 1, 2
messages = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def write(content: bytes) -> None:
    """Writes bytes to stdout, after what was printed."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@contextmanager
def refusals() -> Iterator[None]:
    """Turns errors into a sentence on stderr and an exit code."""
    try:
        yield
    except (StoreCorrupt, StoreFailed) as error:
        leave(str(error), FAILED)
    except StoreError as error:
        leave(str(error), REFUSED)
    except duckdb.Error as error:
        leave(f"DuckDB refuses the statement: {error}", REFUSED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        leave(f"{error.filename or 'the file system'}: {error.strerror}", FAILED)


def leave(message: str, code: int) -> Any:
    """Says why and ends with an exit code."""
    messages.print(message)
    raise typer.Exit(code)
