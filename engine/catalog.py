"""Everything the engine knows by name, with its card: for `goldilocks list` and the table `schemes` of the store."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain

import pyarrow as pa

from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.card import Card
from goldilocks.engine.data import datasets
from goldilocks.engine.diagnosis.rules import Rule, rules
from goldilocks.engine.grid.presets import preset_names, preset_purpose
from goldilocks.engine.initializers import Initializer, initializers
from goldilocks.engine.networks import networks
from goldilocks.engine.normalizations import Normalization, normalizations
from goldilocks.engine.optimizers import optimizers
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.registry import Registry
from goldilocks.engine.saturation import ends
from goldilocks.engine.scheme import Scheme
from goldilocks.engine.studies import studies
from goldilocks.engine.theory.gains import Gains
from goldilocks.store import tables

REGISTRIES: dict[str, Registry] = {
    "initializers": initializers,
    "activations": activations,
    "normalizations": normalizations,
    "networks": networks,
    "optimizers": optimizers,
    "datasets": datasets,
    "preprocessings": preprocessings,
}


@dataclass(frozen=True)
class CatalogEntry:
    """One member.

    Attributes:
        kind: its family, singular.
        name: its name in grid files.
        signature: the name with its parameters and their defaults.
        aliases: other names.
        card: what people read.
        gains: of an activation whose parameters all have defaults; else None.
        saturated: of such an activation, the share of a standard normal that is saturated; else None.
        label: what people call it, without parameters.
        alike: of an initializer, whether all weights of a layer are alike; else None.
        normalizes: of a normalization, over what, as theory sees it; else None.
        eps: of such a normalization, what is usually added to a variance; else None.
    """

    kind: str
    name: str
    signature: str
    aliases: tuple[str, ...]
    card: Card
    gains: Gains | None = None
    saturated: float | None = None
    label: str = ""
    alike: bool | None = None
    normalizes: str | None = None
    eps: float | None = None


def kinds() -> list[str]:
    """Return the names of all families, plural."""
    return [*REGISTRIES, "rules", "studies", "presets"]


def entries(kind: str) -> Iterator[CatalogEntry]:
    """Yield the members of a family.

    Args:
        kind: one of `kinds()`.
    """
    if kind == "rules":
        yield from (CatalogEntry("rule", rule.name, rule.name, (), _card(rule)) for rule in rules)
    elif kind == "studies":
        yield from (CatalogEntry("study", study.name, study.name, (), study.card) for study in studies)
    elif kind == "presets":
        yield from (CatalogEntry("preset", name, name, (), Card(preset_purpose(name))) for name in preset_names())
    else:
        registry = REGISTRIES[kind]
        for member in registry:
            yield _entry(registry, member)


def _card(rule: type[Rule]) -> Card:
    exempt = f"Exempt: {rule.exemptions}." if rule.exemptions else ""
    return replace(rule.card, notes=f"{rule.card.notes} {exempt}".strip())


def _entry(registry: Registry, member: type[Scheme]) -> CatalogEntry:
    card, gains, saturated = member.card, None, None
    if flaw := registry.flaw(member):
        card = replace(card, title=f"{card.title} (refused: {flaw})")
    elif issubclass(member, Activation) and not any(field.is_required() for field in member.model_fields.values()):
        gains = Gains.of(member())
        saturated = ends(member()).share
        card = replace(card, notes=f"{card.notes} Saturated share of N(0,1): {saturated:.3%}. {gains}".strip())
    alike = member.alike if issubclass(member, Initializer) else None
    normalizes = member.normalizes() if issubclass(member, Normalization) else None
    eps = member.usual_eps() if issubclass(member, Normalization) and normalizes else None
    names = member.name, member.signature(), member.aliases
    return CatalogEntry(registry.kind, *names, card, gains, saturated, registry.label(member), alike, normalizes, eps)


def parts() -> Iterator[CatalogEntry]:
    """Yield what the studies call the parts of their quantities, where these are always the same."""
    for study in studies:
        yield from (CatalogEntry("part", name, name, (), card) for name, card in study.parts.items())


def metrics_table() -> pa.Table:
    """Return what the studies measure beside the columns of the store, as rows of the store's table `metrics`."""
    rows = [asdict(quantity) | {"study": study.name} for study in studies for quantity in study.quantities]
    return tables.of_rows("metrics", rows)


def schemes_table() -> pa.Table:
    """Return every member, and every part of a study's quantities, as rows of the store's table `schemes`."""
    rows = [
        {
            "kind": entry.kind,
            "name": entry.name,
            "title": entry.card.title,
            "formula": entry.card.formula,
            "reference": entry.card.reference,
            "notes": entry.card.notes,
            "parameters": entry.signature.removeprefix(entry.name).strip("()"),
            "aliases": list(entry.aliases),
            "snippet": entry.card.snippet,
            "rank": entry.card.rank,
            "colour": entry.card.colour,
            "label": entry.label or entry.card.label or entry.name,
            "alike": entry.alike,
            "normalizes": entry.normalizes,
            "eps": entry.eps,
        }
        for entry in chain(chain.from_iterable(map(entries, kinds())), parts())
    ]
    return tables.of_rows("schemes", rows)
