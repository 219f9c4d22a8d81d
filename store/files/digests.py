"""Digests of files, in the format of `sha256sum`, so that what is read is known to be what was written.

A list of digests carries its own digest in its first line, which `sha256sum -c` takes for a comment: a damaged list is
told from a damaged file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "SHA256SUMS"
SUFFIX = ".sha256"
_HEAD = "# SHA-256 of the lines below: "
_READ_BYTES = 1 << 20


class DigestsDamaged(ValueError):
    """A list of digests does not have its own digest."""


@dataclass(frozen=True)
class Digests:
    """Digests in hexadecimal digits by the names of the files, and a note beside them."""

    files: Mapping[str, str]
    note: str = ""

    @property
    def total(self) -> str:
        """One digest for all: equal when, and only when, the files are."""
        return hashlib.sha256(self._lines().encode()).hexdigest()

    def text(self) -> str:
        """Return the list as it is written."""
        lines = (f"# {self.note}\n" if self.note else "") + self._lines()
        return f"{_HEAD}{hashlib.sha256(lines.encode()).hexdigest()}\n{lines}"

    def _lines(self) -> str:
        return "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))


def of_bytes(content: bytes) -> str:
    """Return the SHA-256 of the content of a file in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def of(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, reading all of it."""
    digest = hashlib.sha256()
    with file.open("rb", buffering=0) as reader:
        while block := reader.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def read(file: Path) -> Digests | None:
    """Read a list of digests.

    Args:
        file: the list.

    Returns:
        The list, or None when there is none.

    Raises:
        DigestsDamaged: when it is not as it was written.
        OSError: when it cannot be read.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    head, _, lines = content.partition(b"\n")
    if head != f"{_HEAD}{hashlib.sha256(lines).hexdigest()}".encode():
        raise DigestsDamaged(f"its list of digests {file.name} is damaged")
    written = lines.decode().splitlines()
    note = "".join(line.removeprefix("# ") for line in written if line.startswith("#"))
    pairs = (line.split("  ", 1) for line in written if not line.startswith("#"))
    return Digests({name: digest for digest, name in pairs}, note)
