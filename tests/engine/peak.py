"""What the planner predicts beside what this process takes, for a grid on the command line and a store to be made."""

import json
import sys

from goldilocks import store
from goldilocks.engine.device import choose_device
from goldilocks.engine.execution.forecast import forecast
from goldilocks.engine.execution.run import run
from goldilocks.engine.grid.spec import Grid


def main():
    """Print both in bytes."""
    grid = Grid.from_toml(sys.argv[1], "memory")
    layout = store.Layout.at(sys.argv[2])
    predicted = forecast(grid, layout, choose_device("cpu")).peak_bytes
    summary = run(grid, layout.path, "cpu")
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    measured = 1024 * int(peak.split()[1])
    print(json.dumps({"predicted": predicted, "measured": measured, "failed": summary["cells_failed"]}))


if __name__ == "__main__":
    main()
