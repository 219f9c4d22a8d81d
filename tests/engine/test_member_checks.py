"""A plugin's member that is no member of its family is refused by file and name, when a grid uses it and not before.

Each kind of flaw has cases; beside them stand members that look odd and are right. Every member that comes with the
program passes the same checks.
"""

import json
from pathlib import Path

import pytest

from goldilocks.engine import catalog, plugins
from goldilocks.engine.activations import activations
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.initializers import initializers
from goldilocks.engine.member_checks.activation import activation_flaw
from goldilocks.engine.member_checks.initializer import initializer_flaw
from goldilocks.engine.member_checks.normalization import normalization_flaw
from goldilocks.engine.normalizations import normalizations
from tests import warm
from tests.engine import members

ROOT = Path(__file__).parents[2]
HEAD = """
import numpy as np
import torch
from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers
from goldilocks.engine.normalizations import Normalization, normalizations
"""
ACTIVATION = """
@activations.register
class Odd(Activation):
    name = "odd"
    card = Card("Odd", "x", "this test")
    {more}
    def __call__(self, z):
        {body}
"""
INITIALIZER = """
@initializers.register
class Odd(Initializer):
    name = "odd"
    card = Card("Odd", "x", "this test")
    {more}
    def scale(self, fans, activation):
        {body}
"""
NORMALIZATION = """
@normalizations.register
class Odd(Normalization):
    name = "odd"
    card = Card("Odd", "x", "this test")
    def forward(self, z, scale, running):
        {body}
    def backward(self, dy, saved, scale):
        {more}
    def evaluate(self, z, scale, running):
        return 2 * z
"""
# Body, further lines, and what the refusal says.
ACTIVATIONS = {
    "in place": ("return z.mul_(2)", "", "in place"),
    "in place, nothing returned": ("z.clamp_(min=0)", "", "NoneType"),
    "single": ("return torch.tanh(z).float()", "", "torch.float32"),
    "double": ("return torch.tanh(z).double()", "", "torch.float64"),
    "half": ("return torch.tanh(z.half())", "", "torch.float16"),
    "constant": ("return torch.ones_like(z)", "", "constant"),
    "number": ("return 3.0", "", "float"),
    "None": ("return None", "", "NoneType"),
    "NumPy": ("return np.tanh(z.detach().numpy())", "", "ndarray"),
    "raises": ("raise ValueError('not today')", "", "not today"),
    "exits": ("raise SystemExit('no more')", "", "SystemExit: no more"),
    "fewer": ("return z[:1]", "", "shape"),
    "sum": ("return z.sum()", "", "shape"),
    "softmax over units": ("return torch.softmax(z, -1)", "", "not elementwise"),
    "softmax over the batch": ("return torch.softmax(z, -2) if z.dim() > 1 else z * 0 + 1", "", "not elementwise"),
    "length": ("return z / z.norm()", "", "not elementwise"),
    "mean": ("return z - z.mean()", "", "not elementwise"),
    "dropout": ("return torch.nn.functional.dropout(z)", "", "random"),
    "one draw": ("return z * torch.rand(()).item()", "", "random"),
    "NumPy's draw": ("return z * float(np.random.rand())", "", "random"),
    "derivative": ("return torch.tanh(z)", "def derivative(self, z, h): return 1 - h", "derivative is wrong"),
    "no derivative": ("return torch.tanh(z)", "def derivative(self, z, h): return None", "NoneType"),
    "backward": ("return z * z", "def backward(self, gradient, z, h): return gradient * z", "derivative is wrong"),
    "two derivatives": (
        "return z * z",
        "def backward(self, gradient, z, h): return gradient\n    def derivative(self, z, h): return 2 * z",
        "backward",
    ),
    "apply_": ("return torch.tanh(z)", "def apply_(self, z): return z.mul_(2)", "apply_"),
    "apply_ and z": (
        "return torch.tanh(z)", "def apply_(self, z): return torch.tanh_(z)\n"
        "    def backward(self, gradient, z, h): return gradient / torch.cosh(z) ** 2", "apply_",
    ),
    "homogeneous": ("return z * z", "positively_homogeneous = True", "positively_homogeneous"),
    "period": ("return torch.sin(z)", "period = 1.0", "period"),
}  # fmt: skip
SOUND_ACTIVATIONS = {
    "the same tensor": ("return z", ""),
    "by autograd": ("return z ** 3", ""),
    "with a kink": ("return torch.relu(z)", "kinks = (0.0,)"),
    "steps": ("return torch.sign(z)", "kinks = (0.0,)\n    def derivative(self, z, h): return torch.zeros_like(z)"),
    "not everywhere": ("return torch.sqrt(z)", ""),
    "derivative": ("return torch.tanh(z)", "def derivative(self, z, h): return 1 - h * h"),
}
INITIALIZERS = {
    "family": ("return 0.1", "family = 'cauchy'", "'cauchy'"),
    "family of biases": ("return 0.1", "bias_family = 'orthogonal'", "'orthogonal'"),
    "NaN": ("return float('nan')", "", "nan"),
    "infinite": ("return 1e400", "", "inf"),
    "negative": ("return -0.1", "", "-0.1"),
    "None": ("pass", "", "NoneType"),
    "truth": ("return True", "", "bool"),
    "tensor": ("return torch.tensor(0.1)", "", "Tensor"),
    "random": ("return float(np.random.rand())", "", "random"),
    "bias": ("return 0.1", "def bias_scale(self, fans, activation): return float('inf')", "bias_scale"),
    "raises": ("return 1 / (fans.fan_in - 1)", "", "ZeroDivisionError"),
    "exits": ("raise SystemExit('no more')", "", "SystemExit: no more"),
}
NORMALIZATIONS = {
    "gradient": ("return 2 * z, None", "return dy, None", "gradient of forward"),
    "shape": ("return z[:1], None", "return dy, None", "shape"),
    "random": ("return z * torch.rand(()), None", "return dy, None", "random"),
    "exits": ("raise SystemExit('no more')", "return dy, None", "SystemExit: no more"),
    "no pair": ("return 2 * z", "return 2 * dy, None", "ValueError"),
    "tracks": ("return 2 * z, None", "return 2 * dy, None\n    tracks = True", "declares that it tracks"),
}
FLAWS = [
    *((ACTIVATION, activations, f"activation: {name}", *case) for name, case in ACTIVATIONS.items()),
    *((INITIALIZER, initializers, f"initializer: {name}", *case) for name, case in INITIALIZERS.items()),
    *((NORMALIZATION, normalizations, f"normalization: {name}", *case) for name, case in NORMALIZATIONS.items()),
]
SOUND = [
    *((ACTIVATION, activations, f"activation: {name}", *case) for name, case in SOUND_ACTIVATIONS.items()),
    (INITIALIZER, initializers, "initializer: NumPy's number", "return np.float64(0.1)", ""),
    (INITIALIZER, initializers, "initializer: zero", "return 0", ""),
    (NORMALIZATION, normalizations, "normalization: doubled", "return 2 * z, None", "return 2 * dy, None"),
]


