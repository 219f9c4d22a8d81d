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


@pytest.fixture
def project(tmp_path):
    """A folder with modules of its own that are called like parts of this program, and a grid."""
    for name, text in OWN.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "grid.toml").write_text(GRID)
    return tmp_path


def ran(command, folder, **options):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "GOLDILOCKS_STORE")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, env=environment, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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


def test_it_works_beside_modules_of_the_same_names(installed, project):
    summary = json.loads(ran([installed / "goldilocks", "run", "grid.toml", "--json"], project))
    assert summary["cells_computed"] == 2
    assert "xavier" in ran([installed / "goldilocks", "store", "query", "SELECT init FROM signal_rates"], project)
    ran([installed / "goldilocks", "verify", "--sample", "2"], project)
    code = """
import goldilocks, engine, store, dashboard
assert (engine.STEAM, store.SHELVES, dashboard.DIALS) == (1, 2, 3)
assert goldilocks.run("grid.toml")["cells_cached"] == 2
print(goldilocks.open().query("SELECT init FROM signal_rates").df().init.tolist(), goldilocks.__file__)
"""
    said = ran([installed / "python", "-c", code], project)
    assert "xavier" in said
    assert str(installed.parent) in said


def test_a_run_names_the_version_and_no_commit_of_the_project_around_it(installed, project):
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    environment = project / ".venv"
    environment.symlink_to(installed.parent, target_is_directory=True)
    ran([environment / "bin" / "goldilocks", "run", "grid.toml", "--quiet"], project)
    query = "SELECT DISTINCT code_version FROM runs"
    said = ran([installed / "goldilocks", "store", "query", query, "--format", "csv"], project)
    assert said.splitlines()[1].startswith("goldilocks-lab 0.")


def test_the_pages_are_served_with_their_theme(installed, project):
    ran([installed / "goldilocks", "run", "grid.toml", "--quiet"], project)
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


def test_from_a_clone_the_short_names_are_the_same_modules(project):
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
    (project / "elsewhere").mkdir()
    ran([sys.executable, "-c", code], project / "elsewhere")


@pytest.mark.parametrize("package", ["engine", "store", "dashboard"])
def test_from_a_clone_each_package_is_a_command(package):
    assert "goldilocks" in ran([sys.executable, "-m", package, "--help"], ROOT)
