"""What the queries say of runs on a cluster."""

from __future__ import annotations

from goldilocks import store
from tests.store.builder import Batch, write


def test_runs_and_the_nodes_of_a_cluster(tmp_path):
    batch = Batch().run("run", batches_total=9, batches_running=2).run("other").worker("1", "run").worker("2", "run")
    batch.worker("3", "run", node="two")
    place = {"run_id": "run", "batch_place": 0, "batch_cells": 1}
    for seed, worker, status, seconds in [(0, "1", "done", 1.0), (1, "2", "diverged", 3.0), (2, "3", "done", 0.5)]:
        batch.cell("training", seed=seed, worker=worker, batch=seed + 1, status=status, seconds=seconds, **place)
    batch.cell("training", seed=3, worker="3", batch=4, status="failed", seconds=0.5, **place)
    batch.cell("training", seed=4, run_id="other")
    with store.open(write(tmp_path / "grid.duckdb", batch)) as opened:
        runs = opened.runs().df().set_index("run_id")
        nodes = opened.cluster_nodes().df().set_index("node")
    columns = ["cells_kept", "batches_done", "batches_running", "batches_failed", "batches_total"]
    assert runs.loc["run", columns].tolist() == [4, 3, 2, 1, 9]
    assert runs.loc["other", columns[:2]].tolist() == [1, 0]
    assert nodes["workers"].tolist() == [2, 1]
    assert nodes["cells"].tolist() == [2, 1]
    assert nodes["batches_failed"].tolist() == [0, 1]
    # Two workers did two cells in four seconds of work, hence in two; one did one in one.
    assert nodes["cells_per_second"].tolist() == [1.0, 1.0]
