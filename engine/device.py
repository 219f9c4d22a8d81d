"""The one place where device and number type are decided; the reason goes into the run's record."""

import platform
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import torch

from goldilocks.engine.errors import RequestError

DTYPE = torch.float32


@dataclass(frozen=True)
class Device:
    """Where a run computes.

    Attributes:
        torch_device: the device.
        name: its model name.
        reason: why this one.
        tf32: whether products round their factors to TF32, 10 bits of mantissa.
    """

    torch_device: torch.device
    name: str
    reason: str
    tf32: bool = False

    @property
    def precision(self) -> str:
        """The number type of the computation, for the run's record."""
        return f"{str(DTYPE).removeprefix('torch.')}{', TF32 in products' if self.tf32 else ''}"

    @property
    def free_memory(self) -> int:
        """Bytes that can be taken now."""
        if self.torch_device.type == "cuda":
            return torch.cuda.mem_get_info(self.torch_device)[0]
        return psutil.virtual_memory().available

    def synchronize(self) -> None:
        """Wait until everything that the device was given is done."""
        if self.torch_device.type == "cuda":
            torch.cuda.synchronize(self.torch_device)
        elif self.torch_device.type == "mps":
            torch.mps.synchronize()


def choose_device(request: str = "auto", tf32: bool = False) -> Device:
    """Decide where to compute, and how precisely.

    Args:
        request: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        tf32: whether products may round their factors to TF32: several times faster on recent NVIDIA GPUs, and
            right to three digits only.

    Raises:
        RequestError: no such device on this machine, or one without TF32.
    """
    device = _choose(request)
    if tf32 and device.torch_device.type != "cuda":
        raise RequestError(f"tf32 needs a CUDA device; this run would use {device.torch_device} ({device.reason})")
    # Full float32 products unless TF32 is requested: TF32 moves the third digit.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    return replace(device, tf32=tf32)


def _choose(request: str) -> Device:
    if request == "auto":
        if torch.cuda.is_available():
            return _cuda(0, "auto: a CUDA device is available")
        return _cpu("auto: no CUDA device is available")
    if request == "cpu":
        return _cpu("requested")
    if request == "mps" and torch.backends.mps.is_available():
        return Device(torch.device("mps"), "Apple GPU", "requested")
    kind, _, number = request.partition(":")
    if kind == "cuda" and (number or "0").isdecimal() and int(number or 0) < torch.cuda.device_count():
        return _cuda(int(number or 0), "requested")
    raise RequestError(f"there is no device {request!r} on this machine. Allowed: {', '.join(_available())}")


def _available() -> list[str]:
    cuda = [f"cuda:{n}" for n in range(torch.cuda.device_count())]
    return ["auto", "cpu", *cuda, *(["mps"] if torch.backends.mps.is_available() else [])]


def _cpu(reason: str) -> Device:
    return Device(torch.device("cpu"), _processor(), reason)


def _cuda(number: int, reason: str) -> Device:
    return Device(torch.device("cuda", number), torch.cuda.get_device_name(number), reason)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
