"""What is said of deep networks that nobody trained, against such networks: some of `tests.simulations.outlook`."""

from math import log

import pytest

from goldilocks import engine, store
from tests.simulations import outlook

EXPLODES, VANISHES, UNKNOWN = "will explode", "will vanish", "unknown"
# Deep for their width, so that the scatter of ReLU would leave those that explode unknown.
CASES = [
    ("tanh", "kaiming", 500, 32, EXPLODES),
    ("tanh", "kaiming_normal", 300, 20, EXPLODES),
    ("tanh", "xavier", 500, 32, UNKNOWN),
    ("erf", "kaiming", 300, 20, EXPLODES),
    ("erf", "xavier", 300, 20, UNKNOWN),
    ("sigmoid", "kaiming", 300, 20, VANISHES),
    ("relu", "kaiming", 500, 32, UNKNOWN),
    ("relu", "xavier", 300, 20, VANISHES),
]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    path = tmp_path_factory.mktemp("outlook") / "grid.duckdb"
    names, inits = ("tanh", "erf", "sigmoid", "relu"), ("kaiming", "kaiming_normal", "xavier")
    outlook.theory(path, names, inits, (12, 32))
    return path


@pytest.mark.parametrize(("name", "init", "depth", "width", "said"), CASES)
def test_deep_networks_do_what_is_said_of_them(known, name, init, depth, width, said):
    with store.open(known) as handle:
        rows = handle.outlook_at_depth(activation=name, depth=depth, target_width=width).df()
    (row,) = (row for _, row in rows.iterrows() if row["init"] == init)
    assert row["outlook"] == said
    found = [outlook.factors(name, init, depth, width, seed) for seed in range(2)]
    assert outlook.judge(row, found) == ("unknown" if said == UNKNOWN else "right")
    for forward, backward in found:
        assert abs(forward - row["forward"]) < row["doubt"]
        assert abs(backward - row["backward"]) < row["doubt"]


def doubt(scatter, depth, width):
    strayed = scatter * depth / width
    return (strayed + 2 * strayed**0.5) / log(10)


def test_without_bands_the_scatter_is_that_of_relu_and_where_bands_end_it_is_large(tmp_path):
    kinds = [("residual_mlp", "relu", "kaiming"), ("mlp", "gelu", "kaiming"), ("mlp", "relu", "kaiming")]
    shape = "depth = 12\nwidth = 16\nbatch_size = 4"
    studies = [
        f'[[study]]\nkind = "propagation"\nnetwork = "{network}"\nactivation = "{name}"\ninit = "{init}"\n{shape}'
        for network, name, init in kinds
    ]
    engine.run(engine.Grid.from_toml("\n".join(studies), "kinds"), tmp_path / "grid.duckdb")
    asked = {"depth": 200, "target_width": 64}
    with store.open(tmp_path / "grid.duckdb") as handle:
        residual, bent, usual = (
            handle.outlook_at_depth(network=network, activation=name, **asked).df().iloc[0]
            for network, name, _ in kinds
        )
    assert residual["doubt"] == pytest.approx(doubt(1.25, 200, 64))
    assert bent["doubt"] == pytest.approx(doubt(12, 200, 64))
    assert doubt(1.25, 200, 64) <= usual["doubt"] < doubt(2, 200, 64)


def test_a_wrong_outlook_is_told_from_a_right_one(known):
    found = [outlook.factors("relu", "xavier", 60, 32, 0)]
    judged = {said: outlook.judge({"outlook": said}, found) for said in (EXPLODES, VANISHES, "survives", UNKNOWN)}
    assert judged == {EXPLODES: "wrong", VANISHES: "right", "survives": "wrong", UNKNOWN: "unknown"}
