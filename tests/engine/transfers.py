"""Small cells of transfer, and where their networks come from."""

from goldilocks.engine.transfer.cell import TransferCell
from goldilocks.engine.transfer.source_networks import source_networks
from tests.device import DEVICE

STEPS = 5


def cells(scheme="fine_tune", norm="none", target="digits-28", optimizer="momentum"):
    """Return three cells that differ in seed, rate and number of images."""
    shape = {"network": "conv(strided=2, dense=2, dense_width=8)", "width": 4, "depth": 4, "batch_size": 12}
    training = {"optimizer": optimizer, "steps": STEPS, "source_lr": 0.02, "source_steps": 8}
    design = {"init": "kaiming", "activation": "relu", "norm": norm, "scheme": scheme, "dataset": target}
    varied = ((0, 5, 0.02), (1, 5, 0.05), (1, 20, 0.02))
    return [TransferCell(**shape, **training, **design, seed=s, per_class=n, lr=lr) for s, n, lr in varied]


def nothing(share):
    """Take in progress and say nothing."""


def sources(batch):
    """Return the source network of each cell."""
    return source_networks([cell.source_cell for cell in batch], DEVICE, nothing)
