"""Grey images of the user's own, in the four files of MNIST's format: nobody has published what they should be."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import model_validator

from engine.card import Card
from engine.data.base import Dataset, Split, datasets
from engine.data.downloaded import data_folder
from engine.data.idx import FILES, read_idx, split_of
from engine.data.published import NotPublished, content
from engine.errors import RequestError

DIGEST_LENGTH = 16


@datasets.register
class Own(Dataset):
    """Images and labels from a folder; what is in it is part of the identity of a cell.

    Attributes:
        folder: absolute, or below the folder of data sets.
        digest: first digits of the SHA-256 of the four uncompressed files; computed where it is not given.
    """

    name = "own"
    card = Card(
        "Images of one's own",
        "square grey images and labels in four idx files, values 0 to 1",
        "LeCun, Bottou, Bengio & Haffner 1998 (the format)",
        notes="Compared with nothing that was published; their digest is part of the name in the store. A folder whose "
        "content has another digest than the one that is asked for is refused.",
    )

    folder: str
    digest: str = ""

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in the digest, or compare the one that is given."""
        if not isinstance(values.get("folder"), str):
            return values
        path = data_folder() / values["folder"]
        found = _digest(path)
        if (expected := values.get("digest") or found) != found:
            raise RequestError(f"{path} holds files with the digest {found!r}, not {expected!r}: they were changed")
        return values | {"digest": found}

    @property
    def remark(self) -> str | None:
        """Say that nobody vouches for these files."""
        return f"{self}: files of your own, compared with nothing; the digest says which ones they were"

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
        return _read(data_folder() / self.folder, self.digest)

    def load(self) -> Split:
        """Return the images, scaled to between 0 and 1."""
        return split_of(self._arrays)


def _contents(path: Path) -> list[bytes]:
    """Return the uncompressed content of the four files."""
    files = [next(filter(Path.is_file, (path / name, path / f"{name}.gz")), None) for name in FILES]
    if missing := [name for name, file in zip(FILES, files, strict=True) if file is None]:
        raise RequestError(f"{path} lacks {', '.join(missing)}; needed are {', '.join(FILES)}, each as it is or as .gz")
    try:
        return [content(file) for file in files if file]
    except NotPublished as error:
        raise RequestError(str(error)) from None


def _digest(path: Path) -> str:
    whole = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in _contents(path)))
    return whole.hexdigest()[:DIGEST_LENGTH]


@lru_cache(maxsize=2)
def _read(path: Path, digest: str) -> list[np.ndarray]:
    """Return images and labels of both splits, after a look at whether they belong together."""
    arrays = [read_idx(part, f"{path}/{name}") for name, part in zip(FILES, _contents(path), strict=True)]
    for part, images, labels in zip(("training", "test"), arrays[::2], arrays[1::2], strict=True):
        if images.ndim != 3 or images.shape[1:] != arrays[0].shape[1:] or images.shape[1] != images.shape[2]:
            raise RequestError(f"{path}: {part} images of shape {images.shape}; square ones, all alike, are needed")
        if labels.shape != images.shape[:1] or not len(images):
            raise RequestError(f"{path}: {len(images)} {part} images and {labels.size} labels; one each is needed")
    counts = np.bincount(arrays[1])
    if counts.min() == 0 or arrays[3].max() >= len(counts):
        raise RequestError(f"{path}: classes must be numbered from 0 without gaps, and every one occur in training")
    return arrays
