"""Make maps.npz, the maps of the activations that come with the program; takes some ten minutes on one core.

python engine/theory/assets/make_maps.py
"""

from pathlib import Path

import numpy as np

from goldilocks.engine.activations import activations
from goldilocks.engine.theory.map_table import ASSET, MapTable


def main() -> None:
    made = {}
    for member in activations:
        made[str(member())] = MapTable.computed(member(), correlated=True).columns
        print(member.name, flush=True)
    target = Path(__file__).with_name(ASSET)
    np.savez_compressed(target, **made)  # type: ignore[arg-type]
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
