"""Data sets that are not shipped: found in a folder, or downloaded with a checksum."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from goldilocks.engine.data.base import Dataset
from goldilocks.engine.data.download import Announce, DownloadFailed, download, quietly
from goldilocks.engine.data.published import NotPublished, Published
from goldilocks.engine.errors import RequestError


def data_folder() -> Path:
    """Return the folder of data sets: `$GOLDILOCKS_DATA`, or else `~/.cache/goldilocks`."""
    return Path(os.environ.get("GOLDILOCKS_DATA") or Path.home() / ".cache" / "goldilocks")


class Downloaded(Dataset):
    """A data set whose published files are looked for on this machine before they are downloaded.

    Attributes:
        published: for each file its forms, any of which will do; the first one is downloaded.
        subfolders: where other programs put the files, below the folder of data sets.
        system_folders: where packages of operating systems put them.
        package: what installs them there, as one would say it.
    """

    published: ClassVar[Sequence[Sequence[Published]]]
    subfolders: ClassVar[Sequence[str]] = ()
    system_folders: ClassVar[Sequence[str]] = ()
    package: ClassVar[str] = ""

    def folders(self) -> list[Path]:
        """Return where the files are looked for, in this order."""
        root = data_folder()
        below = [root / self.name, *(root / part for part in self.subfolders), root]
        return below + [Path(folder) for folder in self.system_folders]

    def contents(self) -> dict[str, bytes] | None:
        """Return the verified content of every file, or None where one of them is not on this machine."""
        parts = [self._look(forms, []) for forms in self.published]
        return {name: content for part in parts if part for name, content in part.items()} if all(parts) else None

    def fetch(self, announce: Announce = quietly) -> None:
        """Download each file that is not on this machine; see `Dataset.fetch`."""
        for forms in self.published:
            rejected: list[str] = []
            if self._look(forms, rejected) is None:
                try:
                    download(forms[0], data_folder() / self.name, announce)
                except DownloadFailed as error:
                    raise RequestError(self._refusal(str(error), rejected)) from None

    def at_hand(self) -> bool:
        """Tell whether every file is on this machine."""
        return self.contents() is not None

    def obtained(self) -> dict[str, bytes]:
        """Return the verified content of every file, downloaded where it is not on this machine.

        Raises:
            RequestError: there is no way to get one; the message says which ways there are.
        """
        contents = self.contents()
        if contents is None:
            self.fetch()
            contents = self.contents()
        assert contents is not None, f"{self.name} vanished while it was read"
        return contents

    def _look(self, forms: Sequence[Published], rejected: list[str]) -> dict[str, bytes] | None:
        for form in forms:
            for folder in self.folders():
                try:
                    if (contents := form.read(folder)) is not None:
                        return contents
                except NotPublished as error:
                    rejected.append(str(error))
        return None

    def _refusal(self, reason: str, rejected: Sequence[str]) -> str:
        names = ", ".join(forms[0].name for forms in self.published)
        package = f" (or install {self.package})" if self.package else ""
        lines = [
            f"The data set {self.name} is not on this machine and could not be downloaded: {reason}.",
            "Either connect to the network and run the same command again,",
            f"or put {names} into {data_folder() / self.name}{package};",
            "GOLDILOCKS_DATA=FOLDER names another folder that holds the files.",
            "Other files of the same format are a data set of their own: own(folder='…').",
        ]
        return "\n".join([*lines, *(f"Not used: {sentence}." for sentence in rejected)])
