"""One word for an initialization: the verdicts of the store's view `signal_rates`, from what the rules found."""

from goldilocks.engine.diagnosis.finding import Finding

# The first that applies.
WORDS = (
    ("nonfinite", "diverged"),
    ("dead", "dead"),
    ("norm_of_one_value", "dead"),
    ("symmetry", "symmetric"),
    ("saturated", "too big"),
    ("range", "too big"),
    ("residual_growth", "too big"),
    ("first_loss", "too big"),
    ("collapse", "too small"),
)


def verdict(findings: tuple[Finding, ...], init: str) -> str:
    """Return `diverged`, `dead`, `symmetric`, `too big`, `too small` or `just right`.

    Args:
        findings: about a network.
        init: which initialization.
    """
    own = {one.rule: one for one in findings if one.init == init and one.severity != "note"}
    for rule, word in WORDS[:4]:
        if rule in own:
            return word
    for rule in ("forward_rate", "backward_rate", "scale_jump", "input_scale"):
        if rule in own:
            return "too big" if own[rule].value > 1 else "too small"
    return next((word for rule, word in WORDS[4:] if rule in own), "just right")
