"""Joining a Ray cluster, or making one of this machine alone; refusals come within seconds and in one sentence."""

import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import ray
from ray._private import ray_constants, services
from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available

import goldilocks
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.cluster import LOCAL, RUNNING

CLIENT = "ray://"
REACH_SECONDS = 5.0
# Results wait there until they are journaled; a batch's are a few megabytes.
LOCAL_STORE_BYTES = 200_000_000
LOOPBACK = "127.0.0.1"
# Nodes get the code of this process, so that none computes with another version.
PACKAGE = str(Path(goldilocks.__file__).parent)
EXCLUDED = ["**/__pycache__", "dashboard"]


class RayConnection:
    """This process as a driver of a cluster; an existing connection of the process is used, and left open.

    Args:
        address: as for `Cluster`.

    Raises:
        RequestError: there is no such cluster.
    """

    def __init__(self, address: str):
        self.address = address
        self._folder: str | None = None
        self._own = not ray.is_initialized()
        if self._own:
            self._open()

    def close(self) -> None:
        """Leave the cluster, and end it when it was made for this run."""
        if self._own:
            ray.shutdown()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> None:
        logging.getLogger("ray").setLevel(logging.ERROR)
        options: dict[str, Any] = {"runtime_env": {"py_modules": [PACKAGE], "excludes": EXCLUDED}}
        if self.address == LOCAL:
            self._folder = tempfile.mkdtemp(prefix="goldilocks-ray-")
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            options |= {"include_dashboard": False, "object_store_memory": LOCAL_STORE_BYTES}
            options |= {"_temp_dir": self._folder, "_node_ip_address": LOOPBACK}
        else:
            _reach(self.address)
            # Where a token lies, `ray start` asks for it; a driver shows it only when told to.
            maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
        terminate = signal.getsignal(signal.SIGTERM)
        try:
            with _on_loopback() if self.address == LOCAL else nullcontext():
                ray.init(address=self.address, log_to_driver=False, logging_level=logging.ERROR, **options)
        except (OSError, ValueError, RuntimeError) as error:
            raise RequestError(f"--address {self.address}: {str(error).splitlines()[0]}") from None
        finally:
            # Ray would end this process at once; a request to end is an interruption that keeps finished batches.
            if terminate and threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, terminate)


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Let a cluster that is made meanwhile listen on loopback; Ray takes an address for others where there can be any.

    Its own processes inherit the variable; this one reads the constant, which Ray made of it when it was imported.
    """
    name, allowed = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, ray_constants.ENABLE_RAY_CLUSTER
    before = os.environ.get(name)
    os.environ[name], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = allowed
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def _reach(address: str) -> None:
    """Raise RequestError unless something listens there; Ray itself would try for a minute."""
    resolved = address.removeprefix(CLIENT)
    if address == RUNNING:
        try:
            resolved = services.get_ray_address_from_environment(RUNNING, None)
        except ConnectionError:
            raise RequestError(
                "--address auto: no Ray cluster runs on this machine. `ray start --head` starts one, HOST:PORT or "
                "ray://HOST:PORT names one elsewhere, and `local` computes on this machine alone"
            ) from None
    host, _, port = resolved.removeprefix(CLIENT).rpartition(":")
    if not host or not port.isdecimal():
        raise RequestError(f"--address {address!r}: allowed: auto, local, HOST:PORT and ray://HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise RequestError(
            f"--address {address}: nothing answers at {resolved} ({error}). Is the cluster running, and the port open?"
        ) from None
