"""Which networks train, by the total factor of their signal and gradient: what the thresholds of verdicts rest on.

    python -m tests.simulations.total_factor [STORE]

Networks whose rates per layer are all fine, 0.8 to 1.25, but whose depth multiplies them: plain ones by weight scale,
and ones with batch norm, whose gradient grows at any scale. Each is trained at several rates; the best one counts.
Takes some ten minutes on two cores. The table is in store/NOTES.md.
"""

from __future__ import annotations

import sys

from goldilocks import engine, store

SIZES = 'dataset = "digits"\npreprocessing = "standardize"\nwidth = 32\nbatch_size = 64\nseed = [0, 1]\n'
# By activation and normalization: weight scales, depths, learning rates.
NETWORKS = {
    ("relu", "none"): (
        [0.2, 0.2125, 0.225, 0.2375, 0.25, 0.2625, 0.275, 0.2875, 0.3, 0.3125],
        [10, 20, 40],
        [1e-4, 1e-3, 0.01, 0.1, 1.0],
    ),
    ("tanh", "none"): (
        [0.1414, 0.15, 0.16, 0.1768, 0.19, 0.2033, 0.2121, 0.221, 0.25, 0.295, 0.33, 0.38],
        [10, 20, 40],
        [1e-3, 0.01, 0.1, 1.0],
    ),
    ("gelu", "none"): ([0.2375, 0.25, 0.2625, 0.275, 0.29], [10, 20, 40], [1e-4, 1e-3, 0.01, 0.1, 1.0]),
    ("relu", "batch"): ([0.25], [10, 20, 40, 60], [1e-4, 1e-3, 0.01, 0.1]),
    ("tanh", "batch"): ([0.25], [10, 20, 40, 60], [1e-4, 1e-3, 0.01, 0.1]),
    ("gelu", "batch"): ([0.25], [10, 20, 40, 60], [1e-4, 1e-3, 0.01, 0.1]),
}
TABLE = """
WITH trained AS (
    SELECT init, activation, norm, depth, seed,
           coalesce(max(final_test_accuracy) FILTER (isfinite(final_test_accuracy)), 0) AS accuracy
    FROM outcomes GROUP BY ALL
), judged AS (
    SELECT activation, norm, depth, init, avg(forward_factor) AS forward, avg(backward_factor) AS backward,
           avg(accuracy) AS accuracy
    FROM signal_rates JOIN trained USING (init, activation, norm, depth, seed)
    WHERE forward_rate BETWEEN 0.75 AND 1.3 AND backward_rate < 1.3
    GROUP BY ALL
)
SELECT *, accuracy / max(accuracy) OVER (PARTITION BY activation, depth) AS of_best
FROM judged
ORDER BY greatest(forward, backward, 1 / forward, 1 / backward)
"""


def grid() -> str:
    """Return the grid file: each network untrained and trained."""
    studies = []
    for (activation, norm), (scales, depths, rates) in NETWORKS.items():
        network = f'depth = {depths}\ninit = ["normal(std={scales})"]\nactivation = "{activation}"\nnorm = "{norm}"\n'
        studies += [
            f'[[study]]\nkind = "propagation"\n{SIZES}{network}',
            f'[[study]]\nkind = "training"\n{SIZES}{network}lr = {rates}\nsteps = 300\n',
        ]
    return "\n".join(studies)


def main(path: str) -> None:
    """Compute what the store lacks of the grid, and print the table."""
    engine.run(engine.Grid.from_toml(grid(), "total_factor"), path)
    with store.open(path) as handle:
        print(handle.query(TABLE).df().to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "data/total_factor.duckdb")
