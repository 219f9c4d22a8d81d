"""How the sites of a network hang together: what feeds what, and the steps from input to output."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from goldilocks.engine.diagnosis.site import Site

# Sites whose value is a product with weights.
WEIGHTED = ("affine", "convolution")
# Additions on the stream that make a network residual; with fewer, its weights are the steps.
FEWEST_ADDITIONS = 3


@dataclass(frozen=True)
class Layer:
    """A step of the stream with what follows it, as the built-in networks have layers.

    Attributes:
        number: counted from 1, from input to output.
        weighted: the site that multiplies by weights; None where the step is an addition.
        step: what enters the activation: that site, the normalization that follows it, or the addition.
        output: the activation that alone follows, or the step itself.
    """

    number: int
    weighted: Site | None
    step: Site
    output: Site


@dataclass(frozen=True)
class Flow:
    """The sites of a network as a graph.

    Attributes:
        sites: in execution order.
    """

    sites: tuple[Site, ...]

    @cached_property
    def consumers(self) -> dict[int, list[Site]]:
        """Which sites use the value of a site directly."""
        found: dict[int, list[Site]] = {site.index: [] for site in self.sites}
        for site in self.sites:
            for index in site.inputs:
                found[index].append(site)
        return found

    def sources(self, site: Site) -> list[Site]:
        """Return the sites whose values enter a site."""
        return [self.sites[index] for index in site.inputs]

    def beyond(self, site: Site) -> Iterator[Site]:
        """Yield the sites that depend on a site, however far."""
        reached, waiting = set(), [site.index]
        while waiting:
            for consumer in self.consumers[waiting.pop()]:
                if consumer.index not in reached:
                    reached.add(consumer.index)
                    waiting.append(consumer.index)
                    yield consumer

    @property
    def spine(self) -> list[Site]:
        """The steps of the stream from input to output: its additions where it is residual, else its weights.

        Only sites that every path passes: what is computed beside the stream, such as a gate, is none of its steps.
        Where a normalization follows each step, its value stands for the step's, whose own scale means nothing.
        """
        return [step for _, step in self._steps]

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The steps of the stream with their activations."""
        found = []
        for number, (site, step) in enumerate(self._steps, 1):
            behind = self.consumers[step.index]
            output = behind[0] if len(behind) == 1 and behind[0].kind == "activation" else step
            found.append(Layer(number, site if site.kind in WEIGHTED else None, step, output))
        return tuple(found)

    @cached_property
    def _steps(self) -> list[tuple[Site, Site]]:
        """The steps, each with the site that stands for it."""
        stream = [site for site in self.sites if site.role == "stream" and site.index in self._passed_by_all]
        additions = [site for site in stream if site.kind == "addition"]
        if len(additions) < FEWEST_ADDITIONS:
            return [(site, self._normalized(site)) for site in stream if site.kind in WEIGHTED]
        normalized = [self._normalized(site) for site in additions]
        after_norms = sum(one.kind == "normalization" for one in normalized)
        return list(zip(additions, normalized if 2 * after_norms > len(additions) else additions, strict=True))

    @cached_property
    def _passed_by_all(self) -> set[int]:
        """Sites that no path from the examples to the loss goes around."""
        informed: set[int] = set()
        for site in self.sites:
            if site.connected and (site.kind in ("input", "embedding") or informed.intersection(site.inputs)):
                informed.add(site.index)
        farthest = {
            index: max((one.index for one in self.consumers[index] if one.connected), default=-1) for index in informed
        }
        passed, reach = set(), -1
        for index in sorted(informed):
            if reach <= index:
                passed.add(index)
            reach = max(reach, farthest[index])
        return passed

    def _normalized(self, site: Site) -> Site:
        """Return the normalization that alone follows a site, else the site: before a norm its scale means nothing."""
        behind = self.consumers[site.index]
        return behind[0] if len(behind) == 1 and behind[0].kind == "normalization" else site