def test_whatever_a_plugin_may_register_is_checked():
    """A family that is opened to plugins has flaws and sound oddities in the lists above."""
    for listed in (FLAWS, SOUND):
        assert {registry.kind for _, registry, *_ in listed} == {registry.kind for registry in plugins.OPEN}


@pytest.fixture
def odd(tmp_path):
    """Load a plugin made of a template, and take it out again at the end."""
    path = tmp_path / "odd.py"

    def load(template: str, body: str, more: str) -> Path:
        path.write_text(HEAD + template.format(body=body, more=more))
        plugins.load([path])
        return path

    yield load
    plugins.unload(path)


@pytest.mark.parametrize(
    ("template", "registry", "name", "body", "more", "answer"), FLAWS, ids=lambda one: str(one)[:40]
)
def test_a_flaw_is_refused_by_file_and_name(odd, template, registry, name, body, more, answer):
    path = odd(template, body, more)
    with pytest.raises(RequestError) as refusal:
        registry.parse("odd")
    said = str(refusal.value)
    assert said.startswith(f"plugin {path}: {registry.kind} odd@")
    assert answer in said


@pytest.mark.parametrize(("template", "registry", "name", "body", "more"), SOUND, ids=lambda one: str(one)[:40])
def test_what_is_odd_and_right_is_taken(odd, template, registry, name, body, more):
    odd(template, body, more)
    assert registry.parse("odd").name == "odd"


def test_members_of_the_program_pass():
    checks = (
        (members.ACTIVATIONS, activation_flaw),
        (members.INITIALIZERS, initializer_flaw),
        (members.NORMALIZATIONS, normalization_flaw),
    )
    found = {str(member): flaw for members, check in checks for member in members if (flaw := check(member))}
    assert found == {}


GRID = """
[[study]]
kind = "propagation"
width = {width}
depth = 2
batch_size = 4
init = "{init}"
activation = "{activation}"
"""


def test_a_flawed_member_stops_only_a_grid_that_uses_it_and_is_marked_in_the_list(odd):
    odd(ACTIVATION, "z.clamp_(min=0)", "")
    assert len(Grid.from_toml(GRID.format(width=8, init="xavier", activation="tanh")).cells) == 1
    (entry,) = [entry for entry in catalog.entries("activations") if entry.name == "odd"]
    assert "refused: φ(z) is NoneType" in entry.card.title
    with pytest.raises(RequestError, match=r"activation = 'odd': plugin .*odd\.py: activation odd@\w+ is refused"):
        Grid.from_toml(GRID.format(width=8, init="xavier", activation="odd"))


def test_a_scale_that_one_width_alone_lacks_is_refused_at_that_width(odd):
    odd(INITIALIZER, "return 1.0 if fans.fan_in != 12 else float('nan')", "")
    assert Grid.from_toml(GRID.format(width=8, init="odd", activation="tanh")).cells
    with pytest.raises(RequestError, match=r"scale for fan_in = 12, fan_out = 12, tanh is nan"):
        Grid.from_toml(GRID.format(width=12, init="odd", activation="tanh"))


@pytest.mark.parametrize("error", ["ValueError", "KeyError", "SystemExit"])
def test_a_scale_that_raises_at_one_width_alone_is_refused_at_that_width(odd, error):
    odd(INITIALIZER, f"if fans.fan_in == 12: raise {error}('angry')\n        return 1.0", "")
    assert Grid.from_toml(GRID.format(width=8, init="odd", activation="tanh")).cells
    with pytest.raises(RequestError, match=rf"odd.*scale for fan_in = 12, fan_out = 12, tanh: {error}: .*angry"):
        Grid.from_toml(GRID.format(width=12, init="odd", activation="tanh"))


def test_list_shows_what_is_refused(tmp_path):
    plugin = tmp_path / "odd.py"
    plugin.write_text(HEAD + ACTIVATION.format(body="return np.tanh(z.numpy())", more=""))
    listed = warm.run("engine", "list", "activations", "--json", "--plugin", plugin, text=True, cwd=ROOT)
    (entry,) = [entry for entry in json.loads(listed.stdout) if entry["name"] == "odd"]
    assert "refused" in entry["card"]["title"]
