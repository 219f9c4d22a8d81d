"""What the commands of the engine may be given on the command line."""

from enum import StrEnum
from typing import Annotated

import typer

GridArgument = Annotated[str, typer.Argument(help="A preset's name (see: list presets) or the path of a .toml file.")]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="DuckDB file. Default: $GOLDILOCKS_STORE, else data/grid.duckdb.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps; auto takes a GPU when there is one.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Compute again what the store already holds.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, nothing else there.")]
PluginOption = Annotated[
    list[str] | None,
    typer.Option("--plugin", help="Python file that registers members of your own; may be given several times."),
]
Tf32Option = Annotated[bool, typer.Option("--tf32", help="On CUDA: faster products, right to three digits only.")]
BackboneOption = Annotated[
    str | None,
    typer.Option(
        help="package.module:function that returns a pretrained nn.Module; the grid's cells of the study transfer are "
        "computed from it, too. Default: none."
    ),
]
NamedBackboneOption = Annotated[
    str | None,
    typer.Option(
        "--backbone",
        help="package.module:function that cells of the store may name. It is imported and called; a function that is "
        "not given here never is. Default: none.",
    ),
]
ImagesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--images",
        metavar="FOLDER",
        help="Folder of images of your own, which cells name by their digest; may be given several times. Default: "
        "$GOLDILOCKS_DATA and what lies directly below it.",
    ),
]
ConfinedOption = Annotated[
    bool,
    typer.Option(
        "--confined",
        help="For a grid that somebody else wrote: no folder that it names is looked into (images of one's own are "
        "found by their digest where data sets lie), and nothing is downloaded.",
    ),
]
ShardOption = Annotated[
    str | None, typer.Option(help="I/N: only the I-th of N parts of the grid, the same on every machine. Default: all.")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", help="Nothing on stdout and stderr but failures, and what --json prints.")
]


class ExecutorName(StrEnum):
    """Who computes."""

    local = "local"
    ray = "ray"


ExecutorOption = Annotated[ExecutorName, typer.Option(help="local computes on this machine, ray on a Ray cluster.")]
WorkersOption = Annotated[
    str,
    typer.Option(
        metavar="N|auto",
        help="Processes of this machine that compute. auto: one, or on a processor one for each core where that is "
        "sooner done.",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        help="With ray: auto (the cluster that this machine is part of; the default), HOST:PORT, ray://HOST:PORT, "
        "or local (this machine alone)."
    ),
]
WorkerCpusOption = Annotated[
    int | None, typer.Option(help="With ray: cores of a worker that computes on the processor. Default: 1.")
]
WorkerGpusOption = Annotated[
    float | None, typer.Option(help="With ray: GPUs of a worker that computes on one, 1 or a fraction. Default: 1.")
]
JournalDirOption = Annotated[
    str | None,
    typer.Option(help="With ray: folder that all nodes share; workers write results there. Default: none."),
]
