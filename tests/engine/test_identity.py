"""Cells are known by their ids in every store there is: what is rebuilt inside changes none of them."""

import hashlib
import json
import tomllib

import pytest

from goldilocks.engine.grid.presets import preset_text
from goldilocks.engine.grid.spec import Grid
from tests import grids

# SHA-256 over the sorted ids, one a line, with their number.
IDS = {
    "demo": (11025, "24d32839f5453be575463a040bf8c0aea2a7ea852c22e7ebc74e43a3fa053632"),
    "full": (146727, "fce79a7a2635ac19c5613548b7a6b04cf0dafeaee8e463f6771ae41c4e88c1e3"),
    "lecture": (100, "24418cc4921277665f618fb309da2466c6b50a693d80498197e9f115465f3bc5"),
    "smoke": (72, "3c14feca5bafbff2050c5f0634d08c6e373ac98c07269bc866155c2004c3dde1"),
}


# Of `full` with every list cut down to its first and its last value; and SHA-256 of all that its text says.
ENDS = (2004, "b19bb0a29e3135b4afae118d790434e6944f29b3b45266483ca2349deda0bc2c")
SAID = "0207215159a8ea2cbd48e8769c68785d2a758d3e6767fbb340177c9cdc064ed9"
FULL = pytest.param("full", marks=pytest.mark.thorough("what it says, and the ids at the ends of its lists, are held"))


def number_and_hash(cells):
    ids = sorted(cell.cell_id for cell in cells)
    return len(ids), hashlib.sha256("\n".join(ids).encode()).hexdigest()


@pytest.mark.parametrize("preset", [FULL if preset == "full" else preset for preset in IDS])
def test_the_ids_of_a_preset_stay(preset):
    assert number_and_hash(grids.preset(preset).cells) == IDS[preset]


def test_full_says_what_it_said_and_the_ids_at_the_ends_of_its_lists_stay():
    said = tomllib.loads(preset_text("full"))
    assert hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest() == SAID
    ends = "\n".join(f"[[study]]\n{ends_of(study)}" for study in said["study"])
    assert number_and_hash(Grid.from_toml(ends, "full").cells) == ENDS


def ends_of(study):
    """Return the TOML of a study whose lists have two values at most."""
    values = {key: value[:1] + value[1:][-1:] if isinstance(value, list) else value for key, value in study.items()}
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
