"""Provenance: which code, on which machine, with which versions, computed a cell."""

import hashlib
import json
import os
import platform
import secrets
import shlex
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from goldilocks import engine
from goldilocks.engine import randomness
from goldilocks.engine.device import Device
from goldilocks.engine.grid.spec import Grid
from goldilocks.store import tables

ENGINE = Path(engine.__file__).resolve().parent
DISTRIBUTION = "goldilocks-lab"
# Packages whose version can change a number.
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "pyarrow", "duckdb")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def new_run_id() -> str:
    """Return a fresh name for a run; it sorts by time for people, and is unique by its random part."""
    return f"{_now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def code_version() -> str:
    """Return the git commit of a clone, followed by -dirty when files were changed, or the version of a package.

    `unknown` where there is neither.
    """
    if not (ENGINE.parent / "pyproject.toml").exists():
        # Whatever repository an environment lies in, it is not this one's.
        try:
            return f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}"
        except metadata.PackageNotFoundError:
            return "unknown"
    command = ["git", "-C", str(ENGINE), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


@cache
def code_digest() -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the engine's source files, names included."""
    digest = hashlib.sha256()
    for file in sorted(ENGINE.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ENGINE.parent).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def package_versions() -> str:
    """Return the versions of the packages that decide about numbers, as a JSON object."""
    return json.dumps({name: metadata.version(name) for name in PACKAGES})


def computing_platform() -> str:
    """Return system, architecture, C library and vector instructions: different ones round differently."""
    parts = (platform.system(), platform.machine(), *platform.libc_ver(), torch.backends.cpu.get_cpu_capability())
    return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Process:
    """What a process computes with: the columns that the store's tables `runs` and `workers` share."""

    device: str
    device_name: str
    device_reason: str
    dtype: str
    threads: int
    host: str
    pid: int
    platform: str
    packages: str
    torch_version: str
    python_version: str

    @classmethod
    def here(cls, device: Device) -> "Process":
        """Describe this process.

        Args:
            device: where it computes.
        """
        return cls(
            device=str(device.torch_device),
            device_name=device.name,
            device_reason=device.reason,
            dtype=device.precision,
            threads=torch.get_num_threads(),
            host=platform.node(),
            pid=os.getpid(),
            platform=computing_platform(),
            packages=package_versions(),
            torch_version=torch.__version__,
            python_version=platform.python_version(),
        )


@dataclass
class RunRecord:
    """One row of the store's table `runs`, written at the start and again at the end.

    Attributes:
        run_id: name of the run.
        grid: what was requested.
        process: what it computes with.
        cells_total: cells in the grid.
        cells_cached: of these, cells the store already held.
        batches_total: tensor programs to run.
        batches_running: of these, how many are being computed.
    """

    run_id: str
    grid: Grid
    process: Process
    cells_total: int
    cells_cached: int
    batches_total: int = 0
    batches_running: int = 0
    status: str = "running"
    cells_computed: int = 0
    cells_diverged: int = 0
    cells_failed: int = 0
    started_at: datetime = field(default_factory=_now)
    ended_at: datetime | None = None
    seconds: float | None = None
    # The clock of the day may be set back during a run; this one is not.
    _start: float = field(default_factory=time.monotonic)

    def end(self, status: str) -> None:
        """Close the record."""
        self.status, self.ended_at, self.seconds = status, _now(), time.monotonic() - self._start

    def table(self) -> pa.Table:
        """Return the record as a table of one row."""
        row: dict[str, Any] = {
            "run_id": self.run_id,
            "grid": self.grid.name,
            "grid_text": self.grid.text or None,
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "status": self.status,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "seconds": self.seconds,
            "code_version": code_version(),
            "code_digest": code_digest(),
            "seed_scheme": randomness.SCHEME,
            **asdict(self.process),
            "cells_total": self.cells_total,
            "cells_cached": self.cells_cached,
            "cells_computed": self.cells_computed,
            "cells_diverged": self.cells_diverged,
            "cells_failed": self.cells_failed,
            "batches_total": self.batches_total,
            "batches_running": self.batches_running,
        }
        return tables.of_rows("runs", [row])
