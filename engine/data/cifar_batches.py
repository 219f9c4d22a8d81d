"""The two formats that CIFAR-10 is published in: plain records, and Python's pickle."""

import io
import pickle
from typing import Any

import numpy as np

from goldilocks.engine.errors import RequestError

PIXELS = 3 * 32 * 32
# What an array of bytes is made of; nothing else in a pickle is ever called.
HARMLESS = {"_reconstruct", "ndarray", "dtype", "encode"}


def read_records(content: bytes, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the binary format: a byte of label, then the red, the green and the blue plane.

    Args:
        content: the file.
        source: what to call it in messages.

    Returns:
        Images `[example, 3072]` and labels `[example]`, unsigned bytes.

    Raises:
        RequestError: it is not of this format.
    """
    if len(content) % (1 + PIXELS):
        raise RequestError(f"{source}: {len(content)} bytes are not a whole number of records of {1 + PIXELS}")
    records = np.frombuffer(content, np.uint8).reshape(-1, 1 + PIXELS)
    return records[:, 1:], records[:, 0]


def read_pickle(content: bytes, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the Python format: a dictionary with `data` and `labels`; see `read_records`."""
    try:
        batch = _ArraysOnly(io.BytesIO(content), encoding="latin1").load()
        images, labels = np.asarray(batch["data"]), np.asarray(batch["labels"])
        if images.dtype != np.uint8 or images.shape != (len(labels), PIXELS):
            raise ValueError(f"data of shape {images.shape} and type {images.dtype}")
        return images, labels.astype(np.uint8)
    except (pickle.UnpicklingError, KeyError, TypeError, ValueError, EOFError) as error:
        raise RequestError(f"{source}: not a batch of CIFAR-10: {error}") from None


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that makes NumPy arrays and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in HARMLESS or module.split(".")[0] not in ("numpy", "_codecs"):
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which an array does not need")
        # NumPy 2 has moved what older pickles name.
        return super().find_class(module.replace("numpy.core.", "numpy._core."), name)
