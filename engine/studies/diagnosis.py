"""A network of one's own, measured at all of its sites: what `goldilocks diagnose --store` computes."""

from collections.abc import Sequence
from typing import Any

import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import Cost
from goldilocks.engine.device import choose_device
from goldilocks.engine.diagnosis.cell import DiagnosisCell
from goldilocks.engine.diagnosis.named import subject_of
from goldilocks.engine.diagnosis.stored_columns import FIRST_LOSS
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies


@studies.register
class Diagnosis(Study[DiagnosisCell]):
    """Statistics of every operation of a network of one's own, before any step."""

    name = "diagnosis"
    cell = DiagnosisCell
    typical_share = 0.2
    card = Card(
        "Diagnosis of a network of one's own",
        "one pass forward and back of one batch; what leaves every operation, the gradient of the loss there, the "
        "parameters, and what the rules find",
        "engine/diagnosis/README.md",
        notes="Started by `goldilocks diagnose FACTORY --store`, never by a grid file: a name that a file holds is not "
        "imported.",
    )
    quantities = (
        Quantity(
            FIRST_LOSS,
            "First loss",
            "Loss of the batch before any step: cross-entropy where there are classes.",
            "nat",
            "lower",
        ),
    )

    def group_key(self, cell: DiagnosisCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[DiagnosisCell], device: torch.device) -> Cost:
        # How many go into one program is decided when they are measured.
        one = subject_of(cells[0]).cost
        return Cost(len(cells) * one.flops, one.bytes)

    def run(self, cells: Sequence[DiagnosisCell], device: torch.device, progress: Progress) -> Outcome:
        from goldilocks.engine.diagnosis.measure import measure_each
        from goldilocks.engine.diagnosis.measurement import Configuration
        from goldilocks.engine.diagnosis.rows import rows

        subject = subject_of(cells[0])
        ordered = sorted(cells, key=lambda cell: cell.seed)
        wanted = [Configuration(str(cell.init), cell.seed) for cell in ordered]
        there = choose_device(str(device))
        found = measure_each(subject.specimen, wanted, there, progress=progress, counting=True)
        tables, overflowed = rows(ordered, found, subject)
        return Outcome([cell.cell_id for cell in cells], tables, overflowed=overflowed)
