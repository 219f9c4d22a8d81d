"""The package as it is installed: a wheel in an environment of its own, used from a project that is somebody else's."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from goldilocks import store
from tests.browser.server import started

ROOT = Path(__file__).resolve().parents[1]
# Research code is full of such files.
OWN = {"engine.py": "STEAM = 1", "store.py": "SHELVES = 2", "dashboard.py": "DIALS = 3", "tests.py": "NONE = 0"}
GRID = """
[[study]]
kind = "propagation"
width = 8
depth = 2
batch_size = 4
init = ["xavier", "kaiming"]
activation = "tanh"
seed = 0
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # From the files that are kept, as a fresh clone has them: an ignored folder would be found missing too late.
    clone = folder / "clone"
    files = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    for name in files.stdout.splitlines():
        source = ROOT / name
        if source.exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, clone / name, follow_symlinks=False)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    done = subprocess.run(build, cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the programs of an environment with the wheel; what it depends on is borrowed from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True, with_pip=False)
    place = next(folder.glob("lib/python*/site-packages"))
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (place / "borrowed.pth").write_text("\n".join(borrowed))
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    options = ["install", "--quiet", "--no-deps", "--ignore-installed", "--no-index", str(wheel)]
    done = subprocess.run([*pip, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.fixture(scope="module")
def project(installed, tmp_path_factory):
    """A repository with modules of its own that are called like parts of this program, an environment and a grid."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in OWN.items():
        (folder / name).write_text(text)
    (folder / "grid.toml").write_text(GRID)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / ".venv").symlink_to(installed.parent, target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def summary(project):
    """What the run of the grid in the project says."""
    return json.loads(ran([project / ".venv" / "bin" / "goldilocks", "run", "grid.toml", "--json"], project))


def ran(command, folder, **options):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "GOLDILOCKS_STORE")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, env=environment, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.essential("what is installed")
def test_the_wheel_has_one_name_at_its_top(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"goldilocks"}
    there = {name for name in names if "__pycache__" not in name}
    for package in ("engine", "store", "dashboard"):
        files = subprocess.run(["git", "-C", ROOT, "ls-files", package], capture_output=True, text=True).stdout
        kept = [f"goldilocks/{name}" for name in files.splitlines() if (ROOT / name).exists()]
        assert kept
        assert set(kept) <= there


def test_it_works_beside_modules_of_the_same_names(installed, project, summary):
    assert summary["cells_computed"] == 2
    assert "xavier" in ran([installed / "goldilocks", "store", "query", "SELECT init FROM signal_rates"], project)
    code = """
import goldilocks, engine, store, dashboard
assert (engine.STEAM, store.SHELVES, dashboard.DIALS) == (1, 2, 3)
assert goldilocks.run("grid.toml")["cells_cached"] == 2
print(goldilocks.open().query("SELECT init FROM signal_rates").df().init.tolist(), goldilocks.__file__)
from goldilocks.engine.__main__ import app
app(["verify", "--sample", "2"])
"""
    said = ran([installed / "python", "-c", code], project)
    assert "xavier" in said
    assert str(installed.parent) in said
    assert "2 cells recomputed, 0 of them differ" in said


@pytest.mark.usefixtures("summary")
def test_a_run_names_the_version_and_no_commit_of_the_project_around_it(project):
    with store.open(project / "data" / "grid.duckdb") as opened:
        ((version,),) = opened.query("SELECT DISTINCT code_version FROM runs").fetchall()
    assert version.startswith("goldilocks-lab 0.")


@pytest.mark.usefixtures("summary")
def test_the_pages_are_served_with_their_theme(installed, project):
    with started([str(installed / "goldilocks"), "dashboard"], project):
        pass
    code = """
import os
from goldilocks.dashboard import server
os.chdir(server.HERE)
from streamlit import config
print(config.get_option("theme.light.primaryColor"), config.get_option("client.showErrorDetails"))
"""
    assert ran([installed / "python", "-c", code], project).split() == ["#1d59b3", "none"]


def test_from_a_clone_the_short_names_are_the_same_modules(tmp_path):
    """Also where nothing is installed but what requirements.txt names."""
    code = f"""
import sys
sys.path = [path for path in sys.path if ".package" not in path]
sys.path.insert(0, {str(ROOT)!r})
import engine, store, dashboard
import engine.cell, store.layout
import goldilocks.engine.cell
assert engine.cell is goldilocks.engine.cell and engine is goldilocks.engine
assert store.layout.Layout is goldilocks.store.Layout and dashboard is goldilocks.dashboard
assert engine.cell.__spec__.name == "goldilocks.engine.cell"
"""
    ran([sys.executable, "-c", code], tmp_path)


@pytest.mark.essential("what the contract promises")
@pytest.mark.parametrize("package", ["engine", "store", "dashboard"])
def test_from_a_clone_each_package_is_a_command(package):
    assert "goldilocks" in ran([sys.executable, "-m", package, "--help"], ROOT)
