"""Which value is computed from which: the graph of one forward pass, and what follows from it about branches."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from goldilocks.engine.diagnosis.site import Kind, Role

WEIGHTED: tuple[Kind, ...] = ("affine", "convolution", "embedding", "attention", "recurrent")


@dataclass
class Node:
    """A value.

    Attributes:
        inputs: numbers of the nodes it is computed from.
        ancestors: set of these and of what they are computed from, itself included, as bits.
        identity: set of the nodes that reach it unchanged, additions and reshaping aside, itself included, as bits.
        signal: whether it depends on the network's inputs by way of floating-point numbers.
        parameters: names of the parameters that a value without signal is made of.
        site: index of the site that it leaves, or None.
        unit_axis: axis of its units, from the end.
        kept: whether it consists of the numbers of the one signal it is computed from.
    """

    inputs: tuple[int, ...]
    ancestors: int
    identity: int
    signal: bool
    parameters: tuple[str, ...] = ()
    site: int | None = None
    unit_axis: int = -1
    kept: bool = False


@dataclass
class Branch:
    """A residual branch.

    Attributes:
        addition: index of the site at which it is added.
        sites: indices of its sites, in order.
    """

    addition: int
    sites: tuple[int, ...]


@dataclass
class Graph:
    """The values of a forward pass in the order in which they are computed."""

    nodes: list[Node] = field(default_factory=list)
    # For each site its node, and what kind it is.
    site_nodes: list[int] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)

    def add(self, inputs: tuple[int, ...], signal: bool, parameters: tuple[str, ...] = (), kept: bool = False) -> int:
        """Add a value and return its number.

        Args:
            inputs: numbers of the nodes it is computed from.
            signal: whether it depends on the network's inputs.
            parameters: names of the parameters it is made of.
            kept: whether it consists of the same numbers.
        """
        number = len(self.nodes)
        ancestors = 1 << number
        for node in inputs:
            ancestors |= self.nodes[node].ancestors
        carrying = [node for node in inputs if self.nodes[node].signal]
        identity = 1 << number
        if len(carrying) == 1:
            identity |= self.nodes[carrying[0]].identity
        axis = self.nodes[carrying[0]].unit_axis if carrying else -1
        self.nodes.append(
            Node(inputs, ancestors, identity, signal, parameters, None, axis, kept and len(carrying) == 1)
        )
        return number

    def mark_site(self, number: int, kind: Kind) -> int:
        """Make a value that of a site and return the site's index."""
        node = self.nodes[number]
        node.site = len(self.site_nodes)
        node.identity = 1 << number
        if kind == "addition":
            for other in node.inputs:
                if self.nodes[other].signal:
                    node.identity |= self.nodes[other].identity
        self.site_nodes.append(number)
        self.kinds.append(kind)
        return node.site

    def source(self, number: int) -> int | None:
        """Return the site whose value a value is, perhaps rearranged; None where something else happens between."""
        node = self.nodes[number]
        while node.site is None and node.kept:
            node = self.nodes[next(other for other in node.inputs if self.nodes[other].signal)]
        return node.site

    def sites_before(self, number: int) -> tuple[int, ...]:
        """Return the sites that a value is computed from directly, that is, with no other site between."""
        found, seen, waiting = set(), set(), list(self.nodes[number].inputs)
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            site = self.nodes[node].site
            if site is not None:
                found.add(site)
            else:
                waiting.extend(self.nodes[node].inputs)
        return tuple(sorted(found))

    def branches(self) -> list[Branch]:
        """Return the residual branches, in the order of their additions."""
        found = []
        for site, kind in enumerate(self.kinds):
            if kind == "addition" and (branch := self._branch(site)):
                found.append(branch)
        return found

    def _branch(self, site: int) -> Branch | None:
        operands = [node for node in self.nodes[self.site_nodes[site]].inputs if self.nodes[node].signal]
        if len(operands) != 2:
            return None
        first, second = (self.nodes[node] for node in operands)
        # The side that holds an ancestor of the other unchanged, the latest if both do, is the shortcut.
        ways = [
            ((shortcut.identity & other.ancestors).bit_length() - 1, shortcut, other)
            for shortcut, other in ((first, second), (second, first))
        ]
        start, shortcut, other = max(ways, key=lambda way: way[0])
        if start < 0:
            return self._projected(site, first, second)
        return self._made(site, other.ancestors & ~shortcut.ancestors, start)

    def _projected(self, site: int, first: Node, second: Node) -> Branch | None:
        """Return the longer of two ways that begin at one value, where the shortcut has a layer of its own."""
        common = first.ancestors & second.ancestors
        start = next((n for n in reversed(range(common.bit_length())) if common >> n & 1 and self.nodes[n].signal), -1)
        if start < 0:
            return None
        ways = [self._made(site, a.ancestors & ~b.ancestors, start) for a, b in ((first, second), (second, first))]
        lengths = [self._length(way) for way in ways]
        return None if lengths[0] == lengths[1] else ways[lengths[1] > lengths[0]]

    def _length(self, branch: Branch | None) -> int:
        return sum(self.kinds[site] in WEIGHTED for site in branch.sites) if branch else 0

    def _made(self, site: int, members: int, start: int) -> Branch | None:
        sites = tuple(
            index
            for index, number in enumerate(self.site_nodes[:site])
            if members >> number & 1 and self.nodes[number].ancestors >> start & 1
        )
        weighted = any(self.kinds[index] in (*WEIGHTED, "normalization") for index in sites)
        return Branch(site, sites) if weighted else None

    def shortcut(self, branch: Branch) -> tuple[int, ...]:
        """Return the sites with weights of their own on the shortcut around a branch."""
        operands = [node for node in self.nodes[self.site_nodes[branch.addition]].inputs if self.nodes[node].signal]
        inside = {self.site_nodes[site] for site in branch.sites}
        ways = [self.nodes[node].ancestors for node in operands]
        around = [way for way, node in zip(ways, operands, strict=True) if not any(way >> n & 1 for n in inside)]
        if len(around) != 1 or not inside:
            return ()
        common = ways[0] & ways[1]
        alone = around[0] & ~common
        return tuple(site for site, node in enumerate(self.site_nodes[: branch.addition]) if alone >> node & 1)

    def roles(self, outputs: int, branches: list[Branch]) -> list[Role]:
        """Say for each site where it lies.

        Args:
            outputs: set of the values that the network's outputs depend on, as bits.
            branches: the residual branches, as `branches` returns them.
        """
        found: list[Role] = ["stream"] * len(self.kinds)
        for branch in branches:
            for site in self.shortcut(branch):
                # Of two branches that are added to one value, the other one is no shortcut.
                if found[site] == "stream" and self._begins_after(branch, site):
                    found[site] = "skip"
            for site in branch.sites:
                found[site] = "branch"
        for site, kind in enumerate(self.kinds):
            if kind in ("affine", "convolution") and found[site] == "stream" and self._is_last(site, outputs):
                found[site] = "read-out"
        return found

    def _begins_after(self, branch: Branch, site: int) -> bool:
        """Return whether a site lies beside a branch and not before it."""
        first = self.nodes[self.site_nodes[branch.sites[0]]]
        start = max((n for n in first.inputs if self.nodes[n].signal), default=-1)
        return start >= 0 and bool(self.nodes[self.site_nodes[site]].ancestors >> start & 1)

    def _is_last(self, site: int, outputs: int) -> bool:
        number = self.site_nodes[site]
        later = [
            kind
            for kind, node in zip(self.kinds, self.site_nodes, strict=True)
            if node > number and self.nodes[node].ancestors >> number & 1
        ]
        return bool(outputs >> number & 1) and not {*later} & {*WEIGHTED, "normalization", "activation"}

    def followers(self) -> list[list[int]]:
        """Return for each node the nodes that are computed from it."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for number, node in enumerate(self.nodes):
            for other in node.inputs:
                found[other].append(number)
        return found

    def met_next(self, site: int, followers: list[list[int]]) -> Iterator[int]:
        """Yield the sites that a site's value meets, in order, up to the next one with weights on each way."""
        waiting, seen = [self.site_nodes[site]], set()
        while waiting:
            node = min(waiting)
            waiting.remove(node)
            for other in followers[node]:
                if other in seen:
                    continue
                seen.add(other)
                met = self.nodes[other].site
                if met is not None:
                    yield met
                if met is None or self.kinds[met] in ("normalization", "addition", "product"):
                    waiting.append(other)
