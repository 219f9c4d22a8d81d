"""Running SQL that a reader typed: read-only, alone with the snapshot, bounded in memory, rows and time."""

import threading
from dataclasses import dataclass

import duckdb
import pandas as pd

import store

MOST_ROWS = 10_000
MOST_SECONDS = 10.0
MEMORY = "1GB"


@dataclass(frozen=True)
class Answer:
    """What a statement gave.

    Attributes:
        frame: at most MOST_ROWS rows.
        cut: whether there were more.
    """

    frame: pd.DataFrame
    cut: bool


class Refused(Exception):
    """The statement was not carried out to its end; the message says why, for the reader."""


def ask(sql: str, seconds: float = MOST_SECONDS, rows: int = MOST_ROWS) -> Answer:
    """Run one statement on the newest snapshot.

    Args:
        sql: what the reader typed.
        seconds: after this time the statement is interrupted.
        rows: at most this many rows are fetched.

    Raises:
        Refused: no statement or several, an error in it, something it may not do, or too much time or memory.
        StoreError: there is no store.
    """
    connection = store.sandboxed(memory_limit=MEMORY)
    expired = threading.Event()

    def interrupt() -> None:
        expired.set()
        connection.interrupt()

    timer = threading.Timer(seconds, interrupt)
    try:
        statement = _single(connection, sql)
        timer.start()
        return _fetch(connection, statement, rows)
    except duckdb.Error as error:
        if expired.is_set():
            raise Refused(f"The statement took longer than {seconds:g} seconds and was stopped.") from None
        raise Refused(str(error)) from None
    finally:
        timer.cancel()
        connection.close()


def _single(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise Refused(f"One statement at a time, please; these are {len(statements)}.")
    if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise Refused("Only questions are answered here (SELECT, FROM, DESCRIBE, EXPLAIN): nothing can be changed.")
    return statements[0]


def _fetch(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, rows: int) -> Answer:
    result = connection.execute(statement)
    chunks: list[pd.DataFrame] = []
    found = 0
    while found <= rows:
        chunk = result.fetch_df_chunk()
        if chunk.empty and chunks:
            break
        chunks.append(chunk)
        found += len(chunk)
        if chunk.empty:
            break
    frame = pd.concat(chunks, ignore_index=True)
    return Answer(frame.head(rows), len(frame) > rows)
