"""A request to end waits until what must not be torn is whole."""

import os
import signal
import threading

import duckdb
import pytest

from goldilocks.engine.execution.interruption import REQUESTS, deferred_interrupts, interruptible


@pytest.fixture(params=REQUESTS, ids=lambda request: request.name)
def ask(request):
    return lambda: os.kill(os.getpid(), request.param)


def test_it_waits_for_its_moment(ask):
    done = []
    with deferred_interrupts():
        ask()
        done.append("whole")
        with pytest.raises(KeyboardInterrupt), interruptible():
            done.append("begun")
    assert done == ["whole"]


def test_it_is_taken_at_once_where_it_is_welcome(ask):
    with deferred_interrupts(), pytest.raises(KeyboardInterrupt), interruptible():
        ask()


def test_who_asks_twice_does_not_wait(ask):
    with deferred_interrupts():
        ask()
        with pytest.raises(KeyboardInterrupt):
            ask()


def test_a_query_goes_on_meanwhile(ask):
    with deferred_interrupts(), duckdb.connect() as connection:
        timer = threading.Timer(0.05, ask)
        timer.start()
        added = connection.execute(
            "SELECT sum((a.range + b.range) % 2) FROM range(200_000) a, range(1_000) b"
        ).fetchone()
        timer.join()
        with pytest.raises(KeyboardInterrupt), interruptible():
            pass
    assert added == (100_000_000,)


def test_afterwards_everything_is_as_before():
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    with interruptible():
        pass


def test_other_threads_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def run():
        with deferred_interrupts(), interruptible():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
