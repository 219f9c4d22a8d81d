"""What a plugin's identity consists of: the code of its file and of the modules beside it, and nothing else."""

import sys
from pathlib import Path

import pytest

from goldilocks.engine import plugins
from goldilocks.engine.activations import activations
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers import initializers
from goldilocks.engine.plugin_code import PluginCode

PLUGIN = """from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers
import {module}
@initializers.register
class Mine(Initializer):
    name = "{name}"
    card = Card("Mine", "W", "this test")
    def scale(self, fans, activation):
        return {module}.FACTOR / fans.fan_in
"""


def written(folder: Path, factor: str = "0.5", module: str = "factors", name: str = "mine") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(f"FACTOR = {factor}\n")
    (folder / f"{name}.py").write_text(PLUGIN.format(module=module, name=name))
    return folder / f"{name}.py"


@pytest.fixture
def loaded():
    """Load plugins, and take them out again at the end."""
    paths = []

    def load(*files: Path) -> None:
        paths.extend(files)
        plugins.load(files)

    yield load
    for path in paths:
        plugins.unload(path)


def digest(text: str | bytes, tmp_path: Path) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "one.py").write_bytes(content)
    return PluginCode.read(tmp_path / "one.py").digest


CODE = "def f(x):\n    return f\"{x!r:>{x}}\" + \"a\" + '''b\nc'''\n"
ALIKE = {
    "comment": "# why\n" + CODE.replace("+ 'a'", "+ 'a'  # because"),
    "blank lines": "\n\n" + CODE + "\n\n\n",
    "Windows": CODE.replace("\n", "\r\n"),
    "old Macintosh": CODE.replace("\n", "\r"),
    "indentation": CODE.replace("    return", "\treturn"),
    "byte-order mark": b"\xef\xbb\xbf" + CODE.encode(),
    "no line end": CODE.rstrip("\n"),
    "encoding": "# -*- coding: utf-8 -*-\n" + CODE,
    "spaces": CODE.replace(" + ", "  +  "),
}
OTHER = {
    "number": CODE.replace('"a"', '"b"'),
    "name": CODE.replace("f(x)", "f(y)"),
    "formatted": CODE.replace("{x!r", "{x!s"),
    "text": CODE.replace("b\nc", "b\n c"),
    "nesting": "if f:\n    a\n    b\n",
    "less nesting": "if f:\n    a\nb\n",
}


@pytest.mark.parametrize("how", ALIKE)
def test_what_says_the_same_has_one_identity(tmp_path, how):
    assert digest(ALIKE[how], tmp_path) == digest(CODE, tmp_path)


def test_what_says_something_else_has_another_identity(tmp_path):
    assert len({digest(text, tmp_path) for text in (CODE, *OTHER.values())}) == 1 + len(OTHER)


HELPERS = {
    "import": "import helper\n",
    "from": "from helper import FACTOR\n",
    "within a function": "def late():\n    import helper\n",
    "of a package": "from parts import inner\n",
    "through another": "import between\n",
}


@pytest.mark.parametrize("how", HELPERS)
def test_a_module_beside_a_plugin_is_part_of_its_identity(tmp_path, how):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "between.py").write_text("import helper\n")
    found = []
    for factor in ("0.5", "5.0"):
        (tmp_path / "helper.py").write_text(f"FACTOR = {factor}\n")
        (tmp_path / "parts" / "inner.py").write_text(f"from ..helper import FACTOR\nFACTOR = {factor}\n")
        found.append(digest(HELPERS[how], tmp_path))
    assert found[0] != found[1]


def test_what_a_plugin_does_not_import_is_no_part_of_it(tmp_path):
    (tmp_path / "random.py").write_text("import torch")
    (tmp_path / "unused.py").write_text("x = 1")
    code = PluginCode.read(written(tmp_path))
    assert [name for name, _ in code.files] == ["factors.py", "mine.py"]


def test_another_helper_is_another_version_and_what_is_computed_follows(tmp_path, loaded):
    path = written(tmp_path)
    loaded(path)
    first = initializers.parse("mine")
    written(tmp_path, "5.0")
    loaded(path)
    again = initializers.parse("mine")
    assert first.plugin != again.plugin
    assert str(first) != str(again)
    assert [member.scale(fans_of(10), activations.parse("relu")) for member in (first, again)] == [0.05, 0.5]
    assert str(tmp_path) not in sys.path
    # Python knows what it kept by the second and the size, which are the same here.
    assert not list(tmp_path.rglob("*.pyc"))


def fans_of(fan_in: int):
    from goldilocks.engine.initializers import Fans

    return Fans(fan_in, 1)


def test_helpers_of_one_name_that_differ_are_refused_by_name(tmp_path, loaded):
    loaded(written(tmp_path / "a"))
    other = written(tmp_path / "b", "2.0", name="other")
    with pytest.raises(RequestError, match=r"other\.py: it imports factors\.py from its folder, and plugin .*mine\.py"):
        loaded(other)
    same = written(tmp_path / "c", name="other")
    loaded(same)
    assert initializers.parse("other").scale(fans_of(1), None) == 0.5


