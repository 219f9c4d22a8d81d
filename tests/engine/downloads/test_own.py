"""Images of the user's own: read from a folder, not checked against a published checksum, known by their digest."""

import gzip
import json
import os

import numpy as np
import pytest

from goldilocks import engine, store
from goldilocks.engine.data import datasets, own
from goldilocks.engine.data.idx import FILES
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.rebuilding import cell_of
from goldilocks.engine.execution.verify import verify
from goldilocks.engine.grid.spec import Grid
from tests.engine import commands
from tests.engine.downloads.small_sets import assert_loaded, idx

CLASSES = 3
GRID = """
[[study]]
kind = "transfer"
network = "conv(strided=2, dense=1, dense_width=4)"
dataset = "own(folder='mine')"
source_lr = 0.02
source_steps = 1
scheme = "last_layer"
per_class = [2, 500]
width = 2
depth = 3
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 4
steps = 2
"""


@pytest.fixture
def mine(folder, arrays):
    """The folder of a small data set, the classes numbered from 0."""
    for labels in arrays[1::2]:
        labels[:] = np.arange(len(labels)) % CLASSES
    (folder / "mine").mkdir(parents=True)
    for name, array in zip(FILES, arrays, strict=True):
        (folder / "mine" / name).write_bytes(idx(array))
    return folder / "mine"


def test_it_has_the_sizes_of_its_files(mine, arrays):
    dataset = datasets.parse("own(folder='mine')")
    assert (dataset.train_size, dataset.test_size, dataset.classes, dataset.fewest) == (20, 10, CLASSES, 6)
    assert (dataset.image, dataset.features) == ((28, 1), 28 * 28)
    assert_loaded(dataset.load(), arrays)


def test_it_is_known_by_what_is_in_it_however_compressed(mine):
    dataset = datasets.parse("own(folder='mine')")
    assert len(dataset.digest) == 16
    assert datasets.parse(str(dataset)).spec() == dataset.spec()
    for name in FILES:
        (mine / f"{name}.gz").write_bytes(gzip.compress((mine / name).read_bytes()))
        (mine / name).unlink()
    assert datasets.parse(f"own(folder='{mine}')").digest == dataset.digest


def test_files_that_were_changed_are_another_data_set(mine, arrays, monkeypatch):
    # Folders of other tests hold the same images.
    monkeypatch.setattr(own, "_known", {})
    before = datasets.parse("own(folder='mine')")
    (mine / FILES[0]).write_bytes(idx(arrays[0] ^ 1))
    assert datasets.parse("own(folder='mine')") != before
    with pytest.raises(RequestError, match="they have changed"):
        datasets.parse(f"own(folder='mine', digest='{before.digest}')")
    with pytest.raises(RequestError, match="these images were not found"):
        datasets.parse(str(before))


def cell_ids(folder):
    return [cell.cell_id for cell in Grid.from_toml(GRID.replace("mine", str(folder))).cells]


def test_where_the_images_lie_is_no_part_of_the_identity(mine, tmp_path, monkeypatch):
    ids = cell_ids("mine")
    assert cell_ids(mine) == ids
    monkeypatch.setenv("HOME", str(tmp_path))
    mine.rename(tmp_path / "elsewhere")
    assert cell_ids("~/elsewhere") == cell_ids(tmp_path / "elsewhere") == cell_ids(f"{tmp_path}/./elsewhere/") == ids
    dataset = datasets.parse("own(folder='~/elsewhere')")
    assert str(tmp_path) not in str(dataset) + str(dataset.spec())
    assert datasets.parse(str(dataset)).load().train_x.shape == dataset.load().train_x.shape
    with pytest.raises(RequestError, match="home"):
        datasets.parse("own(folder='~nobody-of-that-name/x')")


