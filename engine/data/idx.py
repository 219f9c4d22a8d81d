"""The idx format of MNIST and its successors, and data sets made of it."""

from collections.abc import Sequence
from math import prod

import numpy as np

from goldilocks.engine.data.base import Split
from goldilocks.engine.data.downloaded import Downloaded
from goldilocks.engine.data.published import Published
from goldilocks.engine.errors import RequestError

# The four files of a data set: images and labels for training, and for testing.
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# The third byte of a file says what its entries are; this is unsigned bytes.
UNSIGNED_BYTE = 8


def read_idx(content: bytes, source: str) -> np.ndarray:
    """Read an array of unsigned bytes.

    Layout: two zero bytes, type of the entries, number of axes, size of each axis (4 bytes, big-endian), the entries.

    Args:
        content: the uncompressed file.
        source: what to call it in messages.

    Raises:
        RequestError: it is not of this format.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise RequestError(f"{source}: not an idx file of unsigned bytes: it begins with {content[:4]!r}")
    start = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:start], ">u4").tolist()
    if len(content) - start != prod(shape):
        raise RequestError(f"{source}: {len(content) - start} entries; its header says {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def idx_files(base: str, checksums: dict[str, tuple[str, str]]) -> list[list[Published]]:
    """Declare the four files of a data set.

    Args:
        base: address of their folder.
        checksums: for each file, that of the compressed and that of the uncompressed file.
    """
    return [[Published(f"{base}/{name}.gz", packed, {name: plain})] for name, (packed, plain) in checksums.items()]


def split_of(arrays: Sequence[np.ndarray]) -> Split:
    """Return images scaled to between 0 and 1, with their labels.

    Args:
        arrays: images `[example, row, column]` and labels `[example]`, of the training and then of the test split.
    """
    train_x, test_x = (images.reshape(len(images), -1).astype(np.float32) / 255 for images in arrays[::2])
    train_y, test_y = (labels.astype(np.int64) for labels in arrays[1::2])
    return Split(train_x, train_y, test_x, test_y)


class IdxImages(Downloaded):
    """Grey images and labels in four idx files; values are scaled to between 0 and 1."""

    def load(self) -> Split:
        """Return the images, downloaded where they are not on this machine."""
        contents = self.obtained()
        return split_of([read_idx(contents[name], name) for name in FILES])
