"""Serving the pages: `goldilocks dashboard`."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from goldilocks.dashboard import background_run, server
from goldilocks.store.command_line.sentences import warnings_as_sentences

LOOPBACK = "127.0.0.1"


def main(name: str = "goldilocks dashboard") -> None:
    """Run the command line.

    Args:
        name: what it is called with.
    """
    # Not typer: loading it takes a tenth of the time until the first page is there.
    parser = argparse.ArgumentParser(
        prog=name, description="Serve the dashboard. Example: goldilocks dashboard --port 8501"
    )
    parser.add_argument("--port", type=_port, default=8501, help="TCP port. Default: 8501.")
    parser.add_argument("--store", help="DuckDB file. Default: $GOLDILOCKS_STORE, else data/grid.duckdb.")
    parser.add_argument("--public", action="store_true", help="Listen on all addresses, not on loopback alone.")
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="Name by which other machines, or a proxy, reach this server; may be given several times. Default: with "
        "--public the names and addresses of this machine, else localhost.",
    )
    parser.add_argument(
        "--reference", action="store_true", help="Import the reference grid meanwhile, unless the store has it."
    )
    parser.add_argument(
        "--compute", metavar="GRID", help="Compute a grid meanwhile: a preset, or the path of a .toml file."
    )
    serve(**vars(parser.parse_args()))


def serve(
    port: int,
    store: str | None,
    public: bool,
    host: Sequence[str] = (),
    reference: bool = False,
    compute: str | None = None,
) -> None:
    """Serve the dashboard; exit with status 2 when the port cannot be opened.

    Args:
        port: TCP port.
        store: DuckDB file; None means $GOLDILOCKS_STORE, else data/grid.duckdb.
        public: whether to listen on all addresses.
        host: names by which the server is reached beside those of this machine.
        reference: whether to import the reference grid meanwhile.
        compute: grid to compute meanwhile, after that; None computes nothing.
    """
    try:
        bound = server.listen("0.0.0.0" if public else LOOPBACK, port)
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        print(
            f"port {port} {why}; choose another one with --port, for instance --port {port % 65535 + 1}",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    if store:
        os.environ["GOLDILOCKS_STORE_GIVEN"] = store
    path = store or os.environ.get("GOLDILOCKS_STORE") or "data/grid.duckdb"
    os.environ["GOLDILOCKS_STORE"] = str(Path(path).expanduser().absolute())
    warnings_as_sentences()
    print(f"Goldilocks: http://{LOOPBACK}:{port} (stop with Ctrl-C)", flush=True)
    with background_run.working(os.environ["GOLDILOCKS_STORE"], reference=reference, grid=compute):
        server.run(bound, host)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
