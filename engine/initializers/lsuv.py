"""Layer-sequential unit variance: orthonormal matrices, rescaled on data layer by layer."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Lsuv(Initializer):
    """W orthonormal, then divided by the standard deviation of what leaves the affine map on the first minibatch."""

    name = "lsuv"
    family = "orthogonal"
    data_dependent = True
    card = Card(
        "LSUV",
        "W ← W/√Var(hW), layer by layer in execution order, from orthonormal W",
        "Mishkin & Matas 2016",
        notes="Every affine map, the read-out included, starts with outputs of variance 1 on the first minibatch.",
        snippet="nn.init.orthogonal_(layer.weight)\nlayer.weight.data /= layer(h).std()  # h: a batch of its inputs",
        rank=150,
        colour="gold",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the root mean square of an orthonormal start, 1/√(larger side); the data decide the rest."""
        return fans.longest**-0.5
