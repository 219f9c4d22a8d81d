"""The engine's command line: run, plan, verify, diagnose, list, bench."""

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from goldilocks.engine.diagnose_command import EXAMPLE, diagnose
from goldilocks.engine.errors import RequestError
from goldilocks.engine.options import (
    AddressOption,
    BackboneOption,
    ConfinedOption,
    DeviceOption,
    ExecutorName,
    ExecutorOption,
    FreshOption,
    GridArgument,
    ImagesOption,
    JournalDirOption,
    JsonOption,
    NamedBackboneOption,
    PluginOption,
    QuietOption,
    ShardOption,
    StoreOption,
    Tf32Option,
    WorkerCpusOption,
    WorkerGpusOption,
    WorkersOption,
)
from goldilocks.engine.tables import forecast_table, member_table
from goldilocks.store.command_line.terminal import interruptions, say, warn
from goldilocks.store.nearest import nearest

app = typer.Typer(
    help="Compute grids of small networks: initialization × activation × depth × normalization.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _refuse(sentence: str, code: int = 2) -> NoReturn:
    warn(sentence)
    raise typer.Exit(code)


def _guarded(action: Callable[[], Any]) -> Any:
    """Run an action; a wrong request ends with its sentence and exit code 2."""
    from goldilocks.store import StoreError

    try:
        with interruptions():
            return action()
    except (RequestError, StoreError) as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename or 'the store'}: {error.strerror}", 1)


def _guarded_items(items: Iterator[Any]) -> Iterator[Any]:
    """Yield from an iterator under the same guard."""
    end = object()
    while (item := _guarded(lambda: next(items, end))) is not end:
        yield item


