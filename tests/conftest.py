"""What all tests share: their order, what is left out of a quick run, and a small real store."""

import gc
import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests import breadth, durations
from tests.grids import computed

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several workers share the cores: with threads of their own for every product they would stand in each other's way.
    os.environ["OMP_NUM_THREADS"] = "1"

# Some machines forbid to keep what was compiled: each of the programs that tests start would compile all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every program that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# In memory, where there is room for all that tests leave behind: each store that is published waits for the disk dozens
# of times. What reaches a disk is not at issue but in test_durability, which has a folder of its own there.
MEMORY, ROOM = Path("/dev/shm"), 8e9
if (
    MEMORY.is_dir()
    and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOM
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Where there is no NVIDIA GPU, Triton's interpreter runs the kernels; it reads this when it is imported.
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Ray, where it is installed, stays on the loopback and reports to nobody; it reads this when it is imported.
os.environ |= {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Whatever token lies in the home folder of whoever runs the tests.
    "RAY_AUTH_MODE": "disabled",
}


# To look for garbage among all that is imported takes part of the time in which tests are collected, and goes on to
# take it again and again: there is none.
gc.disable()


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="Leave out the files that are known to be slow.")
    parser.addoption("--thorough", action="store_true", help="Run what adds breadth as well: see breadth.py.")
    parser.addoption("--measure", action="store_true", help=f"Run all, write what it takes to {durations.FILE.name}.")


def pytest_unconfigure():
    """Let go of what was frozen: libraries that count their objects take it for leaked."""
    gc.unfreeze()


def pytest_configure(config):
    if config.getoption("--measure"):
        config.pluginmanager.register(durations.Measuring())


def pytest_ignore_collect(collection_path, config):
    """Do not even load what is slow, when it is not wanted."""
    if config.getoption("--quick") and durations.is_slow(collection_path.relative_to(config.rootpath).as_posix()):
        return True


def pytest_collection_modifyitems(items, config):
    """Leave out what is thorough unless wanted; among several workers, begin with the files that take longest."""
    if not config.getoption("--thorough") and not config.getoption("--measure"):
        left_out = {item for item in items if breadth.is_thorough(item)}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
    # A single worker takes files as they are given: the cheapest first where a slip is to be noticed.
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: durations.expected(item.nodeid.partition("::")[0]), reverse=True)


def pytest_collection_finish():
    """What has been imported and collected stays; from now on, garbage is looked for among what tests make."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def _members_of_plugins_end_with_their_module():
    """What a file of tests adds to the engine is not there for the next one: which that is depends on the workers."""
    yield
    # Who has not loaded the engine has added nothing to it.
    if loaded := sys.modules.get("goldilocks.engine.plugins"):
        for path in list(loaded._loaded):
            loaded.unload(path)


@pytest.fixture(scope="session")
def filled_store(tmp_path_factory):
    """Path of a store with propagation and training cells, some of them diverged."""
    return computed("filled", tmp_path_factory)
