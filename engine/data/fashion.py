"""Fashion-MNIST, whole."""

from goldilocks.engine.card import Card
from goldilocks.engine.data.base import datasets
from goldilocks.engine.data.idx import IdxImages, idx_files


@datasets.register
class Fashion(IdxImages):
    """70,000 images of clothing."""

    name = "fashion"
    aliases = ("fashion_mnist", "fashion-mnist")
    image = (28, 1)
    features, classes, train_size, test_size = 784, 10, 60_000, 10_000
    fewest = 6000
    subfolders = ("FashionMNIST/raw",)
    system_folders = ("/usr/share/datasets/fashion-mnist",)
    package = "Debian's package dataset-fashion-mnist"
    card = Card(
        "Fashion-MNIST",
        "28×28 grey images of clothing, 10 classes, values 0 to 1",
        "Xiao, Rasul & Vollgraf 2017 (MIT licence)",
        notes="Found on this machine or downloaded (31 MB).",
    )
    published = idx_files(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        {
            "train-images-idx3-ubyte": (
                "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            "train-labels-idx1-ubyte": (
                "md5:25c81989df183df01b3e8a0aad5dffbe",
                "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            "t10k-images-idx3-ubyte": (
                "md5:bef4ecab320f06d8554ea6380940ec79",
                "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            "t10k-labels-idx1-ubyte": (
                "md5:bb300cfdad3c16e7a12a480ee83cd310",
                "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        },
    )
