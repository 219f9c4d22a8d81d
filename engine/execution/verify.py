"""Computing cells again from nothing but the store, and comparing every number with what the store holds.

A cell's draws follow from its own configuration, but the last bits of a sum can depend on the shape of the whole
tensor program. So the batch that computed a cell is computed again, with the same cells in the same places and as many
threads. Where the device, its instructions and PyTorch are the same too, results are compared bit for bit; elsewhere,
or when a batch is no longer whole, within rounding.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.cores import computing, kernel_threads
from goldilocks.engine.data.own import know
from goldilocks.engine.device import Device, choose_device
from goldilocks.engine.diagnosis.named import named as diagnosed
from goldilocks.engine.diagnosis.named_factory import subjects
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.comparison import Difference, compared_tables, differences
from goldilocks.engine.execution.provenance import computing_platform
from goldilocks.engine.execution.rebuilding import Row, cell_of
from goldilocks.engine.execution.recomputation import (
    Recomputed,
    at_larger_rate,
    rate_axis,
    steady_until,
    without_times,
)
from goldilocks.engine.grid.plan import MEMORY_SHARE
from goldilocks.engine.networks.factories import named
from goldilocks.engine.plugins import load as load_plugins
from goldilocks.engine.studies import studies
from goldilocks.store import Store
from goldilocks.store import open as open_store


@dataclass(frozen=True)
class Verification:
    """What became of computing one cell again.

    Attributes:
        cell_id: the cell.
        run_id: the run that computed it.
        inexact: why it was compared within rounding; empty when it was compared bit for bit.
        differences: what differs more than that; none when all agree.
        obstacle: why it could not be computed again, and what to do; empty when it was.
    """

    cell_id: str
    run_id: str
    inexact: str
    differences: tuple[Difference, ...]
    obstacle: str = ""

    @property
    def agrees(self) -> bool | None:
        """Whether every number agrees; None where nobody knows."""
        return None if self.obstacle else not self.differences

    def __str__(self) -> str:
        if self.obstacle:
            return f"{self.cell_id} of run {self.run_id} cannot be verified: {self.obstacle}"
        how = f"within rounding ({self.inexact})" if self.inexact else "bit for bit"
        if self.agrees:
            return f"{self.cell_id} of run {self.run_id}: identical {how}"
        return f"{self.cell_id} of run {self.run_id} DIFFERS, compared {how}: {'; '.join(map(str, self.differences))}"


def verify(
    cell_ids: Sequence[str] = (),
    sample: int = 0,
    store: str | Path | None = None,
    device: str = "auto",
    *,
    plugins: Sequence[str | Path] = (),
    backbone: str | None = None,
    images: Sequence[str | Path] = (),
    factory: str | Callable[[], Any] | None = None,
    batch: str | Callable[[], Any] | None = None,
    loss: str | Callable[..., Any] | None = None,
) -> Iterator[Verification]:
    """Compute cells again and compare.

    Args:
        cell_ids: which cells.
        sample: how many more, drawn at random.
        store: path of the DuckDB file; None means `$GOLDILOCKS_STORE` or `data/grid.duckdb`.
        device: where to compute; `auto` takes the kind of device of each cell's run where this machine has it.
        plugins: files that register the members of the user's own that cells have.
        backbone: `package.module:function` that cells may name; no other function that the store names is called.
        images: folders of images of one's own, which cells name by their digest; no other folder is looked into but
            that of data sets and those below it.
        factory: makes the network of one's own that cells of the study diagnosis are about, as for
            `goldilocks diagnose`; what the store calls it is never imported.
        batch: returns what went into it, where that was not described in a text.
        loss: its loss, where it had one of its own.

    Returns:
        A verification per cell, as they are made.

    Raises:
        RequestError: a cell does not exist or has no result, or a plugin is refused.
        StoreError: the store cannot be read.
    """
    load_plugins(plugins)
    for folder in images:
        know(str(folder))
    source = None if factory is None else subjects(factory, batch, loss)
    with named(backbone), diagnosed(source), open_store(store) as handle:
        wanted = _wanted(handle, cell_ids, sample)
        for together in _batches(handle, wanted.values()):
            members = [wanted[row["cell_id"]] for row in together if row["cell_id"] in wanted]
            yield from _verify(handle, together, members, device)


def _wanted(handle: Store, cell_ids: Sequence[str], sample: int) -> dict[str, Row]:
    drawn = "SELECT cell_id FROM cells WHERE status <> 'failed' ORDER BY random() LIMIT $sample"
    rows = _rows(
        handle,
        f"SELECT * FROM cells WHERE list_contains($ids, cell_id) OR cell_id IN ({drawn})",
        ids=list(cell_ids),
        sample=sample,
    )
    status = {row["cell_id"]: row["status"] for row in rows}
    for cell_id in cell_ids:
        if cell_id not in status:
            raise RequestError(f"the store has no cell {cell_id!r}; `SELECT cell_id FROM cells` lists them")
        if status[cell_id] == "failed":
            raise RequestError(f"cell {cell_id} failed: there is nothing to compare with")
    return {row["cell_id"]: row for row in rows}


def _batches(handle: Store, wanted: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the batches of the wanted cells, each in its order; a cell whose batch is unknown is one of its own."""
    yield from ([row] for row in wanted if row["batch"] is None)
    sql = "SELECT * FROM cells WHERE run_id = $run AND batch = $batch ORDER BY batch_place"
    for run, number in sorted({(row["run_id"], row["batch"]) for row in wanted if row["batch"] is not None}):
        yield _rows(handle, sql, run=run, batch=number)


