"""Goldilocks: a laboratory for weight initialization and normalization.

    import goldilocks
    goldilocks.run("demo")
    goldilocks.open().outcomes_over_seeds(activation="relu").df()

Computing: `run`, `diagnose`, `Grid`, `load_grid`, `Cluster`. Reading: `open`. Below: `goldilocks.engine`,
`goldilocks.store`, `goldilocks.dashboard`. Nothing heavy is imported before it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
