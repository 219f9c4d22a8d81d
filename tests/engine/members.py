"""One instance of every registered member: suites run over these, so a new member is tested without a new test."""

from goldilocks.engine.activations import activations
from goldilocks.engine.initializers import initializers
from goldilocks.engine.networks import networks
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.optimizers import optimizers

# Members with a required parameter need a value for it here.
ARGUMENTS = {
    "normal": {"std": 0.2},
    "uniform": {"bound": 0.3},
    "constant": {"value": 0.05},
    "truncated_normal": {"std": 0.2},
    "group": {"groups": 4},
}


# What needs files of the user's is tested beside what is downloaded.
NEEDS_FILES = {"own"}


def members(registry):
    """Return one instance of each member of a registry."""
    return [member(**ARGUMENTS.get(member.name, {})) for member in registry if member.name not in NEEDS_FILES]


INITIALIZERS = members(initializers)
ACTIVATIONS = members(activations)
NORMALIZATIONS = members(normalizations)
OPTIMIZERS = members(optimizers)
# Each network, and those of its options that change how it is connected.
NETWORKS = [
    *members(networks),
    *map(
        networks.parse,
        (
            "residual_mlp(branch='1/sqrt(depth)')",
            "residual_mlp(branch='zero')",
            "conv(filter=5, strided=1, dense=1, dense_width=12)",
        ),
    ),
]
