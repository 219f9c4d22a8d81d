"""Wrong requests for a cluster, refused within seconds and without one."""

import importlib.util
import sys
import time

import pytest
from typer.testing import CliRunner

from goldilocks import engine
from goldilocks.engine.__main__ import app

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install -r requirements-ray.txt"
)


def refusal(tmp_path, *options):
    """Run the engine and return what it says when it refuses."""
    done = CliRunner().invoke(app, ["run", "smoke", "--store", str(tmp_path / "grid.duckdb"), *options])
    assert done.exit_code == 2, done.output
    assert list(tmp_path.iterdir()) == []
    return " ".join(done.stderr.split())


def test_without_ray_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("goldilocks.engine.execution.ray")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install -r requirements-ray.txt" in refusal(tmp_path, "--executor", "ray")


@needs_ray
@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("127.0.0.1:1", "nothing answers at 127.0.0.1:1"),
        ("ray://127.0.0.1:1", "nothing answers at 127.0.0.1:1"),
        ("no.such.host.invalid:6379", "nothing answers"),
        ("nonsense", "allowed: auto, local, HOST:PORT and ray://HOST:PORT"),
        ("127.0.0.1:99999999", "nothing answers"),
    ],
)
def test_an_address_where_nobody_is(tmp_path, address, part):
    began = time.monotonic()
    assert part in refusal(tmp_path, "--executor", "ray", "--address", address)
    assert time.monotonic() - began < 30


@needs_ray
def test_no_cluster_on_this_machine(tmp_path, monkeypatch):
    from ray._private import services

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(services, "find_gcs_addresses", lambda: [])
    monkeypatch.setattr(services, "find_bootstrap_address", lambda folder: None)
    assert "`ray start --head` starts one" in refusal(tmp_path, "--executor", "ray")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--address", "auto"), "--address applies to a cluster only: add --executor ray"),
        (("--worker-cpus", "2"), "--worker-cpus applies to a cluster only"),
        (("--worker-gpus", "0.5"), "--worker-gpus applies to a cluster only"),
        (("--journal-dir", "x"), "--journal-dir applies to a cluster only"),
        (("--executor", "ray", "--worker-cpus", "0"), "at least one core"),
        (("--executor", "ray", "--worker-gpus", "2"), "1, or a fraction such as"),
        (("--executor", "ray", "--worker-gpus", "nan"), "1, or a fraction such as"),
        (("--executor", "ray", "--device", "cuda:1"), "Allowed: auto, cpu, cuda"),
        (("--executor", "slurm"), "'local'"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, options, part):
    assert part in refusal(tmp_path, *options)


def test_a_cluster_is_refused_in_python_with_the_same_words():
    with pytest.raises(engine.RequestError, match="at least one core"):
        engine.Cluster(worker_cpus=0)
