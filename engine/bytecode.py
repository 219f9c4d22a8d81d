"""What Python keeps of the user's own files that it compiled."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def none_kept() -> Iterator[None]:
    """Keep nothing of what is compiled meanwhile.

    Python takes what it kept of a file as long as neither its size nor the second of its last change is another: a file
    that is changed at once would run as it was, and its results would be stored as those of what it is. It also leaves
    the folders of users without files of ours.
    """
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
