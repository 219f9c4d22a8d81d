"""Words and symbols of the field that are no members of the engine, so that the store has no card for them."""

from dataclasses import dataclass

MEAN_FIELD = "Poole et al. 2016; Schoenholz et al. 2017"


@dataclass(frozen=True)
class Card:
    """What a reader is told of a word.

    Attributes:
        title: what it is called.
        meaning: what it is, in a sentence.
        formula: its definition in symbols; empty for none.
        reference: paper or textbook; empty for none.
        alone: how it is written where it stands by itself, as in a legend or a list.
        inside: how it is written in sentences.
    """

    title: str
    meaning: str
    formula: str = ""
    reference: str = ""
    alone: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


TERMS = (
    Card(
        "Fan-in",
        "Number of inputs of a unit: the width of the layer before, in a convolution filter² times channels.",
        reference="LeCun et al. 1998",
        inside=("fan-in", "fan_in"),
    ),
    Card(
        "Fan-out",
        "Number of units that a unit feeds: the width of the layer that follows.",
        reference="Glorot & Bengio 2010",
        inside=("fan-out", "fan_out"),
    ),
    Card(
        "σw, scale of the weights",
        "Standard deviation of the weights times √fan-in, which means the same in networks of any width.",
        "σw² = fan_in · Var W",
        MEAN_FIELD,
        inside=("σw", "σ_w", "σw²"),
    ),
    Card(
        "σb, scale of the biases",
        "Standard deviation of the biases.",
        "σb² = Var b",
        MEAN_FIELD,
        inside=("σb", "σ_b", "σb²"),
    ),
    Card(
        "γ and β",
        "Scale and shift that a normalization learns for each unit, after it has taken away mean and scale.",
        "y = γ·x̂ + β",
        "Ioffe & Szegedy 2015",
        inside=("γ", "β"),
    ),
    Card("φ, activation", "Function that a unit applies to its pre-activation.", "h = φ(z)", inside=("φ",)),
    Card(
        "q, variance of pre-activations",
        "Mean square of what enters the activation; q* is the value that the layers approach.",
        "q ← σw² E φ(√q u)² + σb², u ~ N(0, 1)",
        MEAN_FIELD,
        inside=("q*", "q₁"),
    ),
    Card(
        "c, correlation of two inputs",
        "Correlation of their pre-activations in a layer; c* is the value that the layers approach.",
        reference=MEAN_FIELD,
        inside=("c*",),
    ),
    Card(
        "χ₁, factor on the gradient",
        "What each layer multiplies the mean squared gradient by: below 1 order, above 1 chaos.",
        "χ₁ = σw² E φ'(√q* u)²",
        MEAN_FIELD,
        inside=("χ₁", "χ"),
    ),
    Card(
        "ξ, depth scale",
        "Number of layers over which a deviation falls by a factor e: ξ_q for the variance, ξ_c for the correlation.",
        reference="Schoenholz et al. 2017",
        inside=("ξ_q", "ξ_c", "depth scale"),
    ),
    Card(
        "Edge of chaos",
        "Scales of weights and biases at which gradients neither vanish nor explode, between order and chaos.",
        "χ₁ = 1",
        MEAN_FIELD,
        inside=("edge of chaos", "Edge of chaos"),
    ),
    Card(
        "Mean-field theory",
        "Theory of networks whose layers are so wide that their pre-activations are Gaussian.",
        reference=MEAN_FIELD,
        inside=("mean-field theory", "Mean-field theory"),
    ),
    Card(
        "std, standard deviation",
        "Root of the mean squared distance from the mean.",
        "std(x) = √E(x − E x)²",
        inside=("std", "standard deviation"),
    ),
    Card("rms, root mean square", "Root of the mean of the squares.", "rms(x) = √E x²", inside=("rms",)),
    Card(
        "Gain",
        "Factor on the standard deviation of the weights that makes up for what the activation takes away.",
        "gain = 1/√E φ(u)², u ~ N(0, 1)",
        "He, Zhang, Ren & Sun 2015",
        inside=("gain",),
    ),
    Card(
        "Seed",
        "Number that fixes weights, inputs and the order of minibatches; how results differ between seeds is chance.",
        inside=("seeds", "seed"),
    ),
    Card(
        "Saturated",
        "A unit whose activation is so close to a limit that it hardly passes a gradient.",
        reference="Glorot & Bengio 2010",
        inside=("saturated", "saturates"),
    ),
    Card(
        "Dead unit",
        "A unit whose derivative is zero on every example of the batch, so that no gradient passes.",
        reference="Lu et al. 2019",
        alone=("dead",),
        inside=("dead units", "dead unit", "Dead units"),
    ),
    Card(
        "Diverged",
        "A value was met that is not finite: an overflow, or what follows from one.",
        inside=("diverged", "diverges"),
    ),
    Card(
        "Hessian",
        "Matrix of the second derivatives of the loss: how curved it is in every direction.",
        "H = ∂²L/∂W²",
        "LeCun, Bottou, Orr & Müller 1998",
        inside=("Hessian",),
    ),
)
