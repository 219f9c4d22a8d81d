"""Grey images of the user's own, in the four files of MNIST's format: nobody has published what they should be."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import model_validator

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets
from goldilocks.engine.data.downloaded import data_folder
from goldilocks.engine.data.idx import FILES, read_idx, split_of
from goldilocks.engine.data.published import NotPublished, content
from goldilocks.engine.errors import RequestError

DIGEST_LENGTH = 16


@datasets.register
class Own(Dataset):
    """Images and labels from a folder; what is in it is part of the identity of a cell, not where it lies.

    Attributes:
        folder: absolute, or below the folder of data sets; `~` is one's home. Where it is not given, the folders that
            this process knows and those below the folder of data sets are searched for the digest.
        digest: first digits of the SHA-256 of the four uncompressed files; computed where it is not given.
    """

    name = "own"
    incidental = ("folder",)
    card = Card(
        "Your own images",
        "square grey images and labels in four idx files, values 0 to 1",
        "LeCun, Bottou, Bengio & Haffner 1998 (the format)",
        notes="Not checked against a published checksum; the name in the store carries their digest, not their folder. "
        "A folder is refused when its content does not have the requested digest.",
    )

    folder: str
    digest: str = ""

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what is missing of folder and digest, or compare the two."""
        folder, digest = values.get("folder"), values.get("digest")
        if folder is None and isinstance(digest, str) and digest:
            return values | {"folder": str(_found(digest))}
        if not isinstance(folder, str):
            return values
        if not _folders_are_named.get():
            raise RequestError(
                f"the folder {folder!r} is not read: a store, or a grid with --confined, may refer to images by their "
                "digest only, own(digest='…')"
            )
        path = _absolute(folder)
        actual = _digest(path)
        if (digest or actual) != actual:
            raise RequestError(f"{path} holds files with the digest {actual!r}, not {digest!r}: they have changed")
        _known[path] = None
        return values | {"digest": actual}

    @property
    def remark(self) -> str | None:
        """That nobody vouches for these files."""
        return f"{self}, {self.folder}: your own files, not checked against a published checksum"

    @property
    def features(self) -> int | None:  # type: ignore[override]
        """Number of pixels of an image."""
        return self._arrays[0][0].size

    @property
    def image(self) -> tuple[int, int] | None:  # type: ignore[override]
        """Side and channels of an image."""
        return self._arrays[0].shape[1], 1

    @property
    def classes(self) -> int:  # type: ignore[override]
        """Number of classes."""
        return int(self._arrays[1].max()) + 1

    @property
    def train_size(self) -> int:  # type: ignore[override]
        """Number of training images."""
        return len(self._arrays[0])

    @property
    def test_size(self) -> int:  # type: ignore[override]
        """Number of test images."""
        return len(self._arrays[2])

    @property
    def fewest(self) -> int:  # type: ignore[override]
        """Training images of the smallest class."""
        return int(np.bincount(self._arrays[1]).min())

    @property
    def _arrays(self) -> list[np.ndarray]:
        return _read(_absolute(self.folder), self.digest)

    def load(self) -> Split:
        """Return the images, scaled to between 0 and 1."""
        return split_of(self._arrays)


# Folders that held such images, in the order in which they were named.
_known: dict[Path, None] = {}
_folders_are_named: ContextVar[bool] = ContextVar("folders_are_named", default=True)


def know(folder: str) -> None:
    """Take a folder into account where images are known by their digest alone; it need not exist.

    Args:
        folder: as in a grid file.

    Raises:
        RequestError: it names a home that there is not.
    """
    _known[_absolute(folder)] = None


@contextmanager
def by_digest_alone() -> Iterator[None]:
    """Let no text name a folder meanwhile: who else wrote it may say which images, never where this process looks."""
    before = _folders_are_named.set(False)
    try:
        yield
    finally:
        _folders_are_named.reset(before)


def _absolute(folder: str) -> Path:
    try:
        return data_folder() / Path(folder).expanduser()
    except RuntimeError as error:
        raise RequestError(f"folder = {folder!r}: {error}") from None


def _found(digest: str) -> Path:
    root = data_folder()
    below = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for path in (*_known, root, *below):
        with suppress(RequestError, OSError):
            if _digest(path) == digest:
                return path
    raise RequestError(
        f"own(digest={digest!r}): these images were not found: put them, or a link to them, below {root}, or give "
        "their folder with `verify --images FOLDER`"
    )


def _files(path: Path) -> list[Path]:
    """Return the four files, compressed or not."""
    files = [next(filter(Path.is_file, (path / name, path / f"{name}.gz")), None) for name in FILES]
    if missing := [name for name, file in zip(FILES, files, strict=True) if file is None]:
        raise RequestError(f"{path} lacks {', '.join(missing)}; required: {', '.join(FILES)}, each as it is or as .gz")
    return [file for file in files if file]


def _contents(path: Path) -> list[bytes]:
    """Return the uncompressed content of the four files."""
    try:
        return [content(file) for file in _files(path)]
    except NotPublished as error:
        raise RequestError(str(error)) from None


def _digest(path: Path) -> str:
    files = [file.stat() for file in _files(path)]
    return _computed_digest(path, tuple((file.st_ino, file.st_size, file.st_mtime_ns) for file in files))


@lru_cache
def _computed_digest(path: Path, state: tuple) -> str:
    whole = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in _contents(path)))
    return whole.hexdigest()[:DIGEST_LENGTH]


@lru_cache(maxsize=2)
def _read(path: Path, digest: str) -> list[np.ndarray]:
    """Return images and labels of both splits, after a look at whether they belong together."""
    arrays = [read_idx(part, f"{path}/{name}") for name, part in zip(FILES, _contents(path), strict=True)]
    for part, images, labels in zip(("training", "test"), arrays[::2], arrays[1::2], strict=True):
        if images.ndim != 3 or images.shape[1:] != arrays[0].shape[1:] or images.shape[1] != images.shape[2]:
            raise RequestError(
                f"{path}: {part} images of shape {images.shape}; square images of equal size are required"
            )
        if labels.shape != images.shape[:1] or not len(images):
            raise RequestError(
                f"{path}: {len(images)} {part} images and {labels.size} labels; one label per image is required"
            )
    counts = np.bincount(arrays[1])
    if counts.min() == 0 or arrays[3].max() >= len(counts):
        raise RequestError(f"{path}: classes must be numbered from 0 without gaps, and each must occur in training")
    return arrays