def test_plugins_and_their_helpers_travel(tmp_path, loaded):
    """Two files of one name, one of them with a helper, are written where nothing of theirs is."""
    written(tmp_path / "a")
    codes = [PluginCode.read(tmp_path / "a" / "mine.py"), PluginCode.read(written(tmp_path / "b", name="other"))]
    for number, code in enumerate(codes):
        loaded(code.write(tmp_path / f"far{number}"))
    assert [initializers.parse(name).plugin for name in ("mine", "other")] == [code.digest for code in codes]


HIDDEN = {
    "by its name": "import importlib\nFACTOR = importlib.import_module('factors').FACTOR\n",
    "built-in": "FACTOR = __import__('factors').FACTOR\n",
    "of a package": "import importlib\nFACTOR = importlib.import_module('.inner', 'parts').FACTOR\n",
    "run": "import pathlib, runpy\nFACTOR = runpy.run_path(pathlib.Path(__file__).with_name('factors.py'))['FACTOR']\n",
    "from its file": "import importlib.util as u, pathlib\n"
    "spec = u.spec_from_file_location('anything', pathlib.Path(__file__).with_name('factors.py'))\n"
    "made = u.module_from_spec(spec)\nspec.loader.exec_module(made)\nFACTOR = made.FACTOR\n",
    "text": "import pathlib\nexec(pathlib.Path(__file__).with_name('factors.py').read_text())\n",
    "data": "import json, pathlib\nFACTOR = json.loads(pathlib.Path(__file__).with_name('data.json').read_text())\n",
}


@pytest.mark.parametrize("how", HIDDEN)
def test_whatever_a_plugin_reads_beside_it_is_part_of_its_identity(tmp_path, loaded, how):
    def write(factor):
        path = written(tmp_path, factor)
        path.write_text(path.read_text().replace("import factors\n", HIDDEN[how]).replace("factors.FACTOR", "FACTOR"))
        (tmp_path / "parts").mkdir(exist_ok=True)
        (tmp_path / "parts" / "__init__.py").write_text("")
        (tmp_path / "parts" / "inner.py").write_text(f"from factors import FACTOR  # {factor}\n")
        (tmp_path / "data.json").write_text(factor)
        return path

    found = {}
    for factor in ("0.5", "5.25", "0.5"):
        loaded(write(factor))
        member = initializers.parse("mine")
        found[member.plugin] = member.scale(fans_of(1), None)
        loaded(write(factor))
        assert initializers.parse("mine").plugin == member.plugin
    assert sorted(found.values()) == [0.5, 5.25]
    # It is the same version where it travels to.
    from goldilocks.engine.plugins import _loaded

    code = _loaded[tmp_path / "mine.py"].code
    plugins.unload(tmp_path / "mine.py")
    (tmp_path / "far").mkdir()
    loaded(code.write(tmp_path / "far"))
    assert initializers.parse("mine").plugin == code.digest


def test_helpers_of_one_name_are_told_apart_however_they_are_imported(tmp_path, loaded):
    files = [written(tmp_path / "a"), written(tmp_path / "b", "2.0", name="other")]
    for file in files:
        file.write_text(file.read_text().replace("import factors\n", HIDDEN["by its name"]))
        file.write_text(file.read_text().replace("factors.FACTOR", "FACTOR"))
    loaded(files[0])
    with pytest.raises(RequestError, match=r"other\.py: it imports factors\.py"):
        loaded(files[1])
    assert initializers.parse("mine").scale(fans_of(1), None) == 0.5


def test_a_plugin_beside_the_program_does_not_consist_of_it(monkeypatch, tmp_path, loaded):
    """As the README has it saved: in the folder in which `goldilocks` is found."""
    from goldilocks.engine import plugin_folder

    root = Path(plugin_folder.__file__).resolve().parents[1]
    text = (
        "from goldilocks.engine.card import Card\nimport store.output\nfrom engine.initializers import initializers\n"
    )
    monkeypatch.setattr(Path, "read_bytes", lambda file: text.encode() if file.name == "beside.py" else b"")
    assert [name for name, _ in PluginCode.read(root / "beside.py").files] == ["beside.py"]
    for place in ("lib/python3.11/site-packages/numpy/__init__.py", ".venv/lib64/python3/dist-packages/a.py"):
        assert not plugin_folder.belongs(tmp_path / place, tmp_path)
    assert plugin_folder.belongs(tmp_path / "parts" / "engine.py", tmp_path)


@pytest.mark.parametrize("text", ["def broken(:", "x = (", "\0", b"\xff\xfe"], ids=repr)
def test_a_helper_that_is_no_python_is_named(tmp_path, text):
    path = written(tmp_path)
    (tmp_path / "factors.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RequestError, match=r"factors\.py"):
        plugins.load([path])
