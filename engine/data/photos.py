"""Small patches of two colour photographs, and the same in grey: natural images that need no download."""

from typing import ClassVar

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets

NAMES = ("china.jpg", "flower.jpg")
SIDE, BRIGHTEST = 8, 255
# Only every so many rows of patches are kept.
ROWS_APART = 2
# Patches side by side in a strip, and how many strips a cycle has, of which one is held out: neighbours are alike, so
# test patches are not drawn from among the training ones.
STRIP, CYCLE, HELD_OUT = 8, 5, 2
REFERENCE = (
    "“china” by danielbuechele and “flower” by vultilion, both CC BY 2.0 (creativecommons.org/licenses/by/2.0), as "
    "shipped with scikit-learn"
)


class PhotoPatches(Dataset):
    """Patches of two photographs; the class of a patch is its photograph.

    Attributes:
        channels: 3 for colour, 1 for the mean of the colours.
    """

    channels: ClassVar[int]
    classes, train_size, test_size = 2, 3456, 864
    fewest = 1728

    def load(self) -> Split:
        """Return the patches; those of some vertical strips of each photograph are the test split."""
        from sklearn.datasets import load_sample_image

        cut = [_patches(load_sample_image(name)) for name in NAMES]
        parts = [_joined([patches[:, held] for patches in cut]) for held in (~_held_out(cut[0]), _held_out(cut[0]))]
        (train_x, train_y), (test_x, test_y) = parts
        return Split(self._coloured(train_x), train_y, self._coloured(test_x), test_y)

    def _coloured(self, x: np.ndarray) -> np.ndarray:
        colours = x.reshape(len(x), SIDE * SIDE, 3)
        grey = colours.mean(2, keepdims=True, dtype=np.float32)
        return (colours if self.channels == 3 else grey).reshape(len(x), -1).astype(np.float32)


def _patches(image: np.ndarray) -> np.ndarray:
    """Return the whole patches of a photograph `[row, column, feature]`, values 0 to 1."""
    rows, columns = image.shape[0] // SIDE, image.shape[1] // SIDE
    whole = image[: rows * SIDE, : columns * SIDE].astype(np.float32) / BRIGHTEST
    blocks = whole.reshape(rows, SIDE, columns, SIDE, 3).transpose(0, 2, 1, 3, 4)
    return blocks.reshape(rows, columns, -1)[::ROWS_APART]


def _held_out(patches: np.ndarray) -> np.ndarray:
    """Tell for each column of patches whether it is in a strip that is held out."""
    return np.arange(patches.shape[1]) // STRIP % CYCLE == HELD_OUT


def _joined(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the patches of all photographs in one array, and the number of the photograph of each."""
    flat = [part.reshape(-1, part.shape[-1]) for part in parts]
    return np.concatenate(flat), np.repeat(np.arange(len(flat), dtype=np.int64), [len(part) for part in flat])


@datasets.register
class PhotosColour(PhotoPatches):
    """Colour patches of a building under the sky and of a flower among leaves."""

    name = "photos-colour"
    aliases = ("photos-color",)
    channels = 3
    image = (SIDE, 3)
    features = SIDE * SIDE * 3
    card = Card(
        "Photographs in patches, colour",
        "8×8 colour patches of 2 photographs, 2 classes, values 0 to 1",
        REFERENCE,
        notes="The class of a patch is its photograph. Every fifth vertical strip is the test split, and every second "
        "row of patches is left out.",
    )


@datasets.register
class PhotosGrey(PhotoPatches):
    """The patches of `photos-colour`, each pixel the mean of its three colours."""

    name = "photos-grey"
    aliases = ("photos-gray",)
    channels = 1
    image = (SIDE, 1)
    features = SIDE * SIDE
    card = Card(
        "Photographs in patches, grey",
        "8×8 grey patches of 2 photographs, 2 classes, values 0 to 1",
        REFERENCE,
        notes="The patches of photos-colour without their colours: what differs between the two is due to colour.",
    )
