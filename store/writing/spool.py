"""Journal entries written by other processes than the one that holds the writer lock, on storage that all share.

A worker of a cluster files a finished batch under the name of its run; the writer adopts it into the journal. Filing is
a rename, and what is filed already is not filed again, so that a batch computed twice is one entry.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from pathlib import Path

import pyarrow as pa

from goldilocks.store.files import durable
from goldilocks.store.layout import Layout
from goldilocks.store.writing import journal


def file(spool: Path, run_id: str, label: str, batch: dict[str, pa.Table]) -> Path:
    """File a finished batch, durably; any process on any machine may call it.

    Args:
        spool: the shared folder.
        run_id: the run that it belongs to.
        label: what the entry is called, the same when the batch is computed again.
        batch: tables by name, as for `journal.append`.

    Returns:
        The folder of the entry.

    Raises:
        StoreInvalid: as `journal.append`.
    """
    final = spool / run_id / label
    final.parent.mkdir(parents=True, exist_ok=True)
    # Processes on different machines may have the same number.
    unfinished = durable.temporary(final.parent, uuid.uuid4().hex)
    try:
        journal.write(unfinished, batch)
        durable.commit(unfinished, final)
    except BaseException as error:
        durable.discard(unfinished)
        if not isinstance(error, OSError) or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    return final


def waiting(spool: Path, run_ids: set[str]) -> list[Path]:
    """Return the entries of some runs that nobody has adopted yet.

    Args:
        spool: the shared folder; it need not exist.
        run_ids: whose entries; those of others belong to another store.
    """
    folders = [spool / run_id for run_id in sorted(run_ids) if (spool / run_id).is_dir()]
    entries = (entry for folder in folders for entry in sorted(folder.iterdir()))
    return [entry for entry in entries if not entry.name.startswith(durable.TEMPORARY)]


def adopt(layout: Layout, entry: Path) -> Path:
    """Move a filed entry into the journal. Only for the one who holds the writer lock.

    Args:
        layout: the store.
        entry: the folder that `file` returned.

    Returns:
        The folder in the journal.
    """
    label = re.sub(r"^\d+-", "", entry.name)
    with journal.numbered(layout, label) as final:
        try:
            os.rename(entry, final)
            durable.sync(final.parent)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            unfinished = durable.temporary(final.parent, final.name)
            durable.discard(unfinished)
            shutil.copytree(entry, unfinished)
            durable.commit(unfinished, final)
            durable.discard(entry)
    return final
