"""Cells are known by their ids in every store there is: what is rebuilt inside changes none of them."""

import hashlib

import pytest

from tests import grids

# SHA-256 over the sorted ids, one a line, with their number.
IDS = {
    "demo": (11025, "24d32839f5453be575463a040bf8c0aea2a7ea852c22e7ebc74e43a3fa053632"),
    "full": (146727, "fce79a7a2635ac19c5613548b7a6b04cf0dafeaee8e463f6771ae41c4e88c1e3"),
    "lecture": (100, "24418cc4921277665f618fb309da2466c6b50a693d80498197e9f115465f3bc5"),
    "smoke": (72, "3c14feca5bafbff2050c5f0634d08c6e373ac98c07269bc866155c2004c3dde1"),
}


@pytest.mark.parametrize("preset", IDS)
def test_the_ids_of_a_preset_stay(preset):
    ids = sorted(cell.cell_id for cell in grids.preset(preset).cells)
    assert (len(ids), hashlib.sha256("\n".join(ids).encode()).hexdigest()) == IDS[preset]