def _verify(handle: Store, batch: Sequence[Row], wanted: Sequence[Row], request: str) -> Iterator[Verification]:
    run = _provenance(handle, batch[0]["run_id"], batch[0]["worker"])
    cells, obstacles = _rebuilt(batch)
    for row in wanted:
        if row["cell_id"] in obstacles:
            yield _unverifiable(row, obstacles[row["cell_id"]])
    batch = [row for row in batch if row["cell_id"] in cells]
    wanted = [row for row in wanted if row["cell_id"] in cells]
    if not wanted:
        return
    device = _device(request, run["device"])
    try:
        verifications = _compared(handle, run, batch, wanted, cells, device)
    except Exception as error:
        # Its batch may be too much for this machine, or hold another cell that raises.
        if len(batch) > 1:
            verifications = [one for row in wanted for one in _alone(handle, run, row, cells, device)]
        else:
            verifications = [_unverifiable(wanted[0], _raised(error))]
    yield from verifications


def _rebuilt(batch: Sequence[Row]) -> tuple[dict[str, Cell], dict[str, str]]:
    """Return the cells of a batch by their ids, and for those that cannot be made again the reason."""
    cells, obstacles = {}, {}
    for row in batch:
        try:
            cells[row["cell_id"]] = cell_of(row)
        except RequestError as error:
            obstacles[row["cell_id"]] = str(error)
    return cells, obstacles


def _alone(handle: Store, run: Row, row: Row, cells: dict[str, Cell], device: Device) -> list[Verification]:
    try:
        return _compared(handle, run, [row], [row], cells, device)
    except Exception as error:
        return [_unverifiable(row, _raised(error))]


