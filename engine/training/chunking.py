"""How many configurations and examples are computed at once: what a core's cache holds, or a GPU's memory."""

from collections.abc import Sequence
from typing import TypeVar

import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.cost import FLOAT_BYTES

# Bytes of one layer's activations that a chunk of configurations may take on a core.
CACHE_BYTES = 5 << 18
# More configurations than any batch has.
MOST_CONFIGS = 1 << 30
# Test examples are evaluated in pieces of so many rows, so that they need no more memory than a training step, and on a
# CPU with so few configurations at once that one layer's activations stay in a core's cache.
EVALUATION_ROWS = 512
EVALUATION_BYTES = 1 << 20

Kind = TypeVar("Kind", bound=Cell)


def chunks(cells: Sequence[Kind], device: torch.device) -> list[Sequence[Kind]]:
    """Cut a batch into equal pieces that are trained at once; on a CPU as many as its cores, or a multiple.

    Args:
        cells: cells with the same group key.
        device: where.
    """
    count = -(-len(cells) // chunk_size(cells[0], device))
    if device.type == "cpu":
        cores = torch.get_num_threads()
        count = -(-count // cores) * cores
    size = -(-len(cells) // count)
    return [cells[start : start + size] for start in range(0, len(cells), size)]


def chunk_size(cell: Cell, device: torch.device) -> int:
    """Return how many configurations at most are trained at once.

    A core is fastest while a layer's activations stay in its cache; on a GPU a batch is not cut.

    Args:
        cell: one of them.
        device: where.
    """
    if device.type != "cpu":
        return MOST_CONFIGS
    return max(1, CACHE_BYTES // (FLOAT_BYTES * cell.batch_size * max(shape.size for shape in cell.shapes)))


def evaluation_examples(cell: Cell) -> int:
    """Return how many test examples are evaluated at once.

    Args:
        cell: one of the configurations.
    """
    positions = max(shape.positions for shape in cell.shapes)
    return EVALUATION_ROWS if positions == 1 else max(cell.batch_size, EVALUATION_ROWS // positions)


def evaluated_at_once(cell: Cell, device: torch.device) -> int:
    """Return how many configurations at most are evaluated at once.

    Args:
        cell: one of them.
        device: where.
    """
    if device.type != "cpu":
        return MOST_CONFIGS
    examples = min(evaluation_examples(cell), cell.dataset.test_size)
    return max(1, EVALUATION_BYTES // (FLOAT_BYTES * examples * max(shape.size for shape in cell.shapes)))
