"""One writer at a time; the second is told who the first is, and a dead one's lock is free."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from goldilocks import store
from tests.store.builder import believable, write

HOLDER = """
import sys, store
with store.WriterLock(store.Layout.at(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(own):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(own.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_the_second_writer_is_told_who_the_first_is(own, holder):
    writer = store.writer(own)
    assert writer["pid"] == holder.pid
    message = f"process {holder.pid} on {writer['host']}, started {writer['started_at']}"
    for action in (lambda: store.WriterLock(own).__enter__(), lambda: store.publish(own)):
        with pytest.raises(store.StoreBusy) as refusal:
            action()
        assert message in str(refusal.value)


def test_readers_do_not_mind(own, holder):
    assert store.open(own).query("SELECT count(*) FROM cells").fetchall() == [(32,)]
    assert len(store.done_cells(own)) == 32


def test_the_lock_of_a_dead_process_is_free(own, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert own.writer_file.exists()
    assert store.writer(own) is None
    with store.WriterLock(own):
        assert store.writer(own)["pid"] != holder.pid


def test_the_lock_is_free_after_its_end_and_after_an_error(own):
    with pytest.raises(RuntimeError), store.WriterLock(own):
        raise RuntimeError
    assert store.writer(own) is None
    write(own.path, believable(1, 1, first_seed=9))


def test_the_lock_nests_within_a_process(own):
    with store.WriterLock(own):
        with store.WriterLock(own):
            pass
        assert store.writer(own) is not None
    assert store.writer(own) is None
