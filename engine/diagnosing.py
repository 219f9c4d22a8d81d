"""`goldilocks.diagnose`: a network of the user's own under several initializations and seeds, kept or not."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from goldilocks.engine.diagnosis.cell import DiagnosisCell
from goldilocks.engine.diagnosis.defaults import INITS, SEEDS
from goldilocks.engine.diagnosis.examination import Examination, listed, prepare, refuse_unknown
from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.named import named, the_same
from goldilocks.engine.diagnosis.read_back import read_back
from goldilocks.engine.diagnosis.report import Report
from goldilocks.engine.diagnosis.subject import Subject
from goldilocks.engine.execution.progress import Reporter
from goldilocks.engine.execution.run import run
from goldilocks.engine.grid.spec import Grid
from goldilocks.store import Layout
from goldilocks.store import open as open_store


def diagnose(
    make: Callable[[], nn.Module] | str,
    batch: Any = None,
    init: Sequence[str] | str = INITS,
    seeds: int = SEEDS,
    *,
    classes: int | None = None,
    loss: Callable[[Any, Any], Tensor] | None = None,
    formats: Sequence[str] = (),
    budget: float | None = None,
    device: str = "auto",
    store: str | Path | None = None,
) -> Report:
    """Probe a network under several initializations, each on the same seeds, and say what is wrong with it.

    Args:
        make: a function that takes nothing and returns the network, or its name: `package.module:function`,
            `path/to/file.py:function`, `hf:config.json`.
        batch: a tensor, a tuple of arguments (with the target last), a mapping of keywords, a function that returns one
            of these, or a text such as `64x3x32x32`, `ids:8x128`, `digits:64`.
        init: `as_is` (what the function gives), `default` (PyTorch's), or registered initializers.
        seeds: how many draws of each.
        classes: number of classes; None where the network is no classifier.
        loss: takes what the network returns and the target; None for cross-entropy where there are classes.
        formats: number formats that the network is meant to be trained in: `fp16`, `bf16`, `fp8`.
        budget: seconds that it may take; None for no limit.
        device: `auto`, `cpu`, `cuda`, `cuda:N`.
        store: path of a DuckDB file that keeps the results; what it has already is not computed again. None keeps none.

    Returns:
        A report: `ranking`, `findings`, `apply(init)`, `code(init)`; it shows itself in a notebook.

    Raises:
        RequestError: the network cannot be made or run, or something asked for does not exist.
    """
    refuse_unknown(init, seeds, formats, device)
    ready = prepare(make, batch, init, seeds, classes=classes, loss=loss)
    ready.refuse_beyond(budget)
    if store is None:
        return ready.run(formats, device)
    return examine(ready, store, listed(formats), device)


def examine(
    ready: Examination,
    store: str | Path,
    formats: Iterable[str] = (),
    device: str = "auto",
    reporter: Reporter | None = None,
) -> Report:
    """Compute the cells of a diagnosis that a store lacks, and report on all of them.

    Args:
        ready: the network with its batch.
        store: path of the DuckDB file.
        formats: number formats that the network is meant to be trained in.
        device: as for `goldilocks run`.
        reporter: told about the progress.

    Raises:
        RequestError: the network cannot be run.
        StoreError: the store cannot be used.
        Interrupted: stopped by the user; finished batches are kept.
    """
    subject = Subject.of(ready, formats)
    with named(lambda cell: the_same(subject, cell)):
        cells = tuple(
            DiagnosisCell(**subject.axes, init=init, seed=seed) for seed in range(ready.seeds) for init in ready.inits
        )
        done = run(Grid(f"diagnosis of {ready.name}", "", cells), store, device, workers=1, reporter=reporter)
    if reporter:
        reporter.say(f"{done['cells_cached']} of {done['cells_total']} cells were in {done['store']} already.")
    with open_store(Layout.at(store)) as handle:
        found = read_back(handle, cells)
        near = handle.named("trained_near_diagnosed", network=cells[0].network).df()
    return Report(ready.name, found, judge(found, tuple(formats)), ready.specimen, near)
