"""What follows from something graver is left out, and something is always left."""

from graphlib import TopologicalSorter

import pytest
from torch import nn

from goldilocks.engine.diagnosis.judgement import explains, judge
from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.rules import rules
from goldilocks.engine.diagnosis.specimen import Specimen
from tests.diagnosis import zoo


def test_no_rules_explain_each_other_in_a_circle():
    members = [rule() for rule in rules]
    TopologicalSorter(
        {other.name: {cause.name for cause in members if explains(cause, other)} for other in members}
    ).prepare()


class Branched(nn.Module):
    """A branch that drowns its shortcut because one of its layers is far too large."""

    def __init__(self, factor):
        super().__init__()
        self.stem, self.up, self.down = nn.Linear(20, 32), nn.Linear(32, 32), nn.Linear(32, 32)
        self.head = nn.Linear(32, 10)
        self.down.weight.data.mul_(factor)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.down(self.up(x).relu())
        return self.head(x)


@pytest.mark.parametrize("factor", [1, 1000])
def test_of_two_findings_that_may_follow_from_each_other_one_stands(factor):
    found = judge(measure(Specimen(lambda: Branched(factor), (zoo.numbers(16, 20),)), ["as_is"], [0], method="loop"))
    errors = [(one.rule, one.site) for one in found if one.severity == "error"]
    assert errors == ([("scale_jump", "down:linear")] if factor > 1 else [])
