"""MNIST."""

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import datasets
from goldilocks.engine.data.idx import IdxImages, idx_files


@datasets.register
class Mnist(IdxImages):
    """70,000 handwritten digits."""

    name = "mnist"
    image = (28, 1)
    features, classes, train_size, test_size = 784, 10, 60_000, 10_000
    fewest = 5421
    subfolders = ("MNIST/raw",)
    card = Card(
        "MNIST",
        "28×28 grey images of handwritten digits, 10 classes, values 0 to 1",
        "LeCun, Bottou, Bengio & Haffner 1998",
        notes="Found on this machine or downloaded (12 MB).",
    )
    published = idx_files(
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        {
            "train-images-idx3-ubyte": (
                "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            "train-labels-idx1-ubyte": (
                "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            "t10k-images-idx3-ubyte": (
                "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            "t10k-labels-idx1-ubyte": (
                "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        },
    )