@app.command(epilog="Example: goldilocks run lecture --json")
def run(
    grid: GridArgument = "demo",
    store: StoreOption = None,
    device: DeviceOption = "auto",
    fresh: FreshOption = False,
    plugin: PluginOption = None,
    tf32: Tf32Option = False,
    backbone: BackboneOption = None,
    shard: ShardOption = None,
    confined: ConfinedOption = False,
    workers: WorkersOption = "auto",
    executor: ExecutorOption = ExecutorName.local,
    address: AddressOption = None,
    worker_cpus: WorkerCpusOption = None,
    worker_gpus: WorkerGpusOption = None,
    journal_dir: JournalDirOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compute the cells of GRID that the store lacks."""
    wishes = {"address": address, "worker_cpus": worker_cpus, "worker_gpus": worker_gpus, "journal_dir": journal_dir}
    cluster = _guarded(lambda: _cluster(executor, {key: value for key, value in wishes.items() if value is not None}))
    if cluster and workers != "auto":
        _refuse("--workers applies to this machine only: omit it, or use --worker-cpus with --executor ray")
    how = {
        "workers": workers,
        "fresh": fresh,
        "plugins": plugin or (),
        "tf32": tf32,
        "backbone": backbone,
        "shard": shard,
    }
    summary, code = _computed(quiet, confined, grid, store=store, device=device, cluster=cluster, **how)
    if as_json:
        print(json.dumps(summary))
    elif not quiet:
        say(_sentences(summary))
    elif summary["cells_failed"]:
        warn(_sentences(summary))
    raise typer.Exit(code or (1 if summary["cells_failed"] else 0))


def _computed(quiet: bool, confined: bool, grid: str, **wishes: Any) -> tuple[dict[str, Any], int]:
    """Compute a grid; return the summary, and the exit code of an interruption or 0."""
    from goldilocks import engine
    from goldilocks.engine.execution.interruption import deferred_interrupts
    from goldilocks.engine.execution.progress import Bar, Silence
    from goldilocks.engine.grid.spec import load_grid

    reporter = Silence() if quiet else Bar()

    def summary() -> dict[str, Any]:
        return engine.run(load_grid(grid, confined=True) if confined else grid, **wishes, reporter=reporter)

    try:
        with deferred_interrupts():
            return _guarded(summary), 0
    except engine.Interrupted as stopped:
        return stopped.summary, 130
    except KeyboardInterrupt:
        _refuse("Interrupted before anything was computed.", 130)


def _cluster(executor: ExecutorName, wishes: dict[str, Any]) -> Any:
    from goldilocks.engine.execution.cluster import Cluster

    if executor is ExecutorName.ray:
        return Cluster(**wishes)
    if wishes:
        option = next(iter(wishes)).replace("_", "-")
        raise RequestError(f"--{option} applies to a cluster only: add --executor ray, or omit it")
    return None


def _sentences(summary: dict[str, Any]) -> str:
    if not summary["cells_total"]:
        return f"{summary['grid']}: this shard has no cells, so there is nothing to compute.\nStore: {summary['store']}"
    lines = [
        f"{summary['grid']}: {summary['cells_total']} cells, {summary['cells_cached']} already done, "
        f"{summary['cells_computed']} computed in {summary['seconds']:.1f} s on {summary['device_name']}.",
        f"Of these {summary['cells_diverged']} diverged (a result) and {summary['cells_failed']} failed.",
        f"Store: {summary['store']} (snapshot {summary['snapshot']})",
    ]
    if summary["cells_failed"]:
        lines.append("Why: goldilocks store query \"SELECT cell_id, error FROM cells WHERE status = 'failed'\"")
    return "\n".join(lines)


@app.command(epilog="Example: goldilocks plan demo")
def plan(
    grid: GridArgument = "demo",
    store: StoreOption = None,
    device: DeviceOption = "auto",
    fresh: FreshOption = False,
    plugin: PluginOption = None,
    backbone: BackboneOption = None,
    shard: ShardOption = None,
    confined: ConfinedOption = False,
    workers: WorkersOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Show what `run` would do, without computing."""
    from goldilocks.engine.device import choose_device
    from goldilocks.engine.execution.forecast import forecast
    from goldilocks.engine.grid.backbone import with_backbone
    from goldilocks.engine.grid.shard import part
    from goldilocks.engine.grid.spec import load_grid
    from goldilocks.engine.networks.factories import named
    from goldilocks.engine.plugins import load
    from goldilocks.store import Layout

    def wanted() -> Any:
        whole = load_grid(grid, confined=confined)
        return part(with_backbone(whole, backbone) if backbone else whole, shard)

    _guarded(lambda: load(plugin or ()))
    with named(backbone):
        expected = _guarded(lambda: forecast(wanted(), Layout.at(store), choose_device(device), fresh, workers))
    if as_json:
        print(json.dumps(asdict(expected)))
    else:
        Console(highlight=False).print(forecast_table(expected))


@app.command(epilog="Example: goldilocks verify --sample 10")
def verify(
    cell_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[CELL_ID]...", help="Ids of cells to recompute.")
    ] = None,
    sample: Annotated[int, typer.Option(min=0, help="Number of further cells, drawn at random.")] = 0,
    store: StoreOption = None,
    device: Annotated[
        str, typer.Option(help="As for run; auto takes the kind of device that computed the cell.")
    ] = "auto",
    plugin: PluginOption = None,
    backbone: NamedBackboneOption = None,
    images: ImagesOption = None,
    factory: Annotated[
        str | None,
        typer.Option(
            help="What makes the network of your own that cells of the study diagnosis are about, as for diagnose; it "
            "is imported. What the store calls it is not."
        ),
    ] = None,
    batch: Annotated[str | None, typer.Option(help="With --factory: function that returns what went in.")] = None,
    loss: Annotated[str | None, typer.Option(help="With --factory: function that is the loss.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute cells from the store alone and compare every number; exit code 1 unless all agree."""
    from goldilocks.engine.execution import verify as verification

    if not cell_ids and not sample:
        _refuse("verify needs ids of cells, or --sample N")
    results = []
    if factory is None and (batch or loss):
        _refuse("--batch and --loss are those of a network of your own: name it with --factory, or leave them out")
    again = verification.verify(
        cell_ids or (),
        sample,
        store,
        device,
        plugins=plugin or (),
        backbone=backbone,
        images=images or (),
        factory=factory,
        batch=batch,
        loss=loss,
    )
    for result in _guarded_items(again):
        results.append(result)
        if not as_json:
            say(result)
    differing = sum(result.agrees is False for result in results)
    left_out = sum(result.agrees is None for result in results)
    if as_json:
        print(json.dumps([asdict(result) | {"agrees": result.agrees} for result in results], default=str))
    else:
        print(f"{len(results) - left_out} cells recomputed, {differing} of them differ.")
        if left_out:
            print(f"{left_out} cannot be verified; the reasons are listed above.")
    raise typer.Exit(1 if differing or left_out else 0)


app.command(epilog=EXAMPLE)(diagnose)


@app.command("list", epilog="Example: goldilocks list initializers")
def list_(
    kind: Annotated[str | None, typer.Argument(help="A family, such as initializers. Default: all.")] = None,
    plugin: PluginOption = None,
    as_json: JsonOption = False,
) -> None:
    """List initializers, activations and every other family, with formulas and references."""
    from goldilocks.engine.catalog import entries, kinds
    from goldilocks.engine.plugins import load

    _guarded(lambda: load(plugin or ()))

    if kind is not None and kind not in kinds():
        _refuse(f"there is no family {kind!r}; {nearest(kind, kinds())}")
    chosen = [kind] if kind else kinds()
    if as_json:
        print(json.dumps([asdict(entry) for family in chosen for entry in entries(family)]))
        return
    console = Console(highlight=False)
    for family in chosen:
        console.print(member_table(family, list(entries(family))))
        console.print()


@app.command(epilog="Example: goldilocks bench --json")
def bench(
    as_json: JsonOption = False,
    output: Annotated[str | None, typer.Option(help="Also write the JSON to this file.")] = None,
    cells: Annotated[int, typer.Option(help="Training cells of the largest synthetic store; 0: no store.")] = 10**6,
) -> None:
    """Measure speed on this machine against PyTorch, JAX and NumPy, and how the store scales."""
    from goldilocks.engine.bench import report, store_scale, suite
    from goldilocks.engine.bench.case import Disagreement

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    try:
        results = suite.run(say=say) | {"store": store_scale.measure(cells, say)}
    except Disagreement as error:
        print(f"{error}. Its time would mean nothing, so nothing is reported.", file=sys.stderr)
        raise typer.Exit(1) from None
    text = json.dumps(results, indent=2)
    if output:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    if as_json:
        print(text)
        return
    report.show(results)


def main(name: str = "goldilocks") -> None:
    """Run the command line.

    Args:
        name: what it is called with.
    """
    from goldilocks.store.command_line.terminal import main as to_the_end

    # Values that are not finite are results; they are counted, and NumPy need not say that they came about.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"goldilocks\.engine\.")
    to_the_end(app, name)


if __name__ == "__main__":
    main()
