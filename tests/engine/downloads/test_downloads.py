"""Data sets are downloaded whole or not at all."""

import gzip

import pytest

from goldilocks.engine.data.idx import FILES
from goldilocks.engine.errors import RequestError
from tests.engine.downloads.small_sets import assert_loaded, packed, small

FAULTS = {"broken off": "broke off", "corrupted": "checksum differs", "missing": "answers 404"}


class Bar:
    """A progress bar that remembers."""

    total = 0

    def __init__(self, name):
        self.name, self.count, self.closed = name, 0, False

    def update(self, count):
        self.count += count

    def reset(self):
        self.count = 0

    def close(self):
        self.closed = True


def test_what_is_missing_is_downloaded_once_with_a_bar(folder, files, arrays, serve):
    served = packed(files)
    dataset = small(files, serve(served))
    bars = []
    dataset.fetch(lambda name: bars.append(Bar(name)) or bars[-1])
    assert [bar.name for bar in bars] == list(served)
    assert all(bar.closed and bar.count == bar.total == len(served[bar.name]) for bar in bars)
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == sorted(served)
    assert_loaded(small(files).load(), arrays)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_download_that_goes_wrong_leaves_nothing_half(folder, files, arrays, serve, fault):
    served = packed(files)
    dataset = small(files, serve(served, fault))
    bars = []
    with pytest.raises(RequestError, match=rf"(?s){FAULTS[fault]}.*connect to the network.*or put {FILES[0]}.gz"):
        dataset.fetch(lambda name: bars.append(Bar(name)) or bars[-1])
    assert [bar.closed for bar in bars] == [True, True]
    left = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert left == {f"{FILES[0]}.gz": served[f"{FILES[0]}.gz"]}
    assert_loaded(small(files, serve(served)).load(), arrays)


def test_an_interrupted_download_leaves_nothing(folder, files, serve):
    class Impatient(Bar):
        def update(self, count):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(files, serve(packed(files))).fetch(Impatient)
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("damage", ["half of it", "one bit"])
def test_a_damaged_file_in_the_cache_is_replaced(folder, files, arrays, serve, damage):
    (folder / "small").mkdir(parents=True)
    whole = files[FILES[1]]
    # Compressed anew, so that the format has nothing to object to.
    other = gzip.compress(whole[:-1] + bytes([whole[-1] ^ 1]))
    (folder / "small" / f"{FILES[1]}.gz").write_bytes(other if damage == "one bit" else b"half of it")
    assert_loaded(small(files, serve(packed(files))).load(), arrays)
