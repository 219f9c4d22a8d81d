"""Asking a store: a handle on a snapshot, its named queries, and the form of the rows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
