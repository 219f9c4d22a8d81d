"""A request to end waits until what must not be torn is whole."""

import os
import signal
import threading

import duckdb
import pytest

from goldilocks.engine.execution.interruption import REQUESTS, deferred, welcome


@pytest.fixture(params=REQUESTS, ids=lambda request: request.name)
def ask(request):
    return lambda: os.kill(os.getpid(), request.param)


def test_it_waits_for_its_moment(ask):
    done = []
    with deferred():
        ask()
        done.append("whole")
        with pytest.raises(KeyboardInterrupt), welcome():
            done.append("begun")
    assert done == ["whole"]


def test_it_is_taken_at_once_where_it_is_welcome(ask):
    with deferred(), pytest.raises(KeyboardInterrupt), welcome():
        ask()


def test_who_asks_twice_does_not_wait(ask):
    with deferred():
        ask()
        with pytest.raises(KeyboardInterrupt):
            ask()


def test_a_query_goes_on_meanwhile(ask):
    with deferred(), duckdb.connect() as connection:
        timer = threading.Timer(0.05, ask)
        timer.start()
        added = connection.execute(
            "SELECT sum((a.range + b.range) % 2) FROM range(200_000) a, range(1_000) b"
        ).fetchone()
        timer.join()
        with pytest.raises(KeyboardInterrupt), welcome():
            pass
    assert added == (100_000_000,)


def test_afterwards_everything_is_as_before():
    before = signal.getsignal(signal.SIGINT)
    with deferred():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    with welcome():
        pass


def test_other_threads_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def run():
        with deferred(), welcome():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
