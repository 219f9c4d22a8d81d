"""CIFAR-10."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Split, datasets
from goldilocks.engine.data.cifar_batches import read_pickle, read_records
from goldilocks.engine.data.downloaded import Downloaded
from goldilocks.engine.data.published import Published

TRAINING = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST = "test_batch"


@datasets.register
class Cifar10(Downloaded):
    """60,000 colour photographs."""

    name = "cifar10"
    aliases = ("cifar-10",)
    image = (32, 3)
    features, classes, train_size, test_size = 3072, 10, 50_000, 10_000
    fewest = 5000
    subfolders = ("cifar-10-batches-bin", "cifar-10-batches-py")
    card = Card(
        "CIFAR-10",
        "32×32 colour photographs, 10 classes, values 0 to 1",
        "Krizhevsky 2009",
        notes="Found on this machine (binary or Python version) or downloaded (170 MB).",
    )
    published = [
        [
            Published(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                {
                    "data_batch_1.bin": "sha256:cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
                    "data_batch_2.bin": "sha256:a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
                    "data_batch_3.bin": "sha256:bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
                    "data_batch_4.bin": "sha256:014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
                    "data_batch_5.bin": "sha256:755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
                    "test_batch.bin": "sha256:8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
                },
            ),
            Published(
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                {
                    "data_batch_1": "md5:c99cafc152244af753f735de768cd75f",
                    "data_batch_2": "md5:d4bba439e000b95fd0a9bffe97cbabec",
                    "data_batch_3": "md5:54ebc095f3ab1f0389bbae665268c751",
                    "data_batch_4": "md5:634d18415352ddfa80567beed471001a",
                    "data_batch_5": "md5:482c414d41f54cd18b22e5b47cb7c3cb",
                    "test_batch": "md5:40351d587109b95175f43aff81a1287e",
                },
            ),
        ]
    ]

    def load(self) -> Split:
        """Return the photographs, downloaded where they are not on this machine."""
        contents = self.obtained()
        batches = {
            name.removesuffix(".bin"): (read_records if name.endswith(".bin") else read_pickle)(content, name)
            for name, content in contents.items()
        }
        train = [batches[name] for name in TRAINING]
        train_x, train_y = (np.concatenate(parts) for parts in zip(*train, strict=True))
        test_x, test_y = batches[TEST]
        return Split(_pixels(train_x), train_y.astype(np.int64), _pixels(test_x), test_y.astype(np.int64))


def _pixels(planes: np.ndarray) -> np.ndarray:
    """Return images `[example, 3072]` pixel by pixel, each with its three colours, from a plane for each colour."""
    pixels = planes.reshape(-1, 3, 32 * 32).swapaxes(1, 2).reshape(len(planes), -1)
    return pixels.astype(np.float32) / 255
