"""A grid that somebody else wrote: it names no folder, imports nothing, asks no other machine, and has its limits."""

import pytest
from typer.testing import CliRunner

from goldilocks.dashboard import engine_process
from goldilocks.engine.__main__ import app
from goldilocks.engine.data import download, own
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import load_grid
from goldilocks.engine.studies import studies

STUDY = """
[[study]]
kind = "training"
network = "mlp"
width = 8
depth = 1
init = "xavier"
activation = "tanh"
lr = 0.1
steps = 2
batch_size = 4
seed = 0
dataset = {dataset}
"""


@pytest.fixture
def grid(tmp_path):
    def write(dataset, **changed):
        text = STUDY.format(dataset=dataset)
        for key, value in changed.items():
            kept = [line for line in text.splitlines() if not line.startswith(f"{key} ")]
            text = "\n".join([*kept, f"{key} = {value}"])
        (tmp_path / "strange.toml").write_text(text)
        return tmp_path / "strange.toml"

    return write


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No data set is on this machine, and whoever asks another one, or looks into a folder, is noted."""
    asked = []
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(download, "download", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr("goldilocks.engine.data.downloaded.download", lambda *arguments: asked.append(arguments))
    files = own._files

    def noted(path):
        asked.append(path)
        return files(path)

    monkeypatch.setattr(own, "_files", noted)
    return asked


FOLDERS = [
    "\"own(folder='/etc')\"",
    "\"own(folder='~root')\"",
    "\"own(folder='../../etc', digest='0123456789abcdef')\"",
    "\"own(digest='0123456789abcdef', folder='/proc/self')\"",
    '["digits", "own(folder=\'/etc\')"]',
    "\"own(folder=['/etc', '/home'])\"",
    "\" own( folder = '/etc' ) \"",
]


@pytest.mark.parametrize("dataset", FOLDERS)
def test_no_folder_that_it_names_is_looked_into(grid, nowhere, dataset):
    with pytest.raises(RequestError, match="is not read"):
        load_grid(grid(dataset), confined=True)
    assert nowhere == []


@pytest.mark.parametrize("dataset", ["cifar10", "mnist"])
def test_nothing_is_downloaded_for_it(grid, nowhere, dataset):
    with pytest.raises(RequestError, match="a confined grid downloads nothing"):
        load_grid(grid(f'"{dataset}"'), confined=True)
    assert nowhere == []
    assert load_grid(grid('"digits"'), confined=True).cells


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_what_the_browser_starts_is_confined(grid, nowhere, tmp_path, monkeypatch, verb):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(tmp_path / "grid.duckdb"))
    _, module, *words = engine_process._command(verb, str(grid(FOLDERS[0])))[1:]
    assert module == "goldilocks"
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "is not read" in done.output
    assert nowhere == []
    assert not (tmp_path / "grid.duckdb.store").exists()


BOUNDED = ("width", "depth", "batch_size", "steps", "seed", "lr")


@pytest.mark.parametrize("study", [study.name for study in studies])
def test_every_number_has_its_limit(study):
    """What is too large is refused before anything of that size is made."""
    for axis, field in studies[study].cell.model_fields.items():
        if field.annotation is int:
            limits = [getattr(one, name, None) for one in field.metadata for name in ("le", "lt")]
            assert any(limit is not None for limit in limits), f"{study}.{axis} has no upper limit"


@pytest.mark.parametrize("axis", BOUNDED[:4])
@pytest.mark.parametrize("value", ["1000000000000", "9223372036854775808", "1" + "0" * 400, "1e308", "inf", "nan"])
def test_what_would_need_all_memory_is_refused(grid, axis, value):
    with pytest.raises(RequestError, match=axis):
        load_grid(grid('"digits"', **{axis: value}), confined=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": str(list(range(3000))), "lr": str([0.1 + number / 1e6 for number in range(3000)])},
        {"init": str([[[[["xavier"]]]]])},
        {"init": str({"name": "xavier"})},
        {"network": '"os:abort"'},
        {"init": '"os:abort"'},
        {"activation": "\"__import__('os').abort()\""},
        {"preprocessing": '"pca(components=10**9)"'},
    ],
)
def test_what_is_no_value_is_refused_in_a_sentence(grid, changed):
    with pytest.raises(RequestError) as refusal:
        load_grid(grid('"digits"', **changed), confined=True)
    assert len(str(refusal.value)) < 2000
