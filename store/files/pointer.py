"""What lies in the place of a store's pointer: the link that it should be, a copy of a snapshot, or somebody's file."""

from __future__ import annotations

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.files import digests
from goldilocks.store.layout import Layout


def refuse_foreign_file(layout: Layout) -> None:
    """Refuse a file that is neither a link nor a copy of one of the store's snapshots.

    Args:
        layout: the store that is to be written.

    Raises:
        StoreInvalid: the file is not the store's: it is neither overwritten, nor is anything made or moved beside it.
    """
    if not layout.path.exists() or layout.path.is_symlink() or _is_copy(layout):
        return
    raise StoreInvalid(
        f"{layout.path} is a regular file, not the pointer of a store, and is not overwritten: "
        "move it away, or choose another file with --store."
    )


def _is_copy(layout: Layout) -> bool:
    """Tell whether the pointer became a copy of a snapshot, as programs make it that follow links when they copy."""
    size = layout.path.stat().st_size
    snapshots = [file for file in map(layout.snapshot_file, layout.snapshot_numbers()) if file.stat().st_size == size]
    return bool(snapshots) and digests.of(layout.path) in map(digests.of, snapshots)
