"""A network of the user's: where it comes from, and every refusal in a sentence."""

import os
import random
import sys

import numpy as np
import pytest
import torch
from torch import nn

from goldilocks.engine.diagnosis.factory import Factory, load_factory, load_function
from goldilocks.engine.diagnosis.prepared import made
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError

SOURCE = """
import torch
from torch import nn
from beside import WIDTH

module = nn.Linear(2, 2)
number = 3

def make():
    return nn.Linear(WIDTH, 2)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "beside.py").write_text("WIDTH = 5\n")
    (tmp_path / "mymodel.py").write_text(SOURCE)
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "asking.py").write_text("import argparse\nargparse.ArgumentParser().parse_args(['--no-such-option'])\n")
    return tmp_path


def test_a_file_finds_what_lies_beside_it(folder):
    assert load_factory(f"{folder}/mymodel.py:make")(0).in_features == 5


def test_a_file_that_is_changed_at_once_is_read_anew(folder, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = folder / "alone.py"
    for width in (5, 7):
        file.write_text(f"from torch import nn\n\ndef make():\n    return nn.Linear({width}, 2)\n")
        # Python knows what it kept by the second and the size.
        os.utime(file, (1e9, 1e9))
        assert load_factory(f"{file}:make")(0).in_features == width


def test_a_module_is_imported_by_its_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert load_factory("mymodel:make")(0).in_features == 5


def test_the_same_seed_gives_the_same_weights_and_leaves_the_generator_alone():
    make = Factory("make", lambda: nn.Linear(3, 3))
    before = torch.get_rng_state()
    one, again, other = make(1), make(1), make(2)
    assert torch.equal(one.weight, again.weight)
    assert not torch.equal(one.weight, other.weight)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mymodel.py", "names no function"),
        ("mymodel.py:mak", "did you mean 'make'"),
        ("mymodel.py:module", "is a module and not a function"),
        ("mymodel.py:number", "is a int; a function"),
        ("absent.py:make", "there is no file"),
        ("asking.py:make", "cannot be imported: SystemExit: 2"),
        ("broken.py:make", "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    ],
)
def test_what_cannot_be_imported_is_refused(folder, name, said):
    with pytest.raises(RequestError, match=said):
        load_function(f"{folder}/{name}")


def test_a_module_that_ends_the_program_is_refused(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(RequestError, match="asking cannot be imported: SystemExit: 2"):
        load_function("asking:make")


def test_a_package_that_is_not_there_is_refused():
    with pytest.raises(RequestError, match=r"nobody\.ever cannot be imported"):
        load_function("nobody.ever:make")


def raising():
    raise ValueError("of no use\nsecond line")


def wants_cuda():
    raise AssertionError("Torch not compiled with CUDA enabled")


def on_meta():
    with torch.device("meta"):
        return nn.Linear(2, 2)


def compiled():
    return nn.Sequential(torch.compile(nn.Linear(2, 2)))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (raising, "raises ValueError: of no use$"),
        (lambda: sys.exit("no arguments"), "raises SystemExit: no arguments$"),
        (wants_cuda, "needs a GPU"),
        (lambda: None, "returns None; an nn.Module is required"),
        (lambda: 3, "returns 'int'"),
        (lambda: nn.LazyLinear(3), "is lazy"),
        (on_meta, "meta device"),
        (compiled, "0 that it returns is compiled"),
        (lambda: torch.jit.script(nn.Linear(2, 2)), "the module that it returns is scripted"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_cannot_be_diagnosed_is_refused(make, said):
    with pytest.raises(RequestError, match=said):
        Factory("it", make)(0)


def test_what_draws_from_a_generator_of_its_own_is_not_reproducible():
    def make():
        module = nn.Linear(2, 2)
        module.weight.data.copy_(torch.from_numpy(np.random.default_rng().normal(size=(2, 2))))
        return module

    factory = Factory("make", make)
    with pytest.raises(RequestError, match="not reproducible: weight differs"):
        factory.refuse_irreproducible(factory(0))


def test_the_global_generators_of_numpy_and_python_are_seeded_too_and_get_their_states_back():
    def make():
        module = nn.Linear(2, 2)
        module.weight.data.fill_(np.random.normal() + random.random())  # noqa: NPY002
        return module

    factory = Factory("make", make)
    states = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    factory.refuse_irreproducible(factory(0))
    assert random.getstate() == states[0]
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert torch.equal(factory(3).weight, made(Specimen(make), 3).weight)


def test_nan_in_a_weight_is_reproducible():
    def make():
        module = nn.Linear(2, 2)
        nn.init.constant_(module.bias, float("nan"))
        return module

    factory = Factory("make", make)
    factory.refuse_irreproducible(factory(0))


def test_without_transformers_a_configuration_is_refused_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(RequestError, match="pip install transformers"):
        load_factory(f"hf:{tmp_path}/config.json")
