"""A diagnosis whose cells lie in a store: what it lacks is computed, and the report is read back from it."""

from collections.abc import Iterable
from pathlib import Path

from goldilocks.engine.diagnosis.cell import DiagnosisCell
from goldilocks.engine.diagnosis.diagnose import Examination
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
            DiagnosisCell(**subject.axes, init=init, seed=seed)
            for seed in range(ready.seeds)
            for init in dict.fromkeys(ready.inits)
        )
        run(Grid(f"diagnosis of {ready.name}", "", cells), store, device, workers=1, reporter=reporter)
    with open_store(Layout.at(store)) as handle:
        found = read_back(handle, cells)
    return Report(ready.name, found, judge(found, tuple(formats)), ready.specimen)
