"""CIFAR-10 in its two formats, packed and not."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from goldilocks.engine.data.cifar10 import TRAINING
from goldilocks.engine.data.cifar_batches import read_pickle, read_records
from goldilocks.engine.errors import RequestError
from tests.engine.downloads.small_sets import archive, batches, cifar


@pytest.mark.parametrize("kind", ["binary", "python"])
@pytest.mark.parametrize("packed", [True, False])
def test_cifar_is_read_from_either_format_packed_or_not(folder, monkeypatch, kind, packed):
    dataset, members = cifar(monkeypatch)
    place = folder / ("cifar10" if packed else f"cifar-10-batches-{'bin' if kind == 'binary' else 'py'}")
    place.mkdir(parents=True)
    for name, content in ({f"{kind}.tar.gz": archive(members[kind])} if packed else members[kind]).items():
        (place / name).write_bytes(content)
    split, made = dataset.load(), batches()
    # Published plane by plane; as networks take images, each pixel holds its three colours.
    planes = np.concatenate([made[name][0] for name in TRAINING]).reshape(-1, 3, 32, 32)
    assert np.array_equal(np.rint(split.train_x * 255).reshape(-1, 32, 32, 3), planes.transpose(0, 2, 3, 1))
    assert np.array_equal(split.train_y, np.concatenate([made[name][1] for name in TRAINING]))
    red = np.rint(split.test_x * 255).reshape(-1, 32 * 32, 3)[:, :, 0]
    assert np.array_equal(red, made["test_batch"][0][:, : 32 * 32])
    assert split.train_y.dtype == np.int64


def test_an_archive_that_lacks_a_file_or_is_cut_off_is_not_used(folder, monkeypatch):
    dataset, members = cifar(monkeypatch)
    (folder / "cifar10").mkdir(parents=True)
    path = folder / "cifar10" / "binary.tar.gz"
    path.write_bytes(archive({name: c for name, c in members["binary"].items() if name != "test_batch.bin"}))
    with pytest.raises(RequestError, match=r"lacks test_batch\.bin"):
        dataset.load()
    path.write_bytes(archive(members["binary"])[:-500])
    with pytest.raises(RequestError, match="cannot be read"):
        dataset.load()


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize("content", [pickle.dumps(Malicious()), pickle.dumps({"data": Malicious()}), b"", b"\x80\x02."])
def test_a_pickle_can_make_arrays_and_nothing_else(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match="here: not a batch"):
        read_pickle(content, "here")
    assert not Path("made-by-a-pickle").exists()


def test_records_of_the_wrong_length_are_refused():
    with pytest.raises(RequestError, match="whole number of records"):
        read_records(b"\0" * 3000, "here")


def test_cifar_is_downloaded_and_read_without_being_unpacked(folder, monkeypatch, serve):
    dataset, members = cifar(monkeypatch)
    address = serve({"binary.tar.gz": archive(members["binary"]), "": b""})
    dataset, _ = cifar(monkeypatch, address)
    assert len(dataset.load().train_y) == 6 * len(TRAINING)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["binary.tar.gz"]
