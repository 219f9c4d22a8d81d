"""Steps between two logged ones: the same numbers when launched as one, and nothing that waits for the device."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from goldilocks.engine.device import choose_device
from goldilocks.engine.errors import RequestError
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.cuda_graph import Replay
from goldilocks.engine.training.curve_log import CurveLog
from goldilocks.engine.training.trainer import Trainer
from goldilocks.engine.training.update_size import UpdateSize
from tests.device import DEVICE
from tests.engine.members import ACTIVATIONS, NORMALIZATIONS, OPTIMIZERS

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
# What reads a number back to the host, or makes a tensor whose size only the device knows.
aten = torch.ops.aten
WAITS = {
    aten._local_scalar_dense.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten.item.default,
    aten.is_nonzero.default,
    aten.equal.default,
}


class Watch(TorchDispatchMode):
    """Raises where an operation waits for the device; new tensors from host data count, too."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        assert operation not in WAITS, operation
        assert operation is not aten.lift_fresh.default, "a tensor is made from host data"
        return operation(*args, **(kwargs or {}))


def trainer(optimizer="sgd", activation="relu", norm="none", steps=60):
    cell = TrainingCell(
        dataset="digits", init="kaiming", activation=activation, norm=norm, optimizer=optimizer, width=16, depth=2,
        batch_size=8, steps=steps, lr=0.01,
    )  # fmt: skip
    return Trainer([cell, cell.model_copy(update={"seed": 1})], DEVICE)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_the_number_of_a_step_may_live_on_the_device(optimizer):
    ours, plain = trainer(optimizer), trainer(optimizer)
    ours.train(lambda share: None)
    for step in range(60):
        plain.step(step, UpdateSize())
    for mine, true in zip(ours.model.tensors(), plain.model.tensors(), strict=True):
        torch.testing.assert_close(mine, true, rtol=1e-4, atol=1e-6)


CASES = [
    *((optimizer, "relu", "batch") for optimizer in OPTIMIZERS),
    *(("sgd", activation, "none") for activation in ACTIVATIONS),
    *(("sgd", "relu", norm) for norm in NORMALIZATIONS),
]


@pytest.mark.parametrize(("optimizer", "activation", "norm"), CASES, ids=str)
def test_no_step_waits_for_the_device(optimizer, activation, norm):
    one = trainer(optimizer, activation, norm)
    log, within, last = CurveLog(one, sizes=True), *torch.tensor([1, 2], device=DEVICE)
    with Watch():
        log.within(within)
        log.at_end(last)
    assert log.curves.values["test_loss"][1].isfinite().all()
    assert not log.curves.values["test_loss"][2:].isfinite().any()


def test_the_watch_notices_what_waits():
    with pytest.raises(AssertionError), Watch():
        torch.ones(()).item()
    with pytest.raises(AssertionError), Watch():
        torch.ones(3).nonzero()
    with pytest.raises(AssertionError), Watch():
        torch.tensor([1.0])


def test_on_a_gpu_the_second_step_is_captured_and_replayed_from_then_on(monkeypatch):
    events = []

    class Graph:
        def replay(self):
            events.append("replay")

    class Capture:
        def __init__(self, graph, pool, capture_error_mode):
            assert isinstance(graph, Graph)

        def __enter__(self):
            events.append("begin")

        def __exit__(self, *error):
            events.append("end")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", Capture)
    # The meta device stands in for the memory of a GPU.
    monkeypatch.setattr(torch, "zeros", lambda *shape, device, **options: torch.empty(*shape, device="meta", **options))
    replay = Replay(lambda made: events.append("work"), CUDA)
    for made in range(4):
        replay(made)
    assert events == ["work", "begin", "work", "end", "replay", "replay", "replay"]


def test_elsewhere_every_step_is_done_and_knows_its_number():
    done = []
    replay = Replay(lambda made: done.append(int(made)), CPU)
    replay(3)
    replay(5)
    assert done == [3, 5]


def test_tf32_is_for_cuda_only_and_is_part_of_the_record():
    with pytest.raises(RequestError, match="tf32 needs a CUDA device"):
        choose_device("cpu", tf32=True)
    assert choose_device("cpu").precision == "float32"
    assert not torch.backends.cuda.matmul.allow_tf32
