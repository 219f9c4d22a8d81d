"""An initialization as a script in plain PyTorch: the same draws, the same scales, without this program."""

from math import prod

from goldilocks.engine import randomness
from goldilocks.engine.diagnosis.assignment import Assignment, Constant, Lengths, Matrices, Vector, assignments
from goldilocks.engine.diagnosis.initialization import branch_factors, initialized
from goldilocks.engine.diagnosis.recipe import DEFAULT, recipe
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import Trace, trace
from goldilocks.engine.initializers.base import Initializer

_MAKE = """\
import random

import numpy as np
import torch

# model = your factory's network, made after this:
torch.manual_seed({seed})
np.random.seed({seed})
random.seed({seed})
"""

_RESET = """
torch.manual_seed({seed})
np.random.seed({seed})
random.seed({seed})
with torch.no_grad():
    for module in reversed(list(model.modules())):
        reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
        if callable(reset):
            reset()
"""

_NORMAL = '''

def draw_normal(identity, shape):
    """N(0, 1), a function of what the numbers are for: {scheme}."""
    out = torch.empty(math.prod(shape))
    for block, part in enumerate(out.split({block})):
        digest = hashlib.sha256(repr((*identity, block)).encode()).digest()
        part.normal_(generator=torch.Generator().manual_seed(int.from_bytes(digest[:4], "little")))
    return out.reshape(shape)
'''

_NUMPY = '''

class Digest(np.random.bit_generator.ISeedSequence):
    def __init__(self, digest):
        self.digest = digest

    def generate_state(self, n_words, dtype=np.uint32):
        return np.frombuffer(self.digest, dtype)[:n_words].copy()


def draw_{family}(identity, shape):
    """{what}, a function of what the numbers are for."""
    parts = []
    for start in range(0, math.prod(shape), {block}):
        size = min({block}, math.prod(shape) - start)
        digest = Digest(hashlib.sha256(repr((*identity, start // {block})).encode()).digest())
        generator = np.random.Generator(np.random.PCG64DXSM(digest))
{fill}
    return torch.from_numpy(np.concatenate(parts)).reshape(shape)
'''
_UNIFORM = """\
        u = generator.random(size, dtype=np.float32) + np.float32(2.0**-25)
        parts.append((u - np.float32(0.5)) * np.float32(12.0**0.5))"""
_TRUNCATED = f"""\
        p = torch.from_numpy(generator.random(size)).sub_(0.5).mul_({randomness.MASS_WITHIN_CUT!r}).add_(0.5)
        parts.append(torch.special.ndtri(p).div_({randomness.STD_WITHIN_CUT!r}).float().numpy())"""

_ORTHOGONAL = '''

def orthogonalize(normal):
    """Uniform over matrices with orthonormal rows or columns, times √(larger side)."""
    tall = normal if normal.shape[0] >= normal.shape[1] else normal.T
    reflectors, tau = torch.geqrf(tall.double())
    q = torch.linalg.householder_product(reflectors, tau)
    q *= torch.sign(torch.diagonal(reflectors)) * np.sqrt(max(normal.shape))
    return (q if normal.shape[0] >= normal.shape[1] else q.T).float()
'''


def code(specimen: Specimen, init: str, seed: int = 0) -> str:
    """Return a script that initializes a network `model` as `apply` does.

    Factors that a data-dependent scheme found on the batch are written into it.

    Args:
        specimen: the network; nothing is left behind in it.
        init: `as_is`, `default`, or a registered scheme with its parameters and modifiers.
        seed: of the factory, and what the draws are named by.

    Raises:
        RequestError: no such initialization, or it does not exist for an activation of the network.
    """
    chosen, found = recipe(init), trace(specimen)
    text = _MAKE.format(seed=seed)
    if chosen.initializer is None:
        text += _RESET.format(seed=seed) if chosen.base == DEFAULT else ""
        factors = branch_factors(found, chosen)
    else:
        text = text.replace("import random\n", "import hashlib\nimport math\nimport random\n", 1)
        planned = assignments(found, chosen.initializer)
        text += _noise(chosen.initializer, planned) + _draws(found, planned, chosen.initializer, seed)
        data_dependent = chosen.initializer.data_dependent
        factors = (
            initialized(specimen, found, chosen, seed).factors if data_dependent else branch_factors(found, chosen)
        )
    if factors:
        reason = "branches" if chosen.initializer is None or not chosen.initializer.data_dependent else "from the batch"
        text += f"\nparameters = dict(model.named_parameters())\nwith torch.no_grad():  # {reason}\n"
        text += "".join(f"    parameters[{name!r}].mul_({factor!r})\n" for name, factor in factors.items())
    return text


