"""The published files of a data set: how they are recognized, however someone has unpacked or compressed them again."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


class NotPublished(ValueError):
    """A file has the right name and the wrong content; the message says which."""


@dataclass(frozen=True)
class Published:
    """One file as its authors published it.

    Attributes:
        url: where it is downloaded from.
        checksum: of the file as it is downloaded, `md5:…` or `sha256:…`.
        contents: for each file packed into it, the checksum of its uncompressed bytes.
    """

    url: str
    checksum: str
    contents: Mapping[str, str]

    @property
    def name(self) -> str:
        """Name of the file."""
        return PurePosixPath(self.url).name

    def read(self, folder: Path) -> dict[str, bytes] | None:
        """Return the content of each packed file, or None where a folder does not hold them all.

        Args:
            folder: holds the packed files, each compressed or not, or the file as it was published.

        Raises:
            NotPublished: they are there, and are not what was published.
        """
        candidates = {name: (folder / name, folder / f"{name}.gz") for name in self.contents}
        files = {name: next(filter(Path.is_file, paths), None) for name, paths in candidates.items()}
        archive = folder / self.name
        if all(files.values()):
            contents = {name: content(path) for name, path in files.items() if path}
        elif archive.is_file() and ".tar" in archive.suffixes:
            contents = _members(archive, self.contents)
        else:
            return None
        for name, whole in contents.items():
            verify(whole, self.contents[name], str(files[name] or f"{name} in {archive}"))
        return contents


def verify(content: bytes, checksum: str, source: str) -> None:
    """Compare bytes with a checksum.

    Args:
        content: the bytes.
        checksum: `md5:…` or `sha256:…`.
        source: what to call them in the message.

    Raises:
        NotPublished: they differ.
    """
    algorithm, expected = checksum.split(":")
    digest = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if digest != expected:
        raise NotPublished(f"{source} has the {algorithm} {digest}; the published file has {expected}")


def content(path: Path) -> bytes:
    """Return what is in a file, uncompressed where its name ends in `.gz`.

    Args:
        path: the file.

    Raises:
        NotPublished: it cannot be read, or not uncompressed.
    """
    try:
        packed = path.read_bytes()
        return gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error) as error:
        raise NotPublished(f"{path} cannot be read: {error}") from None


def _members(archive: Path, names: Mapping[str, str]) -> dict[str, bytes]:
    """Read files straight out of an archive, so that nothing half-unpacked can be left behind."""
    contents = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                if name in names and (file := tar.extractfile(member)):
                    contents[name] = file.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise NotPublished(f"{archive} cannot be read: {error}") from None
    if missing := sorted(set(names) - set(contents)):
        raise NotPublished(f"{archive} lacks {', '.join(missing)}")
    return contents
