"""Made-up cells of transfer from pretrained weights."""

from itertools import product

from tests.store.builder import Batch

FACTORY = "goldilocks.engine.networks.efficientnet_lite0:efficientnet_lite0"
TARGETS = ("fashion-target", "digits-28")


def pretrained(tuned):
    """Return a batch in which a new last layer has 70 % and scratch less, whatever the number of images.

    Args:
        tuned: accuracy of fine-tuning with many images; with few it is 60 %.
    """
    batch = Batch().run()
    axes = {"optimizer": "adam", "lr": 0.01, "init": "kaiming", "activation": "relu", "depth": 1, "width": 64}
    network = f"backbone(factory='{FACTORY}', weights='0')"
    for seed, dataset, per_class in product(range(100, 105), TARGETS, (5, 100)):
        accuracies = {"scratch": 0.3, "last_layer": 0.7, "fine_tune": tuned if per_class == 100 else 0.6}
        for scheme, accuracy in accuracies.items():
            steps = 400 if scheme == "last_layer" else 50
            kind = {"network": network, "dataset": dataset, "scheme": scheme, "per_class": per_class, "steps": steps}
            cell = batch.cell("backbone_transfer", seed=seed, **kind, **axes)
            batch.measurement(cell, "backbone_accuracy", accuracy + 0.001 * (seed % 3), float(per_class), scheme)
    return batch
