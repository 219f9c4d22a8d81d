"""The benchmark cases."""

import importlib.util
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import torch

from goldilocks.engine.bench import numpy_lecture, scaling, torch_loop, torch_vmap
from goldilocks.engine.bench.case import Case, Contender
from goldilocks.engine.bench.problem import Problem
from goldilocks.engine.device import Device, choose_device
from goldilocks.engine.execution.allocator import keep_freed_memory
from goldilocks.engine.execution.matrix_rate import matrix_rate
from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from goldilocks.engine.studies.training import Training
from goldilocks.engine.training.cell import TrainingCell

# Width, depth, batch size, configurations, steps: half of the configurations with batch norm. A GPU is filled.
TRAINING = ((64, 10, 64, 200, 40), (128, 10, 128, 40, 40), (128, 50, 128, 40, 20), (32, 10, 64, 400, 40))
TRAINING_ON_GPU = (
    (64, 10, 64, 10_000, 100), (128, 10, 128, 2_000, 100), (128, 50, 128, 400, 20), (32, 10, 64, 20_000, 100),
)  # fmt: skip
# Seeds of a training case; more configurations than these differ in their rates.
MOST_SEEDS = 20
INITS = ("normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip", "xavier_normal", "kaiming_normal")
ACTIVATIONS = ("linear", "sigmoid", "tanh", "relu")
# Peers that take one configuration at a time are timed on this many, and compared per configuration.
SAMPLE = 2
EXPENSIVE_ROUNDS = 3


def cases(device: Device) -> Iterator[Case]:
    """Yield every benchmark case.

    Args:
        device: where the engine computes.
    """
    yield propagation(device)
    yield forward_propagation(device)
    for shape in TRAINING if device.torch_device.type == "cpu" else TRAINING_ON_GPU:
        yield training(device, *shape)


def propagation(device: Device, width: int = 4096) -> Case:
    """Return the case of the lecture's experiment: seven initializers and four activations, forward and backward."""
    study, cells = Propagation(), _propagation_cells(width)

    def engine() -> list[float]:
        layers = study.run(cells, device.torch_device, lambda share: None).tables["layers"].to_pandas()
        first = layers[layers.layer == 1].set_index("cell_id").rms
        return [first[cell.cell_id] for cell in cells]

    # The peers draw their own weights, as their users do: numbers agree within the luck of one draw.
    return Case(
        f"propagation: {len(cells)} cells, width {width}, depth 6, batch 16",
        Contender("engine", engine, range(len(cells))),
        (Contender("PyTorch loop", lambda: torch_loop.propagate(cells[:SAMPLE], device.torch_device), range(SAMPLE)),),
        study.cost(cells, device.torch_device).flops,
        steps=1,
        matrix_size=512,
        tolerance=0.03,
        rounds=EXPENSIVE_ROUNDS,
    )


def forward_propagation(device: Device, width: int = 4096) -> Case:
    """Return the same case forward only, as on the slides."""
    study, cells = Propagation(), _propagation_cells(width)

    def engine() -> list[float]:
        rms = study.forward_only(cells, device.torch_device)
        return [float(rms[cell.cell_id][0]) for cell in cells]

    return Case(
        f"propagation, forward only: {len(cells)} cells, width {width}, depth 6, batch 16",
        Contender("engine", engine, range(len(cells))),
        (Contender("the lecture's NumPy", lambda: numpy_lecture.propagate(cells[:SAMPLE]), range(SAMPLE)),),
        study.cost(cells, device.torch_device).flops / 2,
        steps=1,
        matrix_size=512,
        tolerance=0.03,
        rounds=EXPENSIVE_ROUNDS,
    )


def _propagation_cells(width: int) -> list[PropagationCell]:
    return [
        PropagationCell(init=init, activation=activation, depth=6, width=width, batch_size=16)
        for init, activation in product(INITS, ACTIVATIONS)
    ]


