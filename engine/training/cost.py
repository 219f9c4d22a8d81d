"""What training takes: operations, and the memory of all that lives at once."""

from collections.abc import Sequence

import torch

from goldilocks.engine.cost import FLOAT_BYTES, Cost
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks, evaluation_examples
from goldilocks.engine.training.curves import logged_steps

# Share of the rate of plain batched products that training reaches, logging included.
TYPICAL_SHARE = 0.45
INDEX_BYTES = 8
# Tensors of a layer's size that live at once beside the tapes: gradients and temporaries of a step, and of evaluation.
STEP_TENSORS, EVALUATION_TENSORS = 5, 3
# The examples as read, and prepared.
DATA_COPIES = 2


def training_cost(cells: Sequence[TrainingCell], device: torch.device) -> Cost:
    """Return what training a batch of cells takes.

    Args:
        cells: cells with the same group key; at least one.
        device: where it would be computed.
    """
    first = cells[0]
    products = sum(shape.products for shape in (*first.shapes, first.readout))
    evaluated = first.dataset.test_size * len(logged_steps(first.steps))
    passes = 3 * first.batch_size * (first.steps + 1) + evaluated
    parts = chunks(cells, device)
    concurrent = min(len(parts), torch.get_num_threads())
    at_once = len(parts[0]) * concurrent
    orders = min(at_once, len({cell.seed for cell in cells}) * concurrent) * first.steps * first.batch_size
    data = FLOAT_BYTES * DATA_COPIES * (first.dataset.train_size + first.dataset.test_size) * first.features
    return Cost(2.0 * len(cells) * products * passes, at_once * _bytes(first, device) + INDEX_BYTES * orders + data)


def _bytes(cell: TrainingCell, device: torch.device) -> float:
    """Return the peak memory of one configuration."""
    # φ(z) usually lies over z; batch norm keeps the centred z as well.
    keeps_pre = not cell.activation.in_place
    sizes, weights = ([getattr(shape, name) for shape in cell.shapes] for name in ("size", "weights"))
    tapes = sum(sizes) * (1 + cell.norm.learnable + keeps_pre)
    step = cell.batch_size * (tapes + cell.features + STEP_TENSORS * max(sizes))
    evaluation = min(evaluation_examples(cell), cell.dataset.test_size) * EVALUATION_TENSORS * max(sizes)
    # Of one layer, the gradient and the clone behind update_ratio.
    weights.append(cell.readout.weights)
    parameters = sum(weights) * (1 + cell.optimizer.slots) + 2 * max(weights)
    # On a GPU, steps are replayed, and what a step and an evaluation have taken once they keep.
    working = step + evaluation if device.type == "cuda" else max(step, evaluation)
    return FLOAT_BYTES * (parameters + working)
