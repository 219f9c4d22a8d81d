"""The engine: computes grids of small networks, many configurations per tensor program.

cell        one frozen configuration and its identity
studies     what is done with a batch of cells
grid        grid files, presets, planner
execution   carrying out a grid: `run`
catalog     everything that exists by name

What else is there, and what builds on what: README.md.

    import goldilocks
    goldilocks.engine.run("smoke", store="data/grid.duckdb")
"""

if __name__ == "engine":
    # At the root of a clone the folder is found under this name, too.
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / ".package"))
    from goldilocks.alias import shorten

    shorten(__name__)
else:
    import lazy_loader

    __getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
