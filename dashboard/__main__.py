"""Serving the pages: `python -m dashboard`."""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dashboard import server

LOOPBACK = "127.0.0.1"


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port.")] = 8501,
    store: Annotated[
        str | None, typer.Option(help="DuckDB file. Default: $GOLDILOCKS_STORE, else data/grid.duckdb.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Listen on all addresses, not on loopback alone.")] = False,
) -> None:
    """Serve the dashboard. Example: python -m dashboard --port 8501"""
    try:
        bound = server.listen("0.0.0.0" if public else LOOPBACK, port)
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        print(
            f"port {port} {why}; choose another one with --port, for instance --port {port % 65535 + 1}",
            file=sys.stderr,
        )
        raise typer.Exit(2) from None
    path = store or os.environ.get("GOLDILOCKS_STORE") or "data/grid.duckdb"
    os.environ["GOLDILOCKS_STORE"] = str(Path(path).expanduser().absolute())
    print(f"Goldilocks: http://{LOOPBACK}:{port} (stop with Ctrl-C)", flush=True)
    server.run(bound)


def main() -> None:
    """Run the command line."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    app(prog_name="python -m dashboard")


if __name__ == "__main__":
    main()
