"""A cell: one frozen configuration, whose id is the hash of its canonical JSON.

The fields of a study are declared here once, with their types, defaults and limits; grid files, the store's axes and
the planner all follow from them. A field marked BATCHED only changes numbers in the tensor program;
the others shape it.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.activations import Activation, activations
from engine.data import Dataset, datasets
from engine.data.gaussian import Gaussian
from engine.initializers import Initializer, initializers
from engine.networks import Network, networks
from engine.networks.mlp import Mlp
from engine.normalizations import Normalization, normalizations
from engine.normalizations.none import NoNormalization
from engine.optimizers import Optimizer, optimizers
from engine.optimizers.sgd import Sgd
from engine.preprocessings import Preprocessing, preprocessings
from engine.preprocessings.raw import Raw
from engine.preprocessings.standardize import Standardize
from engine.scheme import Scheme


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
Seed = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class Cell(BaseModel):
    """One configuration of a study.

    Attributes:
        study: which study; the rest are its axes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    study: ClassVar[str]

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

    def fields(self) -> Iterator[tuple[str, Any]]:
        """Yield every axis and its value, in the order of declaration."""
        return ((key, getattr(self, key)) for key in type(self).model_fields)

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Every field as plain JSON values: aliases resolved, defaults filled in."""
        fields = {key: value.spec() if isinstance(value, Scheme) else value for key, value in self.fields()}
        return {"study": self.study, **fields}

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
        fields = type(self).model_fields
        return (self.study, *(value for key, value in self.fields() if BATCHED not in fields[key].metadata))

    def row(self) -> dict[str, Any]:
        """Return the axes as the store writes them, None where this study has no such axis."""
        values = {key: str(value) if isinstance(value, Scheme) else value for key, value in self.fields()}
        empty = dict.fromkeys(("optimizer", "lr", "steps"))
        return {"cell_id": self.cell_id, "study": self.study, **empty, **values, "spec": self.canonical_json}

    @property
    def dims(self) -> list[int]:
        """Number of units of the input and of each hidden layer."""
        return self.network.dims(self.dataset.features or self.width, self.width, self.depth)

    def refusal(self) -> str | None:
        """Say why this combination of values cannot be computed, or None."""
        raise NotImplementedError(f"{type(self).__name__} must define refusal")


class PropagationCell(Cell):
    """An untrained network whose signal and gradient are measured."""

    study = "propagation"

    dataset: DatasetAxis = Gaussian()
    preprocessing: PreprocessingAxis = Raw()
    activation: Annotated[ActivationAxis, BATCHED]
    norm: Annotated[NormAxis, BATCHED] = NoNormalization()

    def refusal(self) -> str | None:
        limit = self.dataset.train_size
        if limit and self.batch_size > limit:
            return f"batch_size = {self.batch_size}: {self.dataset} has {limit} training examples"
        return _batch_too_small(self)


class TrainingCell(Cell):
    """A network trained on a classification data set."""

    study = "training"

    preprocessing: PreprocessingAxis = Standardize()
    optimizer: OptimizerAxis = Sgd()
    lr: Annotated[Rate, BATCHED]
    steps: Steps

    def refusal(self) -> str | None:
        if not self.dataset.classes:
            labelled = [member.name for member in datasets if member.classes]
            return f"dataset = {self.dataset}: it has no labels to train on. Allowed: {', '.join(labelled)}"
        return _batch_too_small(self)


def _batch_too_small(cell: Cell) -> str | None:
    least = cell.norm.minimum_batch
    if cell.batch_size >= least:
        return None
    return f"batch_size = {cell.batch_size}: norm = {cell.norm} needs at least {least} examples in a batch"


STUDIES: dict[str, type[Cell]] = {cell.study: cell for cell in (PropagationCell, TrainingCell)}
