"""The tables of the benchmark fit the terminal without cutting a word, and show only what was measured."""

import io
from itertools import product

import pytest
from rich.console import Console

from goldilocks.engine.bench import report, suite
from goldilocks.engine.device import choose_device
from goldilocks.store import queries

CASES = [
    "propagation, forward only: 28 cells, width 4096, depth 6, batch 16",
    "training: 20,000 configurations, width 32, depth 10, batch 64",
]
PEERS = [
    "the lecture's NumPy",
    "PyTorch loop",
    "joblib, a process per core",
    "torch.func.vmap",
    "jax.vmap + jit + scan",
]


def figures(cases=CASES, growth=True, stores=(10_000, 100_000, 1_000_000), ways=((1, 1), (16, 1), (16, 16))):
    """Results as large as any machine gives."""
    peer = {"cell_steps_per_second": 527_949.4, "times_faster": 1575.3, "least": 1204.6, "most": 1711.9}
    case = {"least": 112.31, "most": 140.77, "cell_steps_per_second": 1_527_949.4}
    case |= {"rates": {"cached": {"share": 0.71}, "streamed": {"share": 0.88}}, "peers": dict.fromkeys(PEERS, peer)}
    base = {"configs": 50, "depth": 5, "width": 32}
    keys = [key for _, key, _ in report.STORE]
    slowest = max(queries.all(), key=len)
    return {
        "machine": {"device": "cuda:0", "threads": 16},
        "torch": "2.13.0",
        "cases": [case | {"case": name} for name in cases],
        "growth": [
            {"axis": axis, "value": base[axis] * factor, "seconds": 112.3}
            for axis, factor in product(base, (1, 2, 4, 8))
        ]
        if growth
        else [],
        "scaling": [{"cores": c, "processes": p, "seconds": 112.31, "share": 0.7943} for c, p in ways],
        "store": [
            dict.fromkeys(keys, 123_456.7)
            | {"training_cells": n, "propagation_cells": n // 5, "slowest_query": slowest}
            for n in stores
        ],
    }


def printed(results, width):
    """What a terminal of this width shows."""
    file = io.StringIO()
    report.show(results, Console(file=file, width=width, highlight=False, markup=False))
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 100, report.WIDE - 1, report.WIDE, 200])
def test_every_name_and_number_is_whole(width):
    text = printed(figures(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    lines = text.splitlines()
    for whole in (
        *CASES,
        *PEERS,
        "1,527,949",
        "1,575×",
        "1,205–1,712×",
        "112–141 s",
        "1,000,000",
        "88%",
        "16 cores",
        "79%",
    ):
        assert any(whole in line for line in lines), whole


def test_a_wide_terminal_has_all_cases_in_one_table():
    heading = report.COLUMNS[1]
    assert printed(figures(), 80).count(heading) == len(CASES)
    assert printed(figures(), report.WIDE).count(heading) == 1


@pytest.mark.parametrize(
    ("missing", "word"),
    [
        ({"cases": ()}, "cell-steps/s"),
        ({"growth": False}, "grown"),
        ({"ways": ()}, "of ideal"),
        ({"stores": ()}, "store"),
    ],
)
def test_what_was_not_measured_prints_nothing(missing, word):
    assert word in printed(figures(), 80)
    assert word not in printed(figures(**missing), 80)


def test_the_names_of_the_suite_fit():
    text = printed(figures(cases=[case.name for case in suite.cases(choose_device("cpu"))]), 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
