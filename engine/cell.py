"""A cell: one frozen configuration, whose id is the hash of its canonical JSON.

Here is what the cells of all studies have in common; each study adds its own fields in its own file, with their types,
defaults and limits. Grid files, the store's axes and the planner all follow from these declarations. A field marked
BATCHED only changes numbers in the tensor program; the others shape it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.data import Dataset, datasets
from goldilocks.engine.initializers import Initializer, initializers
from goldilocks.engine.member_checks.initializer import scale_flaw
from goldilocks.engine.networks import Network, networks
from goldilocks.engine.networks.connection import Dense, LayerShape
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.normalizations import Normalization, normalizations
from goldilocks.engine.normalizations.none import NoNormalization
from goldilocks.engine.optimizers import Optimizer, optimizers
from goldilocks.engine.preprocessings import Preprocessing, preprocessings
from goldilocks.engine.scheme import Scheme, plain


class Batched:
    """Marks a field that may differ between the configurations of one tensor program."""


BATCHED = Batched()


NetworkAxis = Annotated[Network, BeforeValidator(networks.parse)]
DatasetAxis = Annotated[Dataset, BeforeValidator(datasets.parse)]
PreprocessingAxis = Annotated[Preprocessing, BeforeValidator(preprocessings.parse)]
InitAxis = Annotated[Initializer, BeforeValidator(initializers.parse)]
ActivationAxis = Annotated[Activation, BeforeValidator(activations.parse)]
NormAxis = Annotated[Normalization, BeforeValidator(normalizations.parse)]
OptimizerAxis = Annotated[Optimizer, BeforeValidator(optimizers.parse)]
Rate = Annotated[float, Field(gt=0, lt=1e6, allow_inf_nan=False)]
Depth = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Width = Annotated[int, Field(strict=True, ge=1, le=65_536)]
BatchSize = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Steps = Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
# In grid files true or false; written yes or no in the texts that identities are the hashes of.
WORDS = {True: "yes", False: "no"}
Truth = Annotated[bool, Field(strict=True), BeforeValidator(lambda value: {"yes": True, "no": False}.get(value, value))]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


# Says something about a cell in a sentence, or returns None.
Sentence = Callable[[Any], str | None]


class Cell(BaseModel):
    """One configuration of a study.

    Attributes:
        study: which study; the rest are its axes.
        rules: each says why a cell cannot be computed, or returns None; they are applied in this order.
        notes: each says what is done that one might not expect, or returns None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    study: ClassVar[str]
    rules: ClassVar[tuple[Sentence, ...]]
    notes: ClassVar[tuple[Sentence, ...]]

    network: NetworkAxis = Mlp()
    dataset: DatasetAxis
    preprocessing: PreprocessingAxis
    init: Annotated[InitAxis, BATCHED]
    activation: ActivationAxis
    norm: NormAxis = NoNormalization()
    depth: Depth
    width: Width
    batch_size: BatchSize
    seed: Annotated[Seed, BATCHED] = 0

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo) -> Any:
        return plain(value, cls.model_fields[str(info.field_name)].annotation)

    def fields(self) -> Iterator[tuple[str, Any]]:
        """Yield every axis and its value, in the order of declaration."""
        return ((key, getattr(self, key)) for key in type(self).model_fields)

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Every field as plain JSON values: aliases resolved, defaults filled in."""
        return {"study": self.study, **{key: _as_json(value) for key, value in self.fields()}}

    @cached_property
    def canonical_json(self) -> str:
        """The text that the identity is the hash of: sorted keys, no spaces."""
        return json.dumps(self.spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @cached_property
    def cell_id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()[:16]

    @cached_property
    def static(self) -> tuple[object, ...]:
        """The values of all fields that shape the tensor program."""
        return (self.study, *(value for _, value in self.static_axes()))

    def static_axes(self) -> Iterator[tuple[str, Any]]:
        """Yield the axes that shape the tensor program, and their values."""
        fields = type(self).model_fields
        return ((key, value) for key, value in self.fields() if BATCHED not in fields[key].metadata)

    def row(self) -> dict[str, Any]:
        """Return the axes as the store writes them, None where this study has no such axis."""
        values = {key: str(value) if isinstance(value, Scheme) else value for key, value in self.fields()}
        empty = dict.fromkeys(("optimizer", "lr", "steps"))
        return {"cell_id": self.cell_id, "study": self.study, **empty, **values, "spec": self.canonical_json}

    @property
    def datasets(self) -> list[Dataset]:
        """The data sets among its axes that have to be at hand."""
        return [self.dataset] if isinstance(self.dataset, Dataset) else []

    @property
    def features(self) -> int:
        """Size of an example."""
        return self.network.features(self.dataset, self.width)

    @cached_property
    def shapes(self) -> list[LayerShape]:
        """Sizes of each hidden layer."""
        return self.network.shapes(self.dataset, self.width, self.depth)

    @property
    def readout(self) -> LayerShape:
        """Sizes of the affine map from the last hidden layer to the classes."""
        last = self.shapes[-1]
        return LayerShape(last.size, self.dataset.classes, Dense(last.positions))

    @property
    def dims(self) -> list[int]:
        """Number of units of the input and of each hidden layer."""
        return [self.features, *(shape.units for shape in self.shapes)]

    def remarks(self) -> list[str]:
        """Say in sentences what is done that one might not expect."""
        return [sentence for note in self.notes if (sentence := note(self))]

    def refusal(self) -> str | None:
        """Say why this combination of values cannot be computed, or None."""
        return next((reason for rule in self.rules if (reason := rule(self))), None)


def _as_json(value: Any) -> Any:
    if isinstance(value, Scheme):
        return value.spec()
    return WORDS[value] if isinstance(value, bool) else value


def _network_refuses(cell: Cell) -> str | None:
    return cell.network.refusal(cell.dataset, cell.depth)


def _too_few_values(cell: Cell) -> str | None:
    least, fewest = cell.norm.minimum_batch, cell.batch_size * min(shape.positions for shape in cell.shapes)
    if fewest >= least:
        return None
    return (
        f"batch_size = {cell.batch_size}: norm = {cell.norm} needs at least {least} values of each unit, from "
        "several examples or several positions of an image"
    )


def _norm_refuses(cell: Cell) -> str | None:
    reasons = (cell.norm.refusal(units) for units in {shape.units for shape in cell.shapes})
    return next(filter(None, reasons), None)


def _init_refuses(cell: Cell) -> str | None:
    return cell.init.refusal(cell.activation)


def _scale_is_flawed(cell: Cell) -> str | None:
    if cell.init.plugin is None:
        return None
    flaws = (scale_flaw(cell.init, shape.fans, cell.activation) for shape in cell.shapes)
    flaw = next(filter(None, flaws), None)
    return flaw and f"init = {cell.init}: {flaw}"


def _about_dataset(cell: Cell) -> str | None:
    return cell.dataset.remark


def _about_init(cell: Cell) -> str | None:
    return cell.init.remark(cell.activation)


Cell.rules = (_network_refuses, _too_few_values, _norm_refuses, _init_refuses, _scale_is_flawed)
Cell.notes = (_about_dataset, _about_init)
