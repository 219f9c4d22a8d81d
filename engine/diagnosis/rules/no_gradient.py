from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Parameter

FROZEN = "its requires_grad is False"


def _state(parameter: Parameter) -> str:
    if not parameter.used:
        return "no operation uses it"
    if not parameter.connected:
        return "the loss does not depend on it, as behind a detach() or an output that the loss leaves out"
    return "" if parameter.trained else FROZEN


@rules.register
class NoGradient(Rule):
    """Parameters that no step will ever change."""

    name = "no_gradient"
    card = Card("No gradient forever", "unused, cut off from the loss, or frozen", "PyTorch, Autograd mechanics")
    exemptions = (
        "gradients that are zero only at the start, as behind a branch that begins at zero; a module that is cut off "
        "as a whole is named once"
    )
    remedy = (
        "Use it, let the gradient through, give a loss of all outputs, set requires_grad, or register it as a buffer "
        "if it is meant."
    )
    code = (
        'model.get_submodule("{module}").requires_grad_(True)\nmodel.get_parameter("{parameter}").requires_grad_(True)'
    )

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each module or parameter that stays as it is."""
        everywhere = np.ones(evidence.seeds)
        for name, members, state in self._groups(evidence.parameters):
            tables = all(one.part == "table" for one in members)
            many = f" ({len(members)} parameters)" if len(members) > 1 else ""
            yield from self.finding(
                evidence,
                name,
                0 * everywhere,
                everywhere > 0,
                0.0,
                f"it will never be trained{many}: {state}.",
                "note" if tables and state == FROZEN else "warning",
                **({"parameter" if name == members[0].name else "module": name} if state == FROZEN else {}),
            )

    @staticmethod
    def _groups(parameters: tuple[Parameter, ...]) -> Iterator[tuple[str, list[Parameter], str]]:
        """Yield the largest modules all of whose parameters are in the same state, and single parameters."""
        left = [one for one in parameters if _state(one)]
        while left:
            first = left[0]
            state, parts = _state(first), first.name.split(".")
            for depth in range(1, len(parts) + 1):
                name = ".".join(parts[:depth])
                inside = [one for one in parameters if one.name == name or one.name.startswith(f"{name}.")]
                if all(_state(one) == state for one in inside):
                    break
            left = [one for one in left if one not in inside]
            yield name, inside, state