def _noise(initializer: Initializer, planned: list[Assignment]) -> str:
    """Return the functions that draw what the plan needs."""
    families = {_drawn_family(initializer)} if any(isinstance(one, Matrices) for one in planned) else set()
    if any(isinstance(one, Vector) for one in planned):
        families.add(initializer.bias_family)
    text = _NORMAL.format(scheme="MT19937, seeded by a hash", block=randomness.BLOCK) if "normal" in families else ""
    for family, what, fill in (
        ("uniform", "U(-√3, √3)", _UNIFORM),
        ("truncated", "N(0, 1) cut at two standard deviations, over the standard deviation of that", _TRUNCATED),
    ):
        if family in families:
            text += _NUMPY.format(family=family, what=what, block=randomness.BLOCK, fill=fill)
    return text + (_ORTHOGONAL if initializer.family == "orthogonal" else "")


def _drawn_family(initializer: Initializer) -> str:
    return "normal" if initializer.family == "orthogonal" else initializer.family


def _draws(found: Trace, planned: list[Assignment], initializer: Initializer, seed: int) -> str:
    shapes = {parameter.name: parameter.shape for parameter in found.parameters}
    lines = ["", "", "parameters = dict(model.named_parameters())", "with torch.no_grad():"]
    for assignment in planned:
        place = f"parameters[{assignment.name!r}]"
        if isinstance(assignment, Constant):
            lines.append(f"    {place}.fill_({assignment.value!r})")
        elif isinstance(assignment, Lengths):
            direction = f"parameters[{assignment.direction!r}]"
            lines.append(f"    {place}.copy_(torch.norm_except_dim({direction}, 2, {assignment.axis}))")
        elif isinstance(assignment, Vector):
            lines += _vector(assignment, shapes[assignment.name], seed, initializer)
        else:
            lines += _matrices(assignment, shapes[assignment.name], seed, initializer)
    return "\n".join(lines) + "\n"


def _vector(assignment: Vector, shape: tuple[int, ...], seed: int, initializer: Initializer) -> list[str]:
    size = prod(shape)
    identity = ("bias", seed, assignment.name, size)
    noise = f"draw_{initializer.bias_family}({identity!r}, ({size},))"
    return [f"    parameters[{assignment.name!r}].copy_(({noise} * {assignment.scale!r}).reshape({shape!r}))"]


def _matrices(assignment: Matrices, shape: tuple[int, ...], seed: int, initializer: Initializer) -> list[str]:
    lines = []
    for block, scale in zip(assignment.blocks, assignment.scales, strict=True):
        place = f"parameters[{assignment.name!r}]"
        name = assignment.name + block.label
        if initializer.family == "ones":
            noise = f"torch.ones({block.shape!r})"
        else:
            family = _drawn_family(initializer)
            noise = f"draw_{family}({('weight', seed, name, block.shape, family)!r}, {block.shape!r})"
        if initializer.family == "orthogonal":
            noise = f"orthogonalize({noise})"
        values = f"({noise} * {scale!r})"
        if block.layout == "rows":
            rows = "" if block.rows is None else f"[{block.rows[0]}:{block.rows[1]}]"
            sides = shape if block.rows is None else (block.rows[1] - block.rows[0], *shape[1:])
            lines.append(f"    {place}{rows}.copy_({values}.T.reshape({sides!r}))")
        elif block.layout == "columns":
            lines.append(f"    {place}.copy_({values}.reshape({shape!r}))")
        else:
            assert block.rows is not None
            turned = "" if block.layout == "stacked columns" else ".T"
            lines.append(f"    {place}.view(-1, {shape[-2]}, {shape[-1]})[{block.rows[0]}].copy_({values}{turned})")
    if assignment.padding is not None:
        lines.append(f"    parameters[{assignment.name!r}][{assignment.padding}] = 0")
    return lines