def training(device: Device, width: int, depth: int, batch: int, configs: int, steps: int) -> Case:
    """Return a case of classifiers on digits by SGD, half of them with batch norm, logging and evaluation included."""
    groups = [classifiers(width, depth, batch, configs // 2, steps, norm) for norm in ("none", "batch")]
    problems, study = [Problem.of(cells) for cells in groups], Training()

    def engine() -> list[float]:
        return [loss for cells in groups for loss in _first_losses(study, cells, device)]

    def peer(name: str, train: Callable[[Problem, torch.device], list[float]], count: int) -> Contender:
        """Return a peer that trains the first few of each group."""
        parts = [problem.first(count) for problem in problems]
        numbers = [g * (configs // 2) + c for g in range(len(groups)) for c in range(count)]
        return Contender(name, lambda: [loss for part in parts for loss in train(part, device.torch_device)], numbers)

    peers = [peer("PyTorch loop", torch_loop.train, SAMPLE)]
    if device.torch_device.type == "cpu":
        peers.append(peer("joblib, a process per core", torch_loop.train_in_processes, SAMPLE))
    peers.append(peer("torch.func.vmap", torch_vmap.train, configs // 2))
    if importlib.util.find_spec("jax"):
        from goldilocks.engine.bench import jax_vmap

        if jax_vmap.computes_on(device.torch_device):
            peers.append(peer("jax.vmap + jit + scan", jax_vmap.train, configs // 2))
    return Case(
        f"training: {configs} configurations, width {width}, depth {depth}, batch {batch}",
        Contender("engine", engine, range(configs)),
        tuple(peers),
        sum(study.cost(cells, device.torch_device).flops for cells in groups),
        steps=steps,
        matrix_size=width,
        # The mean over the first few steps; later ones differ by chaos, since rounding flips a ReLU.
        tolerance=2e-3,
        rounds=EXPENSIVE_ROUNDS,
    )


def classifiers(
    width: int, depth: int, batch: int, count: int, steps: int, norm: str, optimizer: str = "sgd"
) -> list[TrainingCell]:
    """Return cells of classifiers on digits that all train alike, ReLU.

    Args:
        width: units in each hidden layer.
        depth: number of hidden layers.
        batch: examples in a minibatch.
        count: number of cells.
        steps: number of updates.
        norm: name of the normalization.
        optimizer: name of the update rule.
    """
    return [
        TrainingCell(
            dataset="digits",
            init="kaiming",
            activation="relu",
            norm=norm,
            optimizer=optimizer,
            depth=depth,
            width=width,
            batch_size=batch,
            # Close to each other, so that all train alike.
            lr=0.01 * (1 + number // MOST_SEEDS / count),
            steps=steps,
            seed=number % MOST_SEEDS,
        )
        for number in range(count)
    ]


def _first_losses(study: Training, cells: Sequence[TrainingCell], device: Device) -> list[float]:
    curves = study.run(cells, device.torch_device, lambda share: None).tables["curves"].to_pandas()
    first = curves[curves.step == curves.step[1]].set_index("cell_id").train_loss
    return [first[cell.cell_id] for cell in cells]


def run(device: str = "auto", say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Run every case and return its figures with the machine they belong to.

    Args:
        device: where the engine and the peers compute; those in NumPy, on the CPU.
        say: called with what is being measured.

    Raises:
        Disagreement: a contender computed something else than the engine.
    """
    chosen = choose_device(device)
    keep_freed_memory()
    machine = {"device": chosen.name, "threads": torch.get_num_threads(), "host": platform.platform()}
    done = []
    for case in cases(chosen):
        say(f"{case.name}: engine, {', '.join(peer.name for peer in case.peers)}")
        probe = partial(matrix_rate, chosen, case.matrix_size)
        done.append(case.run({"cached": probe, "streamed": partial(probe, streamed=True)}))
    return {
        "machine": machine,
        "torch": torch.__version__,
        "cases": done,
        "growth": growth(chosen),
        "scaling": scaling.measure(chosen, say=say),
    }


def growth(device: Device) -> list[dict[str, Any]]:
    """Time the engine alone on more and more cells, on deeper and on wider networks.

    Args:
        device: where.

    Returns:
        One entry per size: which axis grows, its value, cells, seconds.
    """
    base = {"configs": 50, "depth": 5, "width": 32}
    grown = [(axis, base[axis] * factor) for axis in base for factor in (1, 2, 4, 8)]
    entries = []
    for axis, value in grown:
        size = base | {axis: value}
        cells = classifiers(size["width"], size["depth"], 64, size["configs"], 40, "batch")
        start = time.perf_counter()
        Training().run(cells, device.torch_device, lambda share: None)
        entries.append({"axis": axis, "value": value, "seconds": time.perf_counter() - start})
    return entries
