"""Does a diagnosis foretell whether a network trains? Architectures that no threshold was chosen on, 300 steps each.

    python -m tests.diagnosis.prediction

A network counts as trained when one of two learning rates brings its loss on `digits` below half of ln 10.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import log

import numpy as np
import torch
from scipy.stats import rankdata
from torch import nn
from torch.nn import functional

from goldilocks.engine.diagnosis.examination import prepare
from goldilocks.engine.diagnosis.ranking import distance
from goldilocks.engine.diagnosis.report import Report

INITS = ("default", "kaiming", "xavier", "orthogonal", "normal(std=0.01)", "normal(std=0.4)")
RATES, STEPS, BATCH, CLASSES = (0.01, 0.1), 300, 64, 10
# What an error and a warning count beside the distance from preserving the signal, in e-folds.
ERROR, WARNING = 100.0, 10.0


class Flat(nn.Module):
    """Layers one after the other."""

    def __init__(self, depth, activation, width=48, norm=nn.Identity):
        super().__init__()
        sizes = [64, *[width] * depth]
        self.layers = nn.Sequential(
            *(part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), norm(b), activation()))
        )
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.head(self.layers(x.flatten(1)))


class Residual(nn.Module):
    """Branches of two layers, with or without a norm before them."""

    def __init__(self, depth, norm, width=48):
        super().__init__()
        self.stem, self.head = nn.Linear(64, width), nn.Linear(width, CLASSES)
        self.norms = nn.ModuleList(nn.LayerNorm(width) if norm else nn.Identity() for _ in range(depth))
        self.up = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.down = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, x):
        x = self.stem(x.flatten(1))
        for norm, up, down in zip(self.norms, self.up, self.down, strict=True):
            x = x + down(functional.silu(up(norm(x))))
        return self.head(x)


class Gated(nn.Module):
    """Highway layers."""

    def __init__(self, depth=12, width=48):
        super().__init__()
        self.stem, self.head = nn.Linear(64, width), nn.Linear(width, CLASSES)
        self.values = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.gates = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, x):
        x = self.stem(x.flatten(1))
        for value, gate in zip(self.values, self.gates, strict=True):
            open_ = torch.sigmoid(gate(x))
            x = open_ * torch.tanh(value(x)) + (1 - open_) * x
        return self.head(x)


class Images(nn.Module):
    """Convolutions that keep the size of the image."""

    def __init__(self, depth, norm, channels=12):
        super().__init__()
        sizes = [1, *[channels] * depth]
        norms = nn.BatchNorm2d if norm else lambda _: nn.Identity()
        self.layers = nn.Sequential(
            *(part for a, b in pairwise(sizes) for part in (nn.Conv2d(a, b, 3, padding=1), norms(b), nn.LeakyReLU(0.1)))
        )
        self.head = nn.Linear(channels, CLASSES)

    def forward(self, x):
        return self.head(self.layers(x).mean((2, 3)))


class Mixer(nn.Module):
    """Rows mixed, then columns."""

    def __init__(self, depth=4):
        super().__init__()
        self.rows = nn.ModuleList(nn.Linear(8, 8) for _ in range(depth))
        self.columns = nn.ModuleList(nn.Linear(8, 8) for _ in range(depth))
        self.head = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = x.flatten(1).view(-1, 8, 8)
        for row, column in zip(self.rows, self.columns, strict=True):
            x = functional.gelu(row(x)).transpose(1, 2)
            x = functional.gelu(column(x)).transpose(1, 2)
        return self.head(x.flatten(1))


ARCHITECTURES = {
    "4 × SELU": lambda: Flat(4, nn.SELU),
    "16 × SELU": lambda: Flat(16, nn.SELU),
    "14 × tanh": lambda: Flat(14, nn.Tanh),
    "12 × softplus": lambda: Flat(12, nn.Softplus),
    "18 × ELU": lambda: Flat(18, nn.ELU),
    "14 × ReLU, layer norm": lambda: Flat(14, nn.ReLU, norm=nn.LayerNorm),
    "10 residual branches": lambda: Residual(10, norm=False),
    "10 residual branches, layer norm": lambda: Residual(10, norm=True),
    "12 highway layers": Gated,
    "9 convolutions": lambda: Images(9, norm=False),
    "9 convolutions, batch norm": lambda: Images(9, norm=True),
    "4 mixer layers": Mixer,
}


def risk(report: Report, init: str) -> float:
    """Return what a diagnosis says against an initialization, in one number."""
    own = [one.severity for one in report.findings if one.init == init]
    far = float(np.median(np.minimum(distance(report.measurement, init), ERROR)))
    return ERROR * ("error" in own) + WARNING * ("warning" in own) + far


def trains(model: nn.Module, x: torch.Tensor, y: torch.Tensor, rate: float) -> bool:
    """Tell whether a network trains from the weights that it has."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    draw = torch.Generator().manual_seed(0)
    losses = []
    model.train()
    for _ in range(STEPS):
        rows = torch.randint(len(x), (BATCH,), generator=draw)
        loss = functional.cross_entropy(model(x[rows]), y[rows])
        if not loss.isfinite():
            return False
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses[-20:])) < log(CLASSES) / 2


def outcomes() -> Iterator[tuple[str, str, float, bool]]:
    """Yield architecture, initialization, risk, and whether it trained."""
    for name, make in ARCHITECTURES.items():
        ready = prepare(make, "digits:64", INITS, 2)
        data = prepare(make, "digits:1024", INITS, 1).specimen
        report = ready.run()
        for init in report.measurement.inits:
            trained = any(trains(report.apply(init, seed=0), data.args[0], data.target, rate) for rate in RATES)
            yield name, init, risk(report, init), trained


def area(risks: np.ndarray, failed: np.ndarray) -> float:
    """Return the area under the curve: the chance that one that failed has the higher risk than one that trained."""
    ranks, many = rankdata(risks), int(failed.sum())
    return float((ranks[failed].sum() - many * (many + 1) / 2) / (many * (len(failed) - many)))


def main() -> None:
    """Print the table, and the area under the curve."""
    rows = []
    for row in outcomes():
        rows.append(row)
        print(f"{row[0]:<34} {row[1]:<18} {row[2]:8.2f} {'trains' if row[3] else 'FAILS'}", flush=True)
    failed = np.array([not row[3] for row in rows])
    print(f"AUC {area(np.array([row[2] for row in rows]), failed):.3f}; {failed.sum()} of {len(rows)} fail")


if __name__ == "__main__":
    main()