def _compared(
    handle: Store,
    run: Row,
    batch: Sequence[Row],
    wanted: Sequence[Row],
    known: dict[str, Cell],
    device: Device,
) -> list[Verification]:
    """Compute a batch again, or what is left of it, and compare the wanted cells."""
    inexact = _inexact(run, batch, device)
    cells = [known[row["cell_id"]] for row in batch]
    _refuse_too_large(cells, device)
    for dataset in dict.fromkeys(one for cell in cells for one in cell.datasets):
        dataset.fetch()
    # As many threads as there were: how work is shared out decides the order of sums.
    with computing, kernel_threads(run["threads"] or torch.get_num_threads()):
        recomputed = Recomputed.of(cells, device)
        perturbed = recomputed
        if inexact and rate_axis(cells[0]):
            perturbed = Recomputed.of([at_larger_rate(cell) for cell in cells], device)
    places = {row["cell_id"]: place for place, row in enumerate(batch)}
    verifications = []
    for row in wanted:
        differing = _differences(handle, row, places[row["cell_id"]], recomputed, perturbed if inexact else None)
        verifications.append(Verification(row["cell_id"], run["run_id"], inexact, tuple(differing)))
    return verifications


def _refuse_too_large(cells: Sequence[Cell], device: Device) -> None:
    needed = studies.parse(cells[0].study).cost(cells, device.torch_device).bytes
    if needed > MEMORY_SHARE * device.free_memory:
        raise RequestError(
            f"recomputing it takes {needed / 1e9:.1f} GB of memory, and {device.free_memory / 1e9:.1f} GB are free: "
            "verify it on a larger machine"
        )


def _unverifiable(row: Row, obstacle: str) -> Verification:
    return Verification(row["cell_id"], row["run_id"], "", (), obstacle)


def _raised(error: Exception) -> str:
    return str(error) if isinstance(error, RequestError) else f"recomputing it raised {type(error).__name__}: {error}"


def _provenance(handle: Store, run_id: str, worker: str | None) -> Row:
    """Return the row of a run; of a run on a cluster, with what its worker says of itself."""
    rows = _rows(handle, "SELECT * FROM runs WHERE run_id = $run", run=run_id)
    if not rows:
        raise RequestError(
            f"the store has cells of run {run_id!r}, which is missing from runs: see `goldilocks store check`"
        )
    run = rows[0]
    if worker is None:
        return run
    sql = "SELECT * FROM workers WHERE run_id = $run AND worker = $worker"
    return run | next(iter(_rows(handle, sql, run=run_id, worker=worker)), {})


def _differences(
    handle: Store, row: Row, place: int, recomputed: Recomputed, perturbed: Recomputed | None
) -> Iterator[Difference]:
    stored, again = (row["status"] == "diverged", row["diverged_at_step"]), recomputed.diverged(place)
    at = min((step for _, step in (stored, again) if step is not None), default=0)
    if stored != again and (perturbed is None or at <= steady_until(recomputed, perturbed, place)):
        yield Difference("cells, (diverged, diverged_at_step)", row["cell_id"], stored, again, 1)
    for name in compared_tables(perturbed is not None):
        if name == "measurements" and perturbed is not None and rate_axis(recomputed.cells[place]):
            continue
        held = handle.query(f"SELECT * FROM {name} WHERE cell_id = $cell", cell=row["cell_id"]).arrow()
        held = without_times(held) if name == "measurements" else held
        yield from differences(name, held, recomputed.rows(name, place), perturbed and perturbed.rows(name, place))


def _device(request: str, recorded: str | None) -> Device:
    if request != "auto" or recorded is None:
        return choose_device(request)
    try:
        return choose_device(recorded.partition(":")[0])
    except RequestError:
        return choose_device("auto")


def _inexact(run: Row, batch: Sequence[Row], device: Device) -> str:
    """Say what is not as it was when the batch was computed, or nothing."""
    here = {"device_name": device.name, "torch_version": torch.__version__, "platform": computing_platform()}
    for what, value in here.items():
        if run[what] != value:
            return f"{what} was {run[what]}, here it is {value}"
    if [row["batch_place"] for row in batch] != list(range(batch[0]["batch_cells"] or 0)):
        return "its batch is incomplete in this store, or on this machine"
    return ""


def _rows(handle: Store, sql: str, **values: Any) -> list[Row]:
    return handle.query(sql, **values).arrow().to_pylist()
