"""Stores in odd places: without symbolic links, pointers that are none, odd names, other users, full disks."""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
import subprocess

import pytest

from goldilocks import store
from goldilocks.store.checks.check import check
from goldilocks.store.files import durable
from goldilocks.store.repairs.repair import repair
from tests import warm
from tests.store.builder import believable, write
from tests.store.test_lock import holder

__all__ = ["holder"]


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_links_is_refused_before_anything_is_written(tmp_path, monkeypatch, code):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "symlink", refuse)
    monkeypatch.setattr(pathlib.Path, "symlink_to", refuse)
    with pytest.raises(store.StoreInvalid, match=r"symbolic links\. Choose another place"):
        write(tmp_path / "grid.duckdb", believable(1, 1))
    assert store.journal.entries(store.Layout.at(tmp_path / "grid.duckdb")) == []
    assert store.writer(store.Layout.at(tmp_path / "grid.duckdb")) is None


def test_a_pointer_that_became_a_copy_of_a_snapshot_is_made_a_pointer_again(own, contents):
    before, target = contents(own), own.resolve()
    own.path.unlink()
    shutil.copy(target, own.path)
    assert any("a regular file" in finding.detail for finding in check(own) if not finding.holds)
    list(repair(own))
    assert own.path.is_symlink()
    assert contents(own) == before


@pytest.mark.parametrize(
    "give",
    [
        lambda layout: list(repair(layout)),
        lambda layout: list(repair(layout, rebuild=True)),
        store.publish,
        lambda layout: write(layout.path, believable(1, 1)),
    ],
    ids=["repair", "rebuild", "publish", "write"],
)
def test_beside_a_database_of_somebody_else_nothing_is_made_or_moved(own, tmp_path, give):
    theirs = tmp_path / "theirs" / "theirs.duckdb"
    theirs.parent.mkdir()
    shutil.copy(own.resolve(), theirs)
    durable.log_of(theirs).write_bytes(b"what their program has not put into the file yet")
    before = {path.name: path.read_bytes() for path in theirs.parent.iterdir()}
    with pytest.raises(store.StoreInvalid, match="a regular file, not the pointer of a store, and is not overwritten"):
        give(store.Layout.at(theirs))
    assert {path.name: path.read_bytes() for path in theirs.parent.iterdir()} == before


def test_a_database_with_a_log_of_somebody_else_is_not_to_be_repaired(own, tmp_path):
    theirs = tmp_path / "theirs.duckdb"
    shutil.copy(own.resolve(), theirs)
    durable.log_of(theirs).write_bytes(b"log")
    with pytest.raises(store.StoreChanged, match=r"opened the file for writing\. Close the file there") as refused:
        store.open(theirs)
    assert "repair" not in str(refused.value)


@pytest.mark.parametrize("linked", [True, False], ids=["pointer", "copy"])
def test_a_damaged_file_of_a_store_is_rebuilt_from_the_journal_whatever_its_pointer_became(own, contents, linked):
    before = contents(own)
    store.publish(own, anew=True)
    content = bytearray(own.resolve().read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    if not linked:
        own.path.unlink()
        own.path.touch()
    own.resolve().chmod(0o644)
    own.resolve().write_bytes(content)
    with pytest.warns(store.StoreWarning, match=r"store check --repair .* rebuilds it from the journal\. Snapshot 0"):
        assert contents(own) == before


def test_a_damaged_file_that_is_no_store_has_no_journal_to_be_rebuilt_from(own, tmp_path):
    theirs = tmp_path / "theirs.duckdb"
    content = bytearray(own.resolve().read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    theirs.write_bytes(content)
    with pytest.raises(store.StoreCorrupt, match="There is no journal from which it could be rebuilt") as refused:
        store.open(theirs)
    assert "repair" not in str(refused.value)


@pytest.mark.parametrize("length", [1, 2])
def test_a_pointer_that_leads_back_to_itself_is_said_and_mended(own, contents, length):
    before = contents(own)
    own.path.unlink()
    if length == 2:
        other = own.path.with_name("other")
        other.symlink_to(own.path.name)
        own.path.symlink_to(other.name)
    else:
        own.path.symlink_to(own.path.name)
    with pytest.raises(store.StoreMissing, match="leads back to itself"):
        own.resolve()
    store.publish(own)
    assert contents(own) == before


@pytest.mark.parametrize("folder", ["a*b[c]", "it's", "ä ö", "x.store", "100%", "a;b", "#1"])
def test_odd_names_of_folders(tmp_path, folder):
    (tmp_path / folder).mkdir()
    layout = write(tmp_path / folder / "g*'.duckdb", believable(1, 1))
    write(layout.path, believable(1, 1, first_seed=4))
    assert [finding for finding in check(layout) if not finding.holds] == []
    assert len(store.done_cells(layout)) == 4


@pytest.mark.parametrize("name", ["what?/grid.duckdb", "grid?.duckdb", "a?b=c.duckdb"])
def test_a_question_mark_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(store.StoreInvalid, match="contains a question mark"):
        write(tmp_path / name, believable(1, 1))
    assert list(tmp_path.iterdir()) == []


def test_who_writes_is_seen_by_users_who_may_not_write(own, holder, monkeypatch):
    opened = os.open

    def for_reading(path, flags, *arguments, **options):
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", for_reading)
    assert store.writer(own)["pid"] == holder.pid


FULL = """
import sys
from goldilocks.store.files import durable
from goldilocks.store.__main__ import app
def fail(*_):
    raise OSError(28, "No space left on device")
durable.copy = fail
app(sys.argv[1:], prog_name="store")
"""


def test_a_full_disk_is_a_failure_and_not_a_wrong_request(own):
    write(own.path, believable(1, 1, first_seed=50), published=False)
    done = warm.run("-c", FULL, "publish", "--store", own.path, text=True)
    assert done.returncode == 1, done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert durable.TEMPORARY not in "".join(os.listdir(own.snapshots))


def test_clean_keeps_results_and_distclean_asks(tmp_path):
    shutil.copy(pathlib.Path(__file__).parents[2] / "Makefile", tmp_path)
    for place in (tmp_path / "data" / "results", tmp_path / ".venv", tmp_path / "store" / "__pycache__"):
        place.mkdir(parents=True)

    def make(target: str, answer: str) -> int:
        return subprocess.run(["make", target], cwd=tmp_path, input=answer, text=True, capture_output=True).returncode

    assert make("clean", "") == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["Makefile", "data", "store"]
    assert list((tmp_path / "store").iterdir()) == []
    for answer in ("", "no\n", "y\n"):
        assert make("distclean", answer) != 0
        assert (tmp_path / "data" / "results").exists()
    assert make("distclean", "yes\n") == 0
    assert not (tmp_path / "data").exists()
