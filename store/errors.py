"""Everything that can go wrong with a store, each with a sentence that says what to do."""


class StoreError(Exception):
    """Something about a store is wrong; the message says what came, what was required and what to do."""


class StoreMissing(StoreError):
    """There is no snapshot at the path."""


class StoreBusy(StoreError):
    """Another process writes to the store."""


class StoreNewer(StoreError):
    """The file was written by a later version of the code."""


class StoreCorrupt(StoreError):
    """The snapshot cannot be read."""


class StoreChanged(StoreCorrupt):
    """The snapshot is not what was published."""


class StoreFailed(StoreError):
    """The file system refused, for instance because the disk is full; nothing was lost."""


class StoreInvalid(StoreError, ValueError):
    """A table, a parameter or a name does not fit the store."""


class StoreWarning(UserWarning):
    """Something was skipped or repaired; the message names it."""
