"""The memory that is forecast for a measurement beside what PyTorch's allocator gives out for it."""

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.memory import Memory
from goldilocks.engine.diagnosis.specimen import Specimen


def mlp(width, depth, norm=nn.Identity):
    return lambda: nn.Sequential(*(part for _ in range(depth) for part in (nn.Linear(width, width), norm(), nn.ReLU())))


def cnn():
    layers = (part for n in range(4) for part in (nn.Conv2d(16 if n else 3, 16, 3), nn.BatchNorm2d(16), nn.ReLU()))
    return nn.Sequential(*layers)


NETWORKS = {
    "values": (mlp(64, 12, lambda: nn.LayerNorm(64)), torch.randn(2048, 64), 6),
    "weights": (mlp(1024, 3), torch.randn(32, 1024), 3),
    "convolutions": (cnn, torch.randn(16, 3, 24, 24), 4),
}


def allocated(name, method, count):
    """Return what a measurement had at once at most, and what was forecast."""
    make, batch, _ = NETWORKS[name]
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        found = measure(Specimen(make, (batch,)), ["kaiming"], range(count), method=method)
    at_once, most = 0, 0
    for event in profiled.profiler.kineto_results.events():
        if event.name() == "[memory]":
            at_once += event.nbytes()
            most = max(most, at_once)
    assert found.cost.at_once == (count if method == "vmap" else 1)
    return most, found.cost.forecast_bytes


@pytest.mark.parametrize("name", NETWORKS)
def test_the_forecast_of_one_program_is_within_a_quarter(name):
    taken, forecast = allocated(name, "vmap", NETWORKS[name][2])
    assert 0.75 < taken / forecast < 1.25


@pytest.mark.parametrize("name", NETWORKS)
def test_the_loop_takes_no_more_than_forecast(name):
    taken, forecast = allocated(name, "loop", 2)
    assert 0.3 < taken / forecast < 1.05


def test_as_many_go_into_a_program_as_memory_has_room_for():
    memory = Memory(weights=100.0, largest=50.0, saved=30.0, values=20.0, free=10_000.0)
    count = memory.most_at_once()
    assert memory.bytes_for(count) <= 0.6 * memory.free < memory.bytes_for(count + 1)
    assert Memory(100.0, 50.0, 30.0, 20.0, free=10.0).most_at_once() == 1
