"""The store: everything the engine found out, in one DuckDB file that explains itself.

    import goldilocks
    goldilocks.open().std_by_layer(activation="tanh").df()

Reading: `open`, `sandboxed`, and one method per named query. Writing: `WriterLock`, `journal.append` with the schemas
of `tables`, `publish`, `done_cells`. `Layout` knows the paths. Nothing heavy is imported before it is used.
"""

if __name__ == "store":
    # At the root of a clone the folder is found under this name, too.
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / ".package"))
    from goldilocks.alias import shorten

    shorten(__name__)
else:
    import lazy_loader

    __getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
