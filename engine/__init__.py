"""The engine: computes grids of small networks, many configurations per tensor program.

grid        cells, grid files, presets, planner
studies     what is done with a batch of cells
execution   carrying out a grid: `run`
catalogue   everything that exists by name

    import engine
    engine.run("smoke", store="data/grid.duckdb")
"""

from engine.errors import RequestError
from engine.execution.cluster import Cluster
from engine.execution.run import Interrupted, run
from engine.grid.spec import Grid, load_grid

__all__ = ["Cluster", "Grid", "Interrupted", "RequestError", "load_grid", "run"]
