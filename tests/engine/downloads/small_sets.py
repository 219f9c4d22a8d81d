"""Small data sets in the formats of the published ones, as files and as archives."""

import gzip
import hashlib
import io
import pickle
import tarfile

import numpy as np

from goldilocks.engine.data.cifar10 import TRAINING, Cifar10
from goldilocks.engine.data.cifar_batches import PIXELS
from goldilocks.engine.data.fashion import Fashion
from goldilocks.engine.data.idx import idx_files
from goldilocks.engine.data.published import Published

# An address that nobody answers.
NOWHERE = "http://127.0.0.1:1"


def sha256(content):
    """Return a checksum as `Published` writes it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def idx(array):
    """Return an array of bytes as an idx file."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def packed(files):
    """Return files by name, compressed."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}


def small(files, base=NOWHERE):
    """Return a data set made of four idx files, published under an address."""
    checksums = {name: (sha256(gzip.compress(content, mtime=0)), sha256(content)) for name, content in files.items()}

    class Small(Fashion):
        name = "small"
        published = idx_files(base, checksums)

    return Small()


def assert_loaded(split, arrays):
    """Assert that a split holds these images and labels."""
    train_x, train_y, test_x, test_y = arrays
    assert np.array_equal(np.rint(split.train_x * 255), train_x.reshape(len(train_x), -1))
    assert np.array_equal(np.rint(split.test_x * 255), test_x.reshape(len(test_x), -1))
    assert np.array_equal(split.train_y, train_y)
    assert np.array_equal(split.test_y, test_y)
    assert (split.train_x.dtype, split.train_y.dtype) == (np.float32, np.int64)


def batches():
    """Return images and labels of each batch of a small CIFAR-10."""
    random = np.random.default_rng(1)
    names = (*TRAINING, "test_batch")
    return {
        name: (random.integers(0, 256, (6, PIXELS), np.uint8), random.integers(0, 10, 6, np.uint8)) for name in names
    }


def records(images, labels):
    """Return a batch in CIFAR's binary format."""
    return np.c_[labels, images].astype(np.uint8).tobytes()


def pickled(images, labels):
    """Return a batch in the format of its Python version."""
    return pickle.dumps({"data": images, "labels": labels.tolist(), "batch_label": "one"}, protocol=2)


def archive(members):
    """Return a compressed archive of files, the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"cifar-10-batches/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def cifar(monkeypatch, base=NOWHERE):
    """Return a small CIFAR-10, and the members of both its archives."""
    made = batches()
    binary = {f"{name}.bin": records(*batch) for name, batch in made.items()}
    python = {name: pickled(*batch) for name, batch in made.items()}
    forms = [
        Published(f"{base}/{kind}.tar.gz", sha256(archive(members)), {n: sha256(c) for n, c in members.items()})
        for kind, members in (("binary", binary), ("python", python))
    ]
    monkeypatch.setattr(Cifar10, "published", [forms])
    return Cifar10(), {"binary": binary, "python": python}
