"""The README says what is there: commands, members, pages, the tree; and its examples run."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def tracked():
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in files if (ROOT / path).exists()]


def test_the_tree_is_the_tree():
    tree = re.search(r"```\n(engine/ .*?)```", README, re.DOTALL)[1]
    described, top = set(), ""
    for line in tree.splitlines():
        name = line.split()[0]
        top = top if line.startswith("  ") else name
        described.add(name if not line.startswith("  ") else top + name)
    parts = [path.split("/") for path in tracked()]
    packages = {f"{p[0]}/" for p in parts if len(p) > 1 and not p[0].startswith(".")}
    folders = {f"{p[0]}/{p[1]}/" for p in parts if len(p) > 2 and not p[0].startswith(".")}
    assert described == packages | folders | {"requirements.txt", "requirements-ray.txt"}


def test_the_top_level_is_fixed():
    allowed = {"dashboard", "engine", "store", "tests", "requirements.txt", "README.md", "CHANGELOG.md", "LICENSE"}
    allowed.add("requirements-ray.txt")
    tools = {"Makefile", "pyproject.toml", ".ci", ".gitignore", ".streamlit"}
    assert {path.split("/")[0] for path in tracked()} == allowed | tools


def test_every_member_is_listed():
    from engine.catalogue import entries, kinds

    section = README.split("<!-- members")[1].split("\n## ")[0]
    lists = dict(re.findall(r"^- (\w+): (.*?)(?=^- |\Z)", section, re.DOTALL | re.MULTILINE))
    for kind in kinds():
        if kind == "studies":
            continue
        named = [name.split("(")[0] for name in re.findall(r"`([^`]+)`", lists[kind])]
        assert named == [entry.name for entry in entries(kind)], kind


def test_every_page_is_listed():
    app = (ROOT / "dashboard" / "app.py").read_text()
    for title in re.findall(r'st\.Page\(.*title="([^"]+)"', app):
        assert f"| {title} |" in README


@pytest.mark.parametrize("package", ["engine", "store", "dashboard"])
def test_every_command_is_listed_and_its_help_shows(package):
    done = subprocess.run(
        [sys.executable, "-m", package, "--help"], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    commands = (
        re.findall(r"^│ (\w+) ", done.stdout.split("Commands")[-1], re.MULTILINE) if "Commands" in done.stdout else []
    )
    for command in commands or [""]:
        assert f"`python -m {package} {command}".rstrip() in README


def test_every_make_target_is_listed():
    targets = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text())[1].split()
    for target in set(targets) - {"lint", "clean", "distclean"}:
        assert f"`make {target}`" in README


def test_the_grid_example_is_a_grid():
    from engine.grid.spec import Grid

    (text,) = blocks("toml")
    assert tomllib.loads(text)["name"] == "mine"
    assert Grid.from_toml(text, "README").cells


def test_a_job_array_and_its_merge_run(tmp_path):
    """The Slurm script as Slurm would start it, twice, on a smaller grid."""
    (script,) = blocks("bash")
    (merge,) = [line for block in blocks("sh") for line in block.splitlines() if "store merge" in line]
    python = f"PATH={Path(sys.executable).parent}:/usr/bin:/bin PYTHONPATH={ROOT} python"
    assert "--array=1-" in script
    smaller = script.replace("run full", "run smoke").replace("PARTS=8", "PARTS=2").replace("python", python)
    # The second task is submitted again alone, as an array of one.
    for number, count in ((1, 2), (2, 2), (2, 1)):
        shell(smaller, tmp_path, {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(count)})
    said = shell(merge.replace("python", python), tmp_path, {})
    assert sum(int(count) for count in re.findall(r": (\d+) cells added", said)) == 72


def shell(script, folder, environment):
    done = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, timeout=300, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_run(tmp_path):
    duck, python, _, member = blocks("python")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    def run(code):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(python)
    assert "std" in run(duck)
    use = "\nassert str(initializers.parse('timid')) == 'timid'\n"
    run(member + use)
    (query,) = [text for block in blocks("sh") for text in re.findall(r'store query "(.*?)"', block, re.DOTALL)]
    assert "verdict" in run(f"import store; print(store.open().query({query!r}).df())")


def grouped_queries():
    return [sql for sql in re.findall(r"SELECT[^\"`]*?GROUP BY[^\"`]*", README) if "avg(" in sql or "count(" in sql]


@pytest.mark.parametrize("number", range(len(grouped_queries())))
def test_what_a_query_calls_seeds_are_seeds(number):
    """Each group of a query in the README is one configuration, with every seed of it, asked of the demo's cells."""
    import duckdb
    import pandas

    from engine.grid.spec import load_grid

    rows = [cell.row() for cell in load_grid("demo").cells if cell.study in ("propagation", "training")]
    cells = pandas.DataFrame(rows).astype({"cell_id": str})
    with duckdb.connect() as connection:
        for view, study, values in (
            ("signal_rates", "propagation", "'just right' AS verdict"),
            ("activation_stats", "propagation", "1 AS layer, 1.0 AS std"),
            ("outcomes", "training", "1.0 AS best_test_accuracy"),
        ):
            connection.execute(f"CREATE TABLE {view} AS SELECT *, {values} FROM cells WHERE study = '{study}'")
        sql = grouped_queries()[number]
        assert "AS seeds" in sql
        axes = ", ".join(name for name in cells.columns if name not in ("cell_id", "seed", "spec"))
        seeds = connection.sql(sql).df()["seeds"]
        configurations = re.sub(r"count\(\*\) AS seeds", f"count(DISTINCT ({axes})) AS seeds", sql)
        assert connection.sql(configurations).df()["seeds"].unique().tolist() == [1]
        distinct = re.sub(r"count\(\*\) AS seeds", "count(DISTINCT seed) AS seeds", sql)
        assert sorted(connection.sql(distinct).df()["seeds"]) == sorted(seeds)
        assert seeds.min() > 1


@pytest.mark.parametrize("package", ["dashboard", "dashboard/charts"])
def test_the_map_of_a_package_names_what_is_in_it(package):
    folder = ROOT / package
    told = set(re.findall(r"^ *(\w+)  +\S", (folder / "__init__.py").read_text(), flags=re.MULTILINE))
    there = {file.stem for file in folder.glob("*.py")} | {file.parent.name for file in folder.glob("*/__init__.py")}
    assert told | {"views"} == (there | {"views"}) - {"__init__", "__main__"}
