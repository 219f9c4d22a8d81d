"""The benchmark cases and the table that shows them."""

import platform
from collections.abc import Iterator
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from engine.bench import plain
from engine.bench.case import Case
from engine.device import choose_device
from engine.execution.forecast import matrix_rate
from engine.grid.cell import PropagationCell, TrainingCell
from engine.studies.propagation import Propagation
from engine.studies.training import Trainer, Training

CPU = torch.device("cpu")


def cases() -> Iterator[Case]:
    """Yield every benchmark case."""
    yield _propagation()
    for width, depth, configs in ((64, 10, 40), (128, 10, 16)):
        yield _training(width, depth, configs)


def _propagation() -> Case:
    cells = [
        PropagationCell(init=init, activation=activation, depth=6, width=2048, batch_size=16)
        for init in ("normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming")
        for activation in ("tanh", "relu")
    ]
    study = Propagation()

    def engine() -> list[float]:
        layers = study.run(cells, CPU, lambda share: None).tables["layers"].to_pandas()
        first = layers[layers.layer == 1].set_index("cell_id").grad_rms
        return [first[cell.cell_id] for cell in cells]

    return Case(
        f"propagation, {len(cells)} cells, width 2048, depth 6, batch 16",
        engine,
        {"plain PyTorch loop": lambda: plain.propagate_torch(cells)},
        study.cost(cells).flops,
        tolerance=1e-3,
    )


def _training(width: int, depth: int, configs: int) -> Case:
    cells = [
        TrainingCell(
            dataset="digits",
            init=init,
            activation="relu",
            norm="batch",
            depth=depth,
            width=width,
            batch_size=64,
            lr=0.02,
            steps=40,
            seed=seed,
        )
        for seed in range(configs // 2)
        for init in ("kaiming", "xavier")
    ]

    def engine() -> list[float]:
        curves = Trainer(cells, CPU).train(lambda share: None)
        # Later ones differ by chaos: rounding flips a ReLU, and a deep network amplifies it.
        return curves.values["train_loss"][1].tolist()

    return Case(
        f"training, {configs} configurations, width {width}, depth {depth}, batch 64, batch norm",
        engine,
        {"plain PyTorch loop": lambda: plain.train_loop(cells)},
        Training().cost(cells).flops,
        tolerance=1e-4,
    )


def run() -> dict[str, Any]:
    """Run every case and return its figures with the machine they belong to."""
    device = choose_device("cpu")
    rate = matrix_rate(device)
    machine = {"device": device.name, "threads": torch.get_num_threads(), "host": platform.platform()}
    return {
        "machine": machine,
        "torch": torch.__version__,
        "matrix_rate": rate,
        "cases": [case.run(rate) for case in cases()],
    }


def show(results: dict[str, Any]) -> None:
    """Print the figures as a table."""
    machine = results["machine"]
    title = f"{machine['device']}, {machine['threads']} threads, torch {results['torch']}, "
    title += f"{results['matrix_rate'] / 1e9:.0f} GFLOP/s for plain batched products"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("case", "engine, s", "spread", "of matrix rate", "peer", "peer, s", "engine is faster"):
        table.add_column(heading)
    for case in results["cases"]:
        for name, peer in case["peers"].items():
            table.add_row(
                case["case"],
                f"{case['seconds']:.3f}",
                f"{case['least']:.3f}–{case['most']:.3f}",
                f"{case['matrix_share']:.0%}",
                name,
                f"{peer['seconds']:.3f}",
                f"{peer['times_faster']:.1f}×",
            )
    Console(highlight=False).print(table)
