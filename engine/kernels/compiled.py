"""What kernels of layers become on a Hopper GPU, where there is none: `python -m goldilocks.engine.kernels.compiled`.

A kernel that cannot be compiled is found here; registers that are spilled, and multiplications that miss the tensor
cores, are seen.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from goldilocks.engine.kernels import layer, update

TARGET = GPUTarget("cuda", 90, 32)
FLOATS = {"eps", "momentum", "unbiased", "parameter", "beta1", "rest1", "beta2", "rest2"}
# Sizes and strides, multiples of 16 as they are at widths of 32, 64 and 128.
INTEGERS = {"tiles", "rows", "columns", "batch", "units", "inner"}
STRIDE = re.compile(r"[hwg]_\w+")
TOOL = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"


def kernels() -> Iterator[tuple[Any, dict[str, Any], dict[str, int]]]:
    """Yield kernels, their constants, and their warps and stages, as `layer` and `update` launch them."""
    for examples, phi, norm in ((64, "relu", False), (64, "relu", True), (128, "gelu", True), (128, "mish", False)):
        blocks = {"PHI": phi, "EXAMPLES": examples, "UNITS": 64, "DEPTH": 32}
        given = blocks | {"HAS_BIAS": not norm, "NORMALIZES": norm}
        warps = 4 if examples == 64 else 8
        ahead = {"h_inner": 1, "w_column": 1, "TRACKS": norm, "KEEPS_PRE": phi == "mish", "PRECISION": "ieee"}
        yield layer._forward, given | ahead, {"num_warps": warps, "num_stages": 2}
        back = {"g_inner": 1, "w_inner": 1, "FROM_OUTPUT": phi == "relu", "PRECISION": "tf32x3"}
        yield layer._backward, given | back, {"num_warps": warps, "num_stages": 3}
    for rule, measured in (("sgd", False), ("momentum", False), ("adam", False), ("adam", True)):
        given = {"h_row": 1, "g_column": 1, "ROWS": 64, "COLUMNS": 64, "DEPTH": 32, "PRECISION": "ieee"}
        yield update._weight, given | {"RULE": rule, "MEASURED": measured}, {"num_warps": 4, "num_stages": 2}
        yield update._vector, {"UNITS": 64, "RULE": rule, "MEASURED": measured}, {"num_warps": 1, "num_stages": 3}


def describe(kernel: Any, constants: dict[str, Any], options: dict[str, int]) -> str:
    """Compile a kernel and say what became of it.

    Args:
        kernel: a function of Triton.
        constants: values of its constant arguments, by name.
        options: warps and stages.
    """
    kinds = {name: "constexpr" if name in constants else _kind(name, constants) for name in kernel.arg_names}
    aligned = [i for i, kind in enumerate(kinds.values()) if kind.startswith("*") or kind == "i32"]
    attributes = {(i,): [["tt.divisibility", 16]] for i in aligned}
    made = triton.compile(ASTSource(kernel, kinds, constexprs=constants, attrs=attributes), TARGET, options)
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(made.asm["cubin"])
        file.flush()
        used = subprocess.run([TOOL, "-res-usage", file.name], capture_output=True, text=True, check=True).stdout
    registers, stack = re.findall(r"REG:(\d+) STACK:(\d+)", used)[0]
    means = next((word for word in ("wgmma", "mma.sync") if word in made.asm["ptx"]), "FMA")
    told = " ".join(str(value) for value in constants.values() if isinstance(value, str | bool))
    return f"{kernel.__name__} {told}: {registers} registers, {stack} spilled, {made.metadata.shared} B shared, {means}"


def _kind(name: str, constants: dict[str, Any]) -> str:
    if name in FLOATS:
        return "fp32"
    if name in INTEGERS or STRIDE.fullmatch(name):
        return "i32"
    return "*fp64" if name == "squares" and constants.get("MEASURED") else "*fp32"


def main() -> None:
    """Compile every kernel."""
    for kernel, constants, options in kernels():
        print(describe(kernel, constants, options), flush=True)


if __name__ == "__main__":
    main()
