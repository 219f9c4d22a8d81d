"""The command `goldilocks diagnose`."""

import json
import sys
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from goldilocks.engine.diagnosis.defaults import INITS, LARGEST, SEEDS
from goldilocks.engine.errors import RequestError
from goldilocks.engine.options import DeviceOption, JsonOption
from goldilocks.store import StoreError
from goldilocks.store.command_line.terminal import say, warn

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.examination import Examination
    from goldilocks.engine.diagnosis.report import Report

EXAMPLE = "Example: goldilocks diagnose mymodel.py:make --input 64x3x32x32 --classes 10"


class Floor(StrEnum):
    """What makes the command end with 1."""

    error = "error"
    warning = "warning"
    note = "note"
    never = "never"


def diagnose(
    factory: Annotated[
        str, typer.Argument(help="path/to/file.py:function, package.module:function or hf:config.json; it is imported.")
    ],
    given: Annotated[
        str | None,
        typer.Option("--input", help="Shape (64x3x32x32), token ids (ids:8x128) or data set (digits:64)."),
    ] = None,
    batch: Annotated[
        str | None, typer.Option(help="file.py:function or package.module:function that returns a batch.")
    ] = None,
    init: Annotated[str, typer.Option(help="Initializations, separated by commas.")] = ",".join(INITS),
    seeds: Annotated[int, typer.Option(min=1, help="Draws of each initialization.")] = SEEDS,
    classes: Annotated[
        int | None, typer.Option(min=2, help="Classes of a classifier. Default: none, or the batch's.")
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help="file.py:function or package.module:function (output, target) that returns the loss."),
    ] = None,
    range_: Annotated[
        str | None,
        typer.Option("--range", help=f"Formats it is to be trained in: {', '.join(LARGEST)}, separated by commas."),
    ] = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Seconds that it may take. Default: no limit.")] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    sarif: Annotated[str | None, typer.Option(help="Also write the findings to this file as SARIF 2.1.0.")] = None,
    baseline: Annotated[
        str | None, typer.Option(help="File of accepted findings; only what is new fails. Written where there is none.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="DuckDB file that keeps the results; what it has is not computed again. Default: none is kept. "
            "goldilocks verify CELL --factory FACTORY computes its cells again."
        ),
    ] = None,
    fail_on: Annotated[Floor, typer.Option(help="Lowest severity that makes the exit code 1.")] = Floor.error,
) -> None:
    """Probe a network of your own under several initializations; exit code 1 with findings, 2 when it cannot run."""
    try:
        # What the user's code prints is no result.
        with redirect_stdout(sys.stderr):
            report = _report(factory, given, batch, init, seeds, classes, loss, range_, budget, device, store)
        failing = _failing(report, fail_on, baseline)
        if sarif:
            _write_sarif(report, sarif, factory)
    except (RequestError, StoreError) as error:
        warn(str(error))
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        warn("Interrupted: what was finished is kept in the store." if store else "Interrupted.")
        raise typer.Exit(130) from None
    if as_json:
        print(json.dumps(report.json() | {"failing": failing}, ensure_ascii=False))
    else:
        say(str(report))
    raise typer.Exit(1 if failing else 0)


def _report(
    factory: str,
    given: str | None,
    batch: str | None,
    init: str,
    seeds: int,
    classes: int | None,
    loss: str | None,
    formats: str | None,
    budget: float | None,
    device: str,
    store: str | None,
) -> "Report":
    from goldilocks.engine.diagnosis.examination import prepare, refuse_unknown
    from goldilocks.engine.diagnosis.factory import load_function

    if given is not None and batch is not None:
        raise RequestError("--input and --batch both say what goes in: give one")
    # Before the user's files are imported.
    refuse_unknown(split(init), seeds, split(formats or ""), device)
    made = load_function(batch) if batch is not None else given
    ready = prepare(
        factory,
        made,
        split(init),
        seeds,
        classes=classes,
        loss=None if loss is None else load_function(loss),
        origin=batch or "",
    )
    warn(ready.cost)
    ready.refuse_beyond(budget)
    if store is not None:
        return _kept(ready, store, split(formats or ""), device)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=1.0)
        return ready.run(split(formats or ""), device, lambda share: bar.update(task, completed=share))


def _kept(ready: "Examination", store: str, formats: list[str], device: str) -> "Report":
    """Report on what a store has, once what it lacks is computed."""
    from goldilocks.engine.diagnosing import examine
    from goldilocks.engine.execution.interruption import deferred_interrupts
    from goldilocks.engine.execution.progress import Bar
    from goldilocks.engine.execution.run import Interrupted

    try:
        with deferred_interrupts():
            return examine(ready, store, formats, device, Bar())
    except Interrupted:
        raise KeyboardInterrupt from None


def split(text: str) -> list[str]:
    """Split a list at its commas, but not at those in brackets.

    Args:
        text: such as `kaiming,normal(std=0.1)`.
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _failing(report: "Report", floor: Floor, baseline: str | None) -> int:
    from goldilocks.engine.diagnosis.baseline import new_findings
    from goldilocks.engine.diagnosis.finding import at_least

    found = report.findings if baseline is None else new_findings(report.findings, Path(baseline))
    return sum(floor is not Floor.never and at_least(one.severity, floor) for one in found)


def _write_sarif(report: "Report", file: str, factory: str) -> None:
    from goldilocks.engine.diagnosis.sarif import sarif, source_of

    try:
        Path(file).write_text(json.dumps(sarif(report.findings, source_of(factory)), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{file}: {error.strerror}") from None