def test_the_content_is_part_of_the_identity(mine, arrays):
    ids = cell_ids("mine")
    (mine / FILES[0]).write_bytes(idx(arrays[0] ^ 1))
    assert not set(cell_ids("mine")) & set(ids)


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        (0, lambda images: images[:, :, :20], "square images"),
        (2, lambda images: images[:, :14, :14], "square images of equal size"),
        (1, lambda labels: labels[1:], "20 training images and 19 labels"),
        (1, lambda labels: 2 * labels, "without gaps"),
        (3, lambda labels: labels + 1, "without gaps"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(mine, arrays, number, change, reason):
    (mine / FILES[number]).write_bytes(idx(np.ascontiguousarray(change(arrays[number]))))
    with pytest.raises(RequestError, match=reason):
        datasets.parse("own(folder='mine')").load()


def test_a_folder_that_lacks_a_file_is_refused_with_the_names_of_all(mine):
    (mine / FILES[3]).unlink()
    with pytest.raises(RequestError, match=rf"lacks {FILES[3]}; required: {FILES[0]}"):
        Grid.from_toml(GRID)


def test_a_grid_says_what_is_not_as_one_might_expect(mine):
    warned, short = Grid.from_toml(GRID).remarks
    assert "not checked against a published checksum" in warned
    assert "per_class = 500" in short
    assert "6 training examples of its smallest class; 6 are used" in short


def test_the_command_says_so_and_the_store_knows_how_many_images_were_used(mine, tmp_path):
    (tmp_path / "mine.toml").write_text(GRID)
    path = tmp_path / "grid.duckdb"
    process = commands.start("run", tmp_path / "mine.toml", "--store", path, env=os.environ | {"COLUMNS": "400"})
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert "not checked against a published checksum" in said
    assert "6 are used" in said
    with store.open(path) as handle:
        found = handle.lecture_17_transfer().df().set_index("per_class")
        cells = [cell for (cell,) in handle.query("SELECT cell_id FROM cells").fetchall()]
    assert found.images.to_dict() == {2: 2, 500: 6}
    assert all(verdict.agrees for verdict in verify(cells, store=path))


@pytest.fixture
def apart(mine, tmp_path, monkeypatch):
    """A store of cells with images that lie outside the folder of data sets, as a process opens it that is new."""
    elsewhere = tmp_path / "apart" / "images"
    elsewhere.parent.mkdir()
    mine.rename(elsewhere)
    path = tmp_path / "apart" / "grid.duckdb"
    engine.run(Grid.from_toml(GRID.replace("mine", str(elsewhere))), path)
    monkeypatch.setattr(own, "_known", {})
    return path, elsewhere


def looked_into(monkeypatch):
    """Return the folders in which images are looked for from now on."""
    found, files = [], own._files
    monkeypatch.setattr(own, "_files", lambda path: (found.append(path), files(path))[1])
    return found


def test_a_store_makes_no_command_look_into_a_folder_that_the_command_does_not_name(apart, monkeypatch):
    path, elsewhere = apart
    with store.open(path) as handle:
        assert str(elsewhere) in str(handle.query("SELECT grid_text FROM runs").fetchall())
    seen = looked_into(monkeypatch)
    verdicts = list(verify(sample=1, store=path))
    assert ["these images were not found" in verdict.obstacle for verdict in verdicts] == [True]
    assert elsewhere not in seen
    verdicts = list(verify(sample=1, store=path, images=[elsewhere]))
    assert [verdict.agrees for verdict in verdicts] == [True]


@pytest.mark.parametrize("form", ["an object", "a text"])
def test_a_spec_that_names_a_folder_is_refused_before_anything_is_read(mine, monkeypatch, form):
    cell = Grid.from_toml(GRID).cells[0]
    monkeypatch.setattr(own, "_known", {})
    values = {"name": "own", "folder": str(mine), "digest": cell.dataset.digest}
    spec = dict(cell.spec)
    spec["dataset"] = values if form == "an object" else f"own(folder={str(mine)!r}, digest={cell.dataset.digest!r})"
    seen = looked_into(monkeypatch)
    with pytest.raises(RequestError, match="refer to images by their digest only"):
        cell_of({"cell_id": cell.cell_id, "spec": json.dumps(spec)})
    assert seen == []
