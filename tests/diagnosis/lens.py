"""What TorchLens sees in a pass, beside what the instrument sees: `python -m tests.diagnosis.lens` prints a table."""

import os
import sys
from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import torch

from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.operations import operation_name
from goldilocks.engine.diagnosis.prepared import made, prepare
from tests.diagnosis.transformers_zoo import transformers_zoo
from tests.diagnosis.zoo import NETWORKS

# TorchLens looks into these; to the instrument they are one operation.
OPAQUE = ("multi_head_attention_forward", "input")


def lens_values(model, specimen):
    """Return what TorchLens saved, by module, call and operation, in order."""
    import torchlens

    found = defaultdict(list)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trace = torchlens.trace(model, list(specimen.args), dict(specimen.kwargs))
    for op in trace.ops:
        if op.func_name in (None, "none") or not isinstance(op.out, torch.Tensor):
            continue
        name, _, call = (op.module or ":1").rpartition(":")
        found[name, int(call), operation_name(SimpleNamespace(__name__=op.func_name))].append(op.out)
        found[name, int(call), "any"].append(op.out)
    return found


def compared(specimen):
    """Return how many operations were compared, how many there are, and the largest difference."""
    model = made(specimen, 0)
    prepare(model, specimen.training)
    ours = measure(replace(specimen, make=lambda: model), ["as_is"], [0], method="loop")
    theirs = lens_values(model, specimen)
    sites = [site for site in ours.sites if site.operation not in OPAQUE]
    count, worst = 0, (0.0, "")
    for site in sites:
        whole = site.operation == site.module
        values = theirs[site.name, site.call, "any" if whole else site.operation]
        place = len(values) - 1 if whole else site.occurrence - 1
        if not 0 <= place < len(values) or tuple(values[place].shape) != site.shape:
            continue
        value = values[place].detach().double()
        count += 1
        for ours_, theirs_ in (
            (ours.signal.mean[0, site.index], float(value.mean())),
            (ours.signal.std[0, site.index], float(value.std(correction=0))),
        ):
            size = max(float(value.abs().mean()), 1e-3)
            worst = max(worst, (abs(ours_ - theirs_) / size, site.label))
    return count, len(sites), worst


def main():
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    every = {**NETWORKS, **transformers_zoo()}
    print("| architecture | operations | compared | largest difference |\n| --- | --- | --- | --- |")
    for name in sys.argv[1:] or every:
        count, sites, (difference, label) = compared(every[name])
        print(f"| {name} | {sites} | {count} | {difference:.1e} at {label} |", flush=True)


if __name__ == "__main__":
    main()
