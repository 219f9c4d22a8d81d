"""What need not last is gone when its process has ended, at the latest when the next one starts."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from goldilocks.store.files.scratch import scratch

HOLDER = """
import sys, time
from pathlib import Path
from goldilocks.store.files.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "file").write_text("something")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_is_there_and_then_gone(tmp_path):
    with scratch(tmp_path) as folder:
        assert list(folder.iterdir()) == []
        (folder / "file").write_text("something")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), scratch(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(tmp_path, holder):
    (tmp_path / "goldilocks-of-somebody-else").mkdir()
    with scratch(tmp_path) as mine:
        files = sorted(path.read_text() for path in tmp_path.glob("goldilocks-*/files/file"))
        assert (files, mine.exists()) == (["something"], True)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(list(tmp_path.glob("goldilocks-*/files"))) == 1
    with scratch(tmp_path) as mine:
        assert list(tmp_path.glob("goldilocks-*/files")) == [mine]
    assert [path.name for path in tmp_path.iterdir()] == ["goldilocks-of-somebody-else"]
