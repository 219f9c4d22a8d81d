"""A store of made-up diagnoses, and of trained networks like one of them.

On one network the initializations differ; of the other one values are lost, and its names are not to be trusted.
"""

from __future__ import annotations

import math
from datetime import datetime

from tests.store.builder import Batch

PLAIN, LOST = "mymodel.py:make@123456", "<script>alert(1)</script>.py:`$x$` **b**@abcdef"
# What a network's author may call a module.
MODULE = "](javascript:alert(1)) :red[x] https://evil.example"
# Factor of the signal from site to site, of the gradient on its way back.
RATES = {"as_is": (0.5, 0.5), "kaiming": (1.0, 1.1), "xavier": (0.8, 0.9)}
SEEDS, DEPTH = 3, 5
WORSE = {"as_is": "error", "xavier": "warning"}


def diagnosed() -> Batch:
    """Make the rows."""
    batch = Batch().run(ended_at=datetime(2026, 1, 2)).run("later", ended_at=datetime(2026, 1, 1))
    batch.scheme("rule", "range", title="Number range", formula="max |a|", reference="IEEE 754")
    for init in RATES:
        for seed in range(SEEDS):
            network(batch, PLAIN, init, seed)
    for seed in range(2):
        network(batch, LOST, "as_is", seed, shift=(math.nan, math.inf)[seed], run_id="later")
        network(batch, LOST, MODULE, seed, run_id="later")
    for init in ("xavier", "kaiming"):
        for depth, seed in ((DEPTH, 0), (DEPTH, 1), (2 * DEPTH, 0)):
            batch.training(0.95 if init == "kaiming" else 0.4, init=init, depth=depth, seed=seed)
    return batch


def network(batch: Batch, name: str, init: str, seed: int, shift: float = 0.0, **about) -> None:
    """Add a diagnosis whose signal and gradient change as the initialization says, a little by the seed."""
    before = {table: len(rows) for table, rows in batch.rows.items()}
    cell_id = batch.diagnosis(shift, network=name, init=init, seed=seed, depth=DEPTH, **about)
    own = {table: batch.rows[table][count:] for table, count in before.items()}
    forward, backward = RATES.get(init, (1.0, 1.0))
    for tap in own["taps"]:
        place = tap["site"]
        tap["std"] *= (forward * (1 + 0.01 * seed)) ** place
        tap["grad_rms"] = None if not place else tap["grad_rms"] * backward ** (DEPTH - place)
        tap["frac_dead_units"] = 0.25 * (place == 2)
    if name == LOST:
        for site in own["sites"]:
            site["label"] = f"{site['site']}.{MODULE}:linear"
        batch.rows["diagnoses"][-1] |= {"unseen": [MODULE], "remarks": [f"{MODULE} is tied."], "verdict": "diverged"}
    found = batch.rows["findings"].pop()
    if init in WORSE or name == LOST:
        texts = {"why": f"the values reach {MODULE}.", "remedy": "Scale them.", "code": 'print("scaled")'}
        batch.rows["findings"].append(found | {"severity": WORSE.get(init, "note")} | texts)
    batch.measurement(cell_id, "diagnosis_first_loss", math.nan if shift else 2.3 / forward)
