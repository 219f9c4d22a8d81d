"""Makes the asset of the present schema: `python -m tests.store.make_asset`, to be run when a step has been added.

The store is that of a small grid, computed in a folder of its own; the archive is made so that no owner is in it.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from pathlib import Path

from goldilocks.store.schema import migrate

ASSETS = Path(__file__).parent / "assets"
GRID = """name = "tiny"

[[study]]
kind = "propagation"
width = 8
depth = 3
batch_size = 4
init = ["xavier", "kaiming_slip"]
activation = "tanh"
norm = ["none", "batch"]

[[study]]
kind = "training"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = "relu"
lr = [0.1, 100000.0]
batch_size = 32
steps = 20
"""


def asset(number: int) -> Path:
    """Returns the archive of the store that the code of this schema step wrote."""
    return ASSETS / f"schema_{number:03d}.tar.xz"


def main() -> None:
    """Computes the grid and packs pointer, journal and snapshot."""
    from goldilocks import engine
    from goldilocks.engine.execution import run

    # Those of all activations would be megabytes.
    made = run.activation_maps().slice(0, 2)
    run.activation_maps = lambda: made
    file = asset(migrate.steps()[-1].number)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        engine.run(engine.Grid.from_toml(GRID, "tiny"), "grid.duckdb")
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:xz", preset=9) as archive:
            for part in ("grid.duckdb", "grid.duckdb.store/journal", "grid.duckdb.store/snapshots"):
                archive.add(part, filter=lambda member: member.replace(uid=0, gid=0, uname="", gname="", deep=False))
        os.chdir(ASSETS)
    file.write_bytes(content.getvalue())
    print(file)


if __name__ == "__main__":
    main()
