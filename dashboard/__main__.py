"""Serving the pages: `python -m dashboard`."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port.")] = 8501,
    store: Annotated[
        str | None, typer.Option(help="DuckDB file. Default: $GOLDILOCKS_STORE, else data/grid.duckdb.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Listen on all addresses, not on loopback alone.")] = False,
) -> None:
    """Serve the dashboard. Example: python -m dashboard --port 8501"""
    address = "0.0.0.0" if public else LOOPBACK
    if not _free(address, port):
        _refuse(f"port {port} is taken; choose another one with --port, for instance --port {port + 1}")
    environment = dict(os.environ)
    # `streamlit run` puts only the script's own folder on the path.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    if store is not None:
        environment["GOLDILOCKS_STORE"] = str(Path(store).expanduser().absolute())
    elif "GOLDILOCKS_STORE" not in environment:
        environment["GOLDILOCKS_STORE"] = str(Path("data/grid.duckdb").absolute())
    print(f"Goldilocks: http://{LOOPBACK}:{port} (stop with Ctrl-C)", flush=True)
    raise typer.Exit(_streamlit(address, port, environment))


def _streamlit(address: str, port: int, environment: dict[str, str]) -> int:
    options = {"server.address": address, "server.port": port, "server.headless": "true"}
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("app.py"))]
    command += [f"--{key}={value}" for key, value in options.items()]
    # A request to end must reach the server as well, or it would go on alone and keep the port.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Streamlit reads its configuration, the theme included, from the folder it is started in.
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 0


def _free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)


def main() -> None:
    """Run the command line."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    app(prog_name="python -m dashboard")


if __name__ == "__main__":
    main()
