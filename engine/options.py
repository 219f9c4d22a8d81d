"""What the commands of the engine may be given on the command line."""

from enum import StrEnum
from typing import Annotated

import typer

GridArgument = Annotated[
    str, typer.Argument(help="Name of a preset (see: goldilocks list presets) or path of a .toml file.")
]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="DuckDB file. Default: $GOLDILOCKS_STORE, else data/grid.duckdb.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps; auto takes a GPU when there is one.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Recompute cells that the store already has.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
PluginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin", help="Python file that registers your own initializers, activations or normalizations; repeatable."
    ),
]
Tf32Option = Annotated[
    bool, typer.Option("--tf32", help="On CUDA: faster matrix products, accurate to about three digits.")
]
BackboneOption = Annotated[
    str | None,
    typer.Option(
        help="package.module:function that returns a pretrained nn.Module; each cell of the study transfer is computed "
        "from it, too. Default: none."
    ),
]
NamedBackboneOption = Annotated[
    str | None,
    typer.Option(
        "--backbone",
        help="package.module:function that cells of the store refer to. It is imported and called; no other function "
        "is. Default: none.",
    ),
]
ImagesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--images",
        metavar="FOLDER",
        help="Folder of your own images, to which cells refer by digest; repeatable. Default: $GOLDILOCKS_DATA and the "
        "folders directly below it.",
    ),
]
ConfinedOption = Annotated[
    bool,
    typer.Option(
        "--confined",
        help="For a grid that you do not trust: read no folder that it names (your own images are found by digest "
        "among the data sets), and download nothing.",
    ),
]
ShardOption = Annotated[
    str | None, typer.Option(help="I/N: compute part I of N; the parts are the same on every machine. Default: all.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print only failures, and what --json prints.")]


class ExecutorName(StrEnum):
    """Who computes."""

    local = "local"
    ray = "ray"


ExecutorOption = Annotated[ExecutorName, typer.Option(help="local computes on this machine, ray on a Ray cluster.")]
WorkersOption = Annotated[
    str,
    typer.Option(
        metavar="N|auto",
        help="Number of processes on this machine. auto: one per CPU core where that is faster, otherwise one.",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        help="With ray: auto (the cluster that this machine is part of; the default), HOST:PORT, ray://HOST:PORT, "
        "or local (this machine alone)."
    ),
]
WorkerCpusOption = Annotated[int | None, typer.Option(help="With ray: cores per CPU worker. Default: 1.")]
WorkerGpusOption = Annotated[
    float | None, typer.Option(help="With ray: GPUs per GPU worker, 1 or a fraction of one. Default: 1.")
]
JournalDirOption = Annotated[
    str | None,
    typer.Option(help="With ray: folder shared by all nodes, to which workers write results. Default: none."),
]
