"""One cell of a diagnosis: a network of one's own under one initialization and one seed."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from goldilocks.engine.cell import BATCHED, Cell
from goldilocks.engine.diagnosis.named import refuse_unnamed
from goldilocks.engine.diagnosis.recipe import recipe

Text = Annotated[str, Field(max_length=10_000)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class DiagnosisCell(Cell):
    """A network of one's own, told from others by digests; nothing imports it because of its name.

    Attributes:
        network: the function that makes it, as the command named it, and after @ the first digits of the digest of all
            other axes but initialization and seed: cells of two networks never share one.
        structure: digest of its modules, their settings, and the shapes of its tensors.
        source: digest of the code that it comes from.
        weights: digest of the tensors that no seed changes.
        dataset: what goes in, as the command named it.
        inputs: digest of that, and of the targets.
        classes: number of classes of the loss; 0 where there are none.
        loss: `cross_entropy`, a function with the digest of its code, or `usual`: the network's own, or else the
            distance from the target, or the mean output weighted by ±1.
        formats: number formats that it is meant to be trained in, besides float32.
    """

    study = "diagnosis"

    network: Annotated[Text, BeforeValidator(refuse_unnamed)]  # type: ignore[assignment]
    structure: Text
    source: Text
    weights: Text
    dataset: Text  # type: ignore[assignment]
    preprocessing: Text = "raw"  # type: ignore[assignment]
    inputs: Text
    init: Annotated[Text, AfterValidator(lambda text: recipe(text).text), BATCHED]  # type: ignore[assignment]
    activation: Text  # type: ignore[assignment]
    norm: Text = "none"  # type: ignore[assignment]
    depth: Count
    width: Count
    classes: Count = 0
    loss: Text = "usual"
    formats: Text = ""


DiagnosisCell.rules = ()
DiagnosisCell.notes = ()
