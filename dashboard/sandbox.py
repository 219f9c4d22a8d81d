"""Running SQL that a reader typed: read-only, alone with the snapshot, bounded in memory, rows and time.

The statement runs in a process of its own. DuckDB's own limits do not hold inside a single function call, such as one
that builds a string of gigabytes; a process can always be limited and ended.
"""

import atexit
import importlib
import json
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from goldilocks import store
from goldilocks.dashboard import interpreter
from goldilocks.dashboard.exact import shown

MOST_ROWS = 10_000
MOST_SECONDS = 10.0
QUERY_MEMORY = "1GB"
PROCESS_MEMORY = 4 * 2**30
# What the server takes in, keeps and sends to a browser.
MOST_BYTES = 16 * 2**20
# Statements at once, of all readers: each may take the memory above.
MOST_AT_ONCE = 4
ROWS_AT_ONCE = 2048
_REFUSED = 3
# Where this program lies.
_PROGRAM = {interpreter.FOLDER, Path(__file__).resolve().parents[1]}
# Names of DuckDB's, wherever they stand in a statement: they show paths of this server, or run texts as SQL.
HIDDEN = (
    "duckdb_databases",
    "duckdb_settings",
    "duckdb_extensions",
    "duckdb_secrets",
    "duckdb_logs",
    "pragma_database_list",
    "current_setting",
    "query_table",
    "json_execute_serialized_sql",
    "sql_auto_complete",
)
_NESTED = re.compile(r"\bquery\"?(?:\s|/\*.*?\*/|--[^\n]*)*\(", re.IGNORECASE | re.DOTALL)
_PIVOT = re.compile(r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*(?:PIVOT|FROM|SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
# A full path, which may have spaces where it stands in quotes; neither a division nor the address of a page.
_PATH = re.compile(
    r"""(?<=")(?:~?/|[A-Za-z]:[\\/])[^"\n]+(?=")|(?<=')(?:~?/|[A-Za-z]:[\\/])[^'\n]+(?=')"""
    r"""|(?:(?<![\w/.)\]…])~?|(?<=://))/[\w.][^\s"'`,;:()\[\]]*|(?<!\w)[A-Za-z]:\\[^\s"'`,;]+"""
)


@dataclass(frozen=True)
class Answer:
    """What a statement gave.

    Attributes:
        frame: at most MOST_ROWS rows, as they are shown.
        cut: whether there were more.
        rows: the same rows with every digit, for files.
    """

    frame: pd.DataFrame
    cut: bool
    rows: pa.Table


class Refused(Exception):
    """The statement was not carried out to its end; the message says why, for the reader."""


class Busy(Refused):
    """It was not even begun: too many readers ask at the same time."""


def ask(sql: str, seconds: float = MOST_SECONDS, rows: int = MOST_ROWS) -> Answer:
    """Run one statement on the newest snapshot.

    Args:
        sql: what the reader typed.
        seconds: after this time the statement is stopped.
        rows: at most this many rows are fetched.

    Raises:
        Refused: no statement or several, an error in it, something it may not do, too much time or memory.
        Busy: too many readers ask at the same time.
        StoreError: there is no store.
    """
    with store.open() as handle:
        request = json.dumps({"sql": sql, "rows": rows, "store": str(handle.path)})
    if not _turns.acquire(timeout=seconds):
        raise Busy("The server is busy with other readers' questions. Try again in a moment.")
    try:
        return _answer(request, seconds, rows)
    finally:
        _turns.release()


def _answer(request: str, seconds: float, rows: int) -> Answer:
    with _spare.take() as child:
        try:
            answer, problem = child.communicate(request.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Refused(f"The statement took longer than {seconds:g} seconds and was stopped.") from None
    if child.returncode == _REFUSED:
        raise Refused(problem.decode(errors="replace").strip())
    if child.returncode < 0:
        raise Refused("The statement ran out of memory and was stopped.")
    if child.returncode != 0:
        sys.stderr.write(problem.decode(errors="replace"))
        raise Refused("The statement failed; the server's log says why.")
    # No pickle: should a statement ever get the better of the other process, this one still only reads numbers.
    table = pa.ipc.open_stream(answer).read_all()
    fetched = table.slice(0, rows)
    return Answer(shown(fetched), table.num_rows > rows, fetched)


class _Spare:
    """One process that has loaded everything and waits for a statement, so that nobody waits for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen | None = None
        self._guard = threading.Lock()
        atexit.register(self._end)

    def take(self) -> subprocess.Popen:
        """Return the waiting process, or a new one, and let the next one get ready."""
        with self._guard:
            child, self._child = self._child, _start()
        return child if child is not None and child.poll() is None else _start()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()


def _start() -> subprocess.Popen:
    pipe = subprocess.PIPE
    command = interpreter.module("goldilocks.dashboard.sandbox")
    return subprocess.Popen(command, cwd=interpreter.FOLDER, stdin=pipe, stdout=pipe, stderr=pipe)


_spare = _Spare()
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (PROCESS_MEMORY, PROCESS_MEMORY))
    except (ImportError, ValueError, OSError):
        # No such limit on this system: DuckDB's own limit and the time limit remain.
        return


def _check(sql: str) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise Refused(str(error)) from None
    if len(statements) != 1:
        raise Refused(f"Only one statement at a time is allowed; this text has {len(statements)}.")
    # A PIVOT whose columns are yet to be found is several statements to DuckDB.
    pivots = statements[0].type == duckdb.StatementType.MULTI and _PIVOT.match(sql)
    if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN) and not pivots:
        raise Refused("Only SELECT, FROM, PIVOT, DESCRIBE, SUMMARIZE and EXPLAIN are allowed.")


def _refuse_hidden(sql: str) -> None:
    """Refuse what would show where files are on this server, or run a text that was put together."""
    found = next((name for name in HIDDEN if name in sql.lower()), None)
    if found is None and _NESTED.search(sql):
        found = "query"
    if found:
        raise Refused(f"{found} is not allowed here: it is about how the server is set up, not about results.")


def _fetch(result: duckdb.DuckDBPyConnection, rows: int) -> bytes:
    """Return at most one row more than wanted, as an Arrow stream."""
    reader, sink, count = result.to_arrow_reader(ROWS_AT_ONCE), pa.BufferOutputStream(), 0
    assert reader is not None, "a SELECT has rows, if only none"
    with pa.ipc.new_stream(sink, reader.schema) as stream:
        for batch in reader:
            stream.write_batch(batch.slice(0, rows + 1 - count))
            count += batch.num_rows
            if count > rows or sink.tell() > MOST_BYTES:
                break
    return sink.getvalue().to_pybytes()


def _without_paths(text: str, path: Path) -> str:
    """Return what DuckDB says without any place on this server: where the store is, and every other full path."""
    whole = path.resolve()
    known = {path, whole, path.parent, whole.parent, whole.parent.parent, *_PROGRAM, Path.home()}
    # The longest first; and neither "/" nor ".", which would take every such character out of a sentence.
    for place in sorted((str(one) for one in known if len(one.parts) > 1), key=len, reverse=True):
        text = text.replace(place, "…")
    return _PATH.sub("…", text)


def _child() -> int:
    """Answer the one request on standard input: an Arrow stream on standard output, or a sentence and _REFUSED."""
    _limit_memory()
    importlib.import_module("goldilocks.store.reading.sandbox")
    text = sys.stdin.read()
    if not text:
        return 0
    request = json.loads(text)
    try:
        # Here and not in the server: some texts take long merely to be read.
        _check(request["sql"])
        _refuse_hidden(request["sql"])
        with store.sandboxed(request["store"], memory_limit=QUERY_MEMORY) as connection:
            answer = _fetch(connection.execute(request["sql"]), request["rows"])
    except (Refused, store.StoreError, duckdb.Error, pa.ArrowException, MemoryError, OverflowError) as error:
        said = _without_paths(str(error), Path(request["store"]))
        print(said or "The statement ran out of memory.", file=sys.stderr)
        return _REFUSED
    if len(answer) > MOST_BYTES:
        print(
            f"The answer is larger than {MOST_BYTES // 2**20} MB. Ask for fewer rows or shorter texts.", file=sys.stderr
        )
        return _REFUSED
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(_child())
