"""Is what *What should I use?* says of networks that nobody trained what such networks do?

`python -m tests.simulations.outlook` computes the theory of shallow networks into a store of its own, asks the named
query `outlook_at_depth` for deep and narrow ones, and runs them: plain loops in float64, rescaled so that no gradient
underflows. Prints one line per network; a part of it is among the tests.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from goldilocks import engine, store
from goldilocks.engine.activations import activations
from goldilocks.engine.initializers import Fans, initializers

ACTIVATIONS = ("tanh", "relu", "gelu", "sigmoid", "elu", "selu", "softsign", "erf", "silu", "leaky_relu")
INITS = ("xavier", "kaiming", "kaiming_normal", "torch_default", "critical")
# Depth and width of what is asked for.
SHAPES = ((50, 64), (200, 32), (500, 32), (1000, 64), (2000, 256), (5000, 128))
# Depth and width of what the store knows.
KNOWN = (12, 64)
BATCH, SEEDS = 16, 4


def theory(path: Path, names: tuple[str, ...], inits: tuple[str, ...], known: tuple[int, int] = KNOWN) -> None:
    """Computes untrained networks into a store.

    Args:
        path: of its DuckDB file.
        names: activations.
        inits: initializations; what an activation has no use for is left out.
        known: depth and width.
    """
    tables = []
    for name, init in itertools.product(names, inits):
        if initializers.parse(init).refusal(activations.parse(name)) is None:
            tables.append(f'[[study]]\nkind = "propagation"\ninit = "{init}"\nactivation = "{name}"\n')
            tables.append(f"depth = {known[0]}\nwidth = {known[1]}\nbatch_size = {BATCH}\n")
    engine.run(engine.Grid.from_toml("".join(tables), "outlook"), path)


def factors(name: str, init: str, depth: int, width: int, seed: int) -> tuple[float, float]:
    """Runs one network and returns log10 of what becomes of its signal and of its gradient over its depth.

    Args:
        name: activation.
        init: initialization.
        depth: hidden layers.
        width: units per layer.
        seed: of all draws.
    """
    phi, scheme, fans = activations.parse(name), initializers.parse(init), Fans(width, width)
    weight_std, bias_std = scheme.scale(fans, phi), scheme.bias_scale(fans, phi)
    random = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64)

    h, layers = normal(BATCH, width), []
    for _ in range(depth):
        weight = normal(width, width) * weight_std
        z = h @ weight + normal(width) * bias_std
        h = phi(z.clone())
        layers.append((weight, z, h))
    gradient, decades = normal(BATCH, width), 0.0
    for weight, z, h in layers[:0:-1]:
        before = gradient.square().mean().sqrt()
        gradient = phi.backward(gradient / before, z, h) @ weight.T
        decades += float(gradient.square().mean().sqrt().log10())
        if not np.isfinite(decades):
            break
    ends = [layer[2].std(correction=0) for layer in (layers[-1], layers[0])]
    return float((ends[0] / ends[1]).log10()), decades


def judge(row: pd.Series, found: list[tuple[float, float]]) -> str:
    """Returns right, wrong or unknown: whether every network of several does what is said of them.

    Args:
        row: of `outlook_at_depth`.
        found: what `factors` returns, for several seeds.
    """
    # A signal that died leaves rounding, or nothing; one that overflowed is not a number.
    ends = np.nan_to_num(np.array(found), nan=np.inf)
    does = {
        "will explode": (ends.max(1) > 2).all(),
        "will vanish": (ends.min(1) < -2).all(),
        "survives": (np.abs(ends) < 2).all(),
    }
    return "unknown" if row["outlook"] == "unknown" else "right" if does[row["outlook"]] else "wrong"


def main(path: str | None = None) -> None:
    """Prints the table."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(path or f"{folder}/grid.duckdb")
        theory(source, ACTIVATIONS, INITS)
        counts = dict.fromkeys(("right", "wrong", "unknown"), 0)
        with store.open(source) as handle:
            for name, (depth, width) in itertools.product(ACTIVATIONS, SHAPES):
                rows = handle.outlook_at_depth(activation=name, depth=depth, target_width=width).df()
                for _, row in rows.iterrows():
                    found = [factors(name, row["init"], depth, width, seed) for seed in range(SEEDS)]
                    judged = judge(row, found)
                    counts[judged] += 1
                    measured = ", ".join(f"{forward:.1f}/{backward:.1f}" for forward, backward in found)
                    said = f"{row['outlook']:12} {row['forward']:.1f}/{row['backward']:.1f} ± {row['doubt']:.1f}"
                    shape = f"{name:10} {row['init']:14} {depth:5} x {width:3}"
                    print(f"{judged:7} {shape}  said {said}  is {measured}", flush=True)
        print(counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
