"""Files of published data sets are recognized in every form they come in, and others are not used."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from goldilocks.engine.data import datasets
from goldilocks.engine.data.cifar10 import Cifar10
from goldilocks.engine.data.fashion import Fashion
from goldilocks.engine.data.idx import FILES, read_idx
from goldilocks.engine.data.mnist import Mnist
from goldilocks.engine.errors import RequestError
from tests.engine.downloads.small_sets import assert_loaded, small

DEBIAN = Path(Fashion.system_folders[0])


@pytest.mark.parametrize("place", ["small", "FashionMNIST/raw", "."])
@pytest.mark.parametrize("level", [None, 1, 9])
def test_files_are_recognized_wherever_they_lie_and_however_they_are_compressed(folder, files, arrays, place, level):
    (folder / place).mkdir(parents=True)
    for name, content in files.items():
        if level is None:
            (folder / place / name).write_bytes(content)
        else:
            (folder / place / f"{name}.gz").write_bytes(gzip.compress(content, level))
    assert_loaded(small(files).load(), arrays)


def test_files_in_a_system_folder_are_recognized(tmp_path, files, arrays, monkeypatch):
    dataset = small(files)
    assert dataset.contents() is None
    for name, content in files.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    monkeypatch.setattr(type(dataset), "system_folders", (str(tmp_path),))
    assert_loaded(dataset.load(), arrays)


@pytest.mark.parametrize("damage", ["another file", "cut off", "no gzip"])
def test_files_that_are_not_the_published_ones_are_named_and_not_used(folder, files, damage):
    whole = gzip.compress(files[FILES[0]])
    wrong = {"another file": gzip.compress(files[FILES[2]]), "cut off": whole[:-20], "no gzip": files[FILES[0]]}
    (folder / "small").mkdir(parents=True)
    for name, content in files.items():
        (folder / "small" / f"{name}.gz").write_bytes(gzip.compress(content))
    (folder / "small" / f"{FILES[0]}.gz").write_bytes(wrong[damage])
    with pytest.raises(RequestError, match=rf"(?s)no connection.*Not used: .*{FILES[0]}.gz"):
        small(files).load()


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs the package dataset-fashion-mnist")
def test_debians_files_are_recognized_though_they_are_compressed_anew(monkeypatch):
    packed = DEBIAN / f"{FILES[2]}.gz"
    transfer = {form.name: form.checksum for (form,) in Fashion.published}[packed.name]
    assert transfer != f"md5:{hashlib.md5(packed.read_bytes()).hexdigest()}"
    monkeypatch.setattr(Fashion, "system_folders", (str(DEBIAN),))
    fashion, part = Fashion().load(), datasets.parse("fashion-small").load()
    first = np.concatenate([np.flatnonzero(fashion.train_y == c)[:600] for c in range(10)])
    assert np.array_equal(fashion.train_x[np.sort(first)], part.train_x)


@pytest.mark.parametrize("content", [b"", b"\0\0\x0d\x01", b"\0\0\x08\x01\0\0\0\x05abc", b"PK\x03\x04"])
def test_what_is_not_idx_is_refused(content):
    with pytest.raises(RequestError, match="here: "):
        read_idx(content, "here")


@pytest.mark.parametrize("dataset", [Fashion(), Mnist(), Cifar10()], ids=str)
def test_every_file_has_a_checksum_as_downloaded_and_as_read(dataset):
    for forms in type(dataset).published:
        for form in forms:
            assert form.url.startswith("http")
            for checksum in (form.checksum, *form.contents.values()):
                algorithm, digest = checksum.split(":")
                assert len(bytes.fromhex(digest)) == hashlib.new(algorithm).digest_size
