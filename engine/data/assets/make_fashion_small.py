"""Make fashion_small.npz from the original Fashion-MNIST files.

    python engine/data/assets/make_fashion_small.py [FOLDER]

FOLDER holds the four original .gz files; Debian's package dataset-fashion-mnist puts them into the default folder. The
packages compress anew, so the checksums are those of the uncompressed content.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

FOLDER = "/usr/share/datasets/fashion-mnist"
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
PER_CLASS = {"train": 600, "t10k": 100}


def read_idx(folder: Path, name: str) -> np.ndarray:
    """Read one file of the idx format, after checking its content."""
    content = gzip.decompress((folder / f"{name}.gz").read_bytes())
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name]:
        raise SystemExit(f"{name}: sha256 {digest}, expected {SHA256[name]}")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def subset(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first images of each class, in the original order."""
    images, labels = read_idx(folder, f"{split}-images-idx3-ubyte"), read_idx(folder, f"{split}-labels-idx1-ubyte")
    keep = np.sort(np.concatenate([np.flatnonzero(labels == c)[: PER_CLASS[split]] for c in range(10)]))
    return images[keep], labels[keep]


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else FOLDER)
    (train_x, train_y), (test_x, test_y) = subset(folder, "train"), subset(folder, "t10k")
    target = Path(__file__).with_name("fashion_small.npz")
    np.savez_compressed(target, train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
