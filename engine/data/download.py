"""Downloads of published files: a file is in the cache whole and verified, or not at all."""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from goldilocks.engine.data.published import Published

# Seconds without an answer after which a server counts as unreachable.
TIMEOUT = 20
CHUNK_BYTES = 1 << 16


class DownloadFailed(RuntimeError):
    """A file could not be downloaded; the message says why."""


class DownloadBar(Protocol):
    """Shows how far a download is; `total` is set before the first update."""

    total: int

    def update(self, count: int) -> None:
        """Take in that a number of bytes more have come."""
        ...

    def reset(self) -> None:
        """Start again from nothing."""
        ...

    def close(self) -> None:
        """Take in that the download is over."""
        ...


# Called with the name of a file before it is downloaded.
Announce = Callable[[str], DownloadBar | None]


def quietly(name: str) -> None:
    """Show nothing."""


def download(file: Published, folder: Path, announce: Announce = quietly) -> None:
    """Download a published file into a folder.

    Args:
        file: which one.
        folder: where to; made where it is missing.
        announce: returns what shows the progress.

    Raises:
        DownloadFailed: no connection, an answer that breaks off, or one that is not what was published.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    bar = announce(file.name)
    downloader = pooch.HTTPDownloader(progressbar=bar or False, chunk_size=CHUNK_BYTES, timeout=TIMEOUT)
    try:
        # pooch writes beside the target, verifies, then renames; whatever goes wrong, it removes what it wrote.
        pooch.retrieve(file.url, file.checksum, fname=file.name, path=folder, downloader=downloader)
    except requests.RequestException as error:
        raise DownloadFailed(f"{file.url}: {_reason(error)}") from None
    except ValueError:
        raise DownloadFailed(f"{file.url}: what came is not the published file: its checksum differs") from None
    except OSError as error:
        raise DownloadFailed(f"{error.filename or folder}: {error.strerror or error}") from None
    finally:
        if bar:
            bar.close()
        with contextlib.suppress(OSError):
            folder.rmdir()  # removes it only when nothing is in it


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download broke off"
    return "no connection"
