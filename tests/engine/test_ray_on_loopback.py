"""A cluster of this machine alone is reached from this machine alone, whatever Ray would choose."""

import ipaddress
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own: a cluster belongs to a process, and that of other tests is left alone.
PROGRAM = """
import sys, ray
from goldilocks.engine.execution.ray.connection import RayConnection
connection = RayConnection("local")
ray.get(ray.remote(lambda: None).remote())
print("ready", flush=True)
sys.stdin.readline()
connection.close()
"""


def alone(address):
    found = ipaddress.ip_address(address)
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


@pytest.mark.essential("a cluster that strangers reach")
def test_every_socket_of_a_local_cluster_listens_on_loopback():
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as driver:
        try:
            assert driver.stdout.readline() == "ready\n"
            driven = psutil.Process(driver.pid)
            everyone = [driven, *driven.children(recursive=True)]
            listening = [
                (process.name(), found.laddr.ip)
                for process in everyone
                for found in process.net_connections("inet")
                if found.status == psutil.CONN_LISTEN or (found.type == socket.SOCK_DGRAM and not found.raddr)
            ]
        finally:
            driver.communicate("\n", timeout=600)
    assert {"gcs_server", "raylet"} <= {name for name, _ in listening}
    assert [found for found in listening if not alone(found[1])] == []


def test_ray_may_join_others_afterwards(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    from ray._private import ray_constants

    from goldilocks.engine.execution.ray.connection import _on_loopback

    name, before = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, ray_constants.ENABLE_RAY_CLUSTER
    for value in (None, "1"):
        monkeypatch.setenv(name, value or "") if value else monkeypatch.delenv(name, raising=False)
        with _on_loopback():
            assert not ray_constants.ENABLE_RAY_CLUSTER
        assert (os.environ.get(name), ray_constants.ENABLE_RAY_CLUSTER) == (value, before)
