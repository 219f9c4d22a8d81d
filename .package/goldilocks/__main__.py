"""The command `goldilocks`: the commands of the engine, and below their names those of the store and the dashboard."""

import signal
import sys
from importlib import import_module
from types import ModuleType

# Each has a command line of its own, loaded when it is asked for: a page is there sooner without the engine's.
PROGRAMS = {
    "store": "Inspect, check, query, export and merge a store.",
    "dashboard": "Serve the pages over a store.",
    "publish": "Write the lecture as a static site.",
}
MODULES = {"publish": "dashboard.publishing"}


def main() -> None:
    """Run the command line."""
    program = sys.argv[1] if len(sys.argv) > 1 else ""
    if program in PROGRAMS:
        del sys.argv[1]
        _loaded(f"goldilocks.{MODULES.get(program, program)}.__main__").main(f"goldilocks {program}")
        return
    engine = _loaded("goldilocks.engine.__main__")
    for name, says in PROGRAMS.items():
        # For the list of commands alone.
        engine.app.command(name, help=says)(lambda: None)
    engine.main("goldilocks")


def _loaded(name: str) -> ModuleType:
    """Load a program; Ctrl-C ends it at once meanwhile, since nothing has begun that could be told about."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return import_module(name)
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
