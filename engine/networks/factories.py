"""Which functions may be called for a backbone: the program's own, and of the user's those that the command line, or a
call from Python, names itself.

A grid file, an address of the dashboard and a store can hold any text. If the text were enough to import a module and
call a function of it, whoever wrote the text could run anything.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from goldilocks.engine.errors import RequestError

# What the program itself brings may be named by anyone.
OWN = frozenset({"goldilocks.engine.networks.efficientnet_lite0:efficientnet_lite0"})
_named: Counter[str] = Counter()


@contextmanager
def named(factory: str | None) -> Iterator[None]:
    """Allow a function to be imported and called inside this context.

    Args:
        factory: `package.module:function`; None allows nothing more.
    """
    names = [] if factory is None else [factory]
    _named.update(names)
    try:
        yield
    finally:
        _named.subtract(names)


def refuse_unnamed(factory: str) -> None:
    """Refuse to import what nobody named; see `named`.

    Args:
        factory: `package.module:function`, from wherever it comes.

    Raises:
        RequestError: it was not named.
    """
    if factory not in OWN and _named[factory] < 1:
        raise RequestError(
            f"backbone {factory!r}: a function is imported only when the command names it. If you trust this one, add "
            f"--backbone {factory}"
        )
