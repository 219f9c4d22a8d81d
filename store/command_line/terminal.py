"""What the commands say, where, and with which exit code they end."""

from __future__ import annotations

import codecs
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn, cast

import duckdb
import typer
from rich.console import Console

from goldilocks.store.command_line.printable import printable
from goldilocks.store.command_line.sentences import LAYOUT, warnings_as_sentences
from goldilocks.store.errors import StoreCorrupt, StoreError, StoreFailed, StoreInvalid
from goldilocks.store.files import durable

FAILED, REFUSED, INTERRUPTED = 1, 2, 130
_messages = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
# What a disk or the system answers, which DuckDB repeats in its own errors.
_BROKEN = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE)]


def main(app: Callable[..., Any], name: str) -> NoReturn:
    """Run a command line to its end, the last write to stdout included.

    Args:
        app: the commands.
        name: what they are called with.
    """
    for stream in (sys.stdout, sys.stderr):
        # None when it was closed before the start; a terminal's encoding may lack a character.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings_as_sentences()
    code: Any = 0
    try:
        for argument in sys.argv[1:]:
            text(argument)
        with interruptions():
            app(prog_name=name)
    except typer.Exit as end:
        code = end.exit_code
    except StoreInvalid as error:
        warn(str(error))
        code = REFUSED
    except SystemExit as end:
        code = end.code
    except BrokenPipeError:
        _abandon_stdout()
    except OSError as error:
        code = _report(error)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _abandon_stdout()
    except OSError as error:
        code = _report(error)
    raise SystemExit(code)


def say(line: object) -> None:
    """Print a result for people on stdout; nothing in it commands the terminal."""
    print(printable(str(line), LAYOUT))


def warn(line: object) -> None:
    """Print a message on stderr; nothing in it commands the terminal."""
    _messages.print(printable(str(line), LAYOUT))


class _Shown(io.RawIOBase):
    """A terminal to which results are written as text: what would command it is shown."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        """Write a part of the results."""
        sys.stdout.write(printable(self._decoder.decode(bytes(content)), LAYOUT))
        return len(content)


def text(argument: str) -> str:
    """Return what was typed, also in a locale that knows ASCII alone.

    Raises:
        StoreInvalid: when it is no text.
    """
    try:
        return argument if argument.isascii() else os.fsencode(argument).decode()
    except UnicodeEncodeError:
        return argument
    except UnicodeDecodeError:
        raise StoreInvalid(f"{argument!a} is not valid UTF-8") from None


@contextmanager
def sink(path: Path | None) -> Iterator[BinaryIO]:
    """Open what results are written to, in bytes.

    Args:
        path: a file, which is there only once it is whole; None means stdout, after what was printed.
    """
    try:
        if path is None:
            if sys.stdout is None:
                raise OSError(errno.EBADF, "it is closed")
            sys.stdout.flush()
            yield cast(BinaryIO, _Shown()) if sys.stdout.isatty() else sys.stdout.buffer
            sys.stdout.flush()
        elif path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
        else:
            with _whole(path.resolve()) as stream:
                yield stream
    except OSError as error:
        error.filename = str(path or "stdout")
        raise


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    aside = durable.temporary(path.parent, path.name)
    try:
        with aside.open("wb") as stream:
            yield stream
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def read_stdin() -> str:
    """Return the text on stdin.

    Raises:
        StoreInvalid: when there is no stdin, or no text on it.
    """
    if sys.stdin is None:
        raise StoreInvalid("stdin is closed: give the statement as an argument")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StoreInvalid("stdin is not valid UTF-8") from None


@contextmanager
def refusals() -> Iterator[None]:
    """Turn errors, and Ctrl-C, into a sentence on stderr and an exit code."""
    try:
        with interruptions():
            yield
    except (StoreCorrupt, StoreFailed) as error:
        leave(str(error), FAILED)
    except StoreError as error:
        leave(str(error), REFUSED)
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException) or any(reason in str(error) for reason in _BROKEN):
            leave(f"DuckDB failed: {error}", FAILED)
        leave(f"DuckDB rejects the statement: {error}", REFUSED)
    except BrokenPipeError:
        _abandon_stdout()
    except OSError as error:
        raise typer.Exit(_report(error)) from None


class _Request:
    """Whether somebody pressed Ctrl-C."""

    asked = False


def _take(number: int, frame: FrameType | None) -> None:
    _Request.asked = True
    signal.default_int_handler(number, frame)


@contextmanager
def interruptions() -> Iterator[None]:
    """End with a sentence when somebody presses Ctrl-C.

    DuckDB turns the exception of a signal into an error of its own, imports make others of it: whatever comes out after
    a request to end, the request is the reason. Where something else takes requests already, this does nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    free = threading.current_thread() is threading.main_thread() and before in (signal.default_int_handler, _take)
    if not free:
        yield
        return
    if before is not _take:
        _Request.asked = False
        signal.signal(signal.SIGINT, _take)
    try:
        yield
    except (typer.Exit, SystemExit):
        raise
    except BaseException:
        if not _Request.asked:
            raise
        leave("Interrupted: nothing that was stored is lost.", INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, before)


def _report(error: OSError) -> int:
    """Say what the system refused, and return the exit code."""
    _abandon_stdout()
    warn(f"{error.filename or 'stdout'}: {error.strerror or error}")
    return FAILED


def _abandon_stdout() -> None:
    """Let what is still to be written go nowhere: the interpreter would complain at its end."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(message: str, code: int) -> Any:
    """Say why and end with an exit code."""
    warn(message)
    raise typer.Exit(code)
