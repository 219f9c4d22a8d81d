"""Data sets that are not shipped: recognized in every form they come in, downloaded whole or not at all."""

import gzip
import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.data import datasets
from engine.data.cifar10 import TRAINING, Cifar10
from engine.data.cifar_batches import PIXELS, read_pickle, read_records
from engine.data.digits import Digits
from engine.data.fashion import Fashion
from engine.data.idx import idx_files, read_idx
from engine.data.mnist import Mnist
from engine.data.published import Published
from engine.errors import RequestError
from store import open as open_store
from tests.engine import commands

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
DEBIAN = Path(Fashion.system_folders[0])
GRID = """
[[study]]
kind = "training"
dataset = "mnist"
init = "kaiming"
activation = "relu"
depth = 1
width = 8
batch_size = 8
steps = 1
lr = 0.1
"""


def sha256(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of data sets, not made yet; Debian's is out of sight."""
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(Fashion, "system_folders", ())
    return tmp_path / "data"


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    shapes = [(20, 28, 28), (20,), (10, 28, 28), (10,)]
    return [random.integers(0, 256 if len(shape) > 1 else 10, shape, np.uint8) for shape in shapes]


@pytest.fixture
def files(arrays):
    """The uncompressed files of a small data set by name."""
    return {name: idx(array) for name, array in zip(NAMES, arrays, strict=True)}


def small(files, base="http://127.0.0.1:1"):
    """Return a data set made of these files, published under an address that nobody answers."""
    checksums = {name: (sha256(gzip.compress(content, mtime=0)), sha256(content)) for name, content in files.items()}

    class Small(Fashion):
        name = "small"
        published = idx_files(base, checksums)

    return Small()


def assert_loaded(split, arrays):
    train_x, train_y, test_x, test_y = arrays
    assert np.array_equal(np.rint(split.train_x * 255), train_x.reshape(len(train_x), -1))
    assert np.array_equal(np.rint(split.test_x * 255), test_x.reshape(len(test_x), -1))
    assert np.array_equal(split.train_y, train_y)
    assert np.array_equal(split.test_y, test_y)
    assert (split.train_x.dtype, split.train_y.dtype) == (np.float32, np.int64)


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
    whole = gzip.compress(files[NAMES[0]])
    wrong = {"another file": gzip.compress(files[NAMES[2]]), "cut off": whole[:-20], "no gzip": files[NAMES[0]]}
    (folder / "small").mkdir(parents=True)
    for name, content in files.items():
        (folder / "small" / f"{name}.gz").write_bytes(gzip.compress(content))
    (folder / "small" / f"{NAMES[0]}.gz").write_bytes(wrong[damage])
    with pytest.raises(RequestError, match=rf"(?s)no connection.*Not used: .*{NAMES[0]}.gz"):
        small(files).load()


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs the package dataset-fashion-mnist")
def test_debians_files_are_recognized_though_they_are_compressed_anew(monkeypatch):
    packed = DEBIAN / f"{NAMES[2]}.gz"
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


def batches():
    random = np.random.default_rng(1)
    names = (*TRAINING, "test_batch")
    return {
        name: (random.integers(0, 256, (6, PIXELS), np.uint8), random.integers(0, 10, 6, np.uint8)) for name in names
    }


def records(images, labels):
    return np.c_[labels, images].astype(np.uint8).tobytes()


def pickled(images, labels):
    return pickle.dumps({"data": images, "labels": labels.tolist(), "batch_label": "one"}, protocol=2)


def archive(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"cifar-10-batches/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def cifar(monkeypatch, base="http://127.0.0.1:1"):
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


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves files; `fault` says what goes wrong with the second one."""

    def __init__(self, files, fault, *arguments):
        self.files, self.fault = files, fault
        super().__init__(*arguments)

    def do_GET(self):
        name = self.path.removeprefix("/")
        fault = self.fault if name == list(self.files)[1] else None
        content = self.files[name]
        if fault == "missing":
            return self.send_error(404)
        if fault == "corrupted":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "broken off" else content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    """Returns a function that serves files on 127.0.0.1 and returns the address."""
    servers = []

    def start(files, fault=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, files, fault))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def packed(files):
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}


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


def test_cifar_is_downloaded_and_read_without_being_unpacked(folder, monkeypatch, serve):
    dataset, members = cifar(monkeypatch)
    address = serve({"binary.tar.gz": archive(members["binary"]), "": b""})
    dataset, _ = cifar(monkeypatch, address)
    assert len(dataset.load().train_y) == 6 * len(TRAINING)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["binary.tar.gz"]


FAULTS = {"broken off": "broke off", "corrupted": "checksum differs", "missing": "answers 404"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_download_that_goes_wrong_leaves_nothing_half(folder, files, arrays, serve, fault):
    served = packed(files)
    dataset = small(files, serve(served, fault))
    bars = []
    with pytest.raises(RequestError, match=rf"(?s){FAULTS[fault]}.*connect to the network.*or put {NAMES[0]}.gz"):
        dataset.fetch(lambda name: bars.append(Bar(name)) or bars[-1])
    assert [bar.closed for bar in bars] == [True, True]
    left = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert left == {f"{NAMES[0]}.gz": served[f"{NAMES[0]}.gz"]}
    assert_loaded(small(files, serve(served)).load(), arrays)


def test_an_interrupted_download_leaves_nothing(folder, files, serve):
    class Impatient(Bar):
        def update(self, count):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(files, serve(packed(files))).fetch(Impatient)
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_damaged_file_in_the_cache_is_replaced(folder, files, arrays, serve):
    (folder / "small").mkdir(parents=True)
    (folder / "small" / f"{NAMES[1]}.gz").write_bytes(b"half of it")
    assert_loaded(small(files, serve(packed(files))).load(), arrays)


def test_offline_the_command_names_the_two_ways_and_starts_nothing(folder, tmp_path):
    (tmp_path / "mnist.toml").write_text(GRID)
    # A proxy that nobody listens at: every address is out of reach.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    store = tmp_path / "grid.duckdb"
    process = commands.start("run", tmp_path / "mnist.toml", "--store", store, env=os.environ | nowhere)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in err
    assert "Downloading train-images-idx3-ubyte.gz" in err
    assert "Either connect to the network" in err
    assert f"into {folder / 'mnist'}" in err
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert not store.exists() or open_store(store).query("SELECT * FROM runs").fetchall() == []


def test_data_is_asked_for_before_a_run_starts_and_only_for_what_is_to_be_computed(tmp_path, monkeypatch):
    import store

    path, grid = tmp_path / "grid.duckdb", engine.Grid.from_toml(GRID.replace("mnist", "digits"))

    def refuse(self, announce):
        raise RequestError("out of reach")

    monkeypatch.setattr(Digits, "fetch", refuse)
    with pytest.raises(RequestError, match="out of reach"):
        engine.run(grid, path)
    if path.exists():
        with store.open(path) as handle:
            assert handle.query("SELECT * FROM runs").fetchall() == []
    monkeypatch.undo()
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path))
    assert engine.run(grid, path)["cells_computed"] == 1
    monkeypatch.setattr(Digits, "fetch", refuse)
    assert engine.run(grid, path)["cells_cached"] == 1


@pytest.mark.parametrize("dataset", [Fashion(), Mnist(), Cifar10()], ids=str)
def test_every_file_has_a_checksum_as_downloaded_and_as_read(dataset):
    for forms in type(dataset).published:
        for form in forms:
            assert form.url.startswith("http")
            for checksum in (form.checksum, *form.contents.values()):
                algorithm, digest = checksum.split(":")
                assert len(bytes.fromhex(digest)) == hashlib.new(algorithm).digest_size
