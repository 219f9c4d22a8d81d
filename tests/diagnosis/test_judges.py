"""What a diagnosis is judged by: planted faults are named where they are, and sound networks are left alone."""

import pytest

from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.measure import measure
from tests.diagnosis import zoo
from tests.diagnosis.faults import FAULTS, judged

# Of the faults so many must be named, and so many other findings may stand beside one on average.
NAMED, OTHERS = 23, 1.0


@pytest.fixture(scope="module")
def all_judged():
    return {fault.name: judged(fault, seeds=2) for fault in FAULTS}


@pytest.mark.essential("what a diagnosis is judged by")
def test_faults_are_named_at_the_right_site_by_the_right_rule(all_judged):
    assert len(FAULTS) == 25
    missed = {name: one.said for name, one in all_judged.items() if not one.named}
    assert len(FAULTS) - len(missed) >= NAMED, missed


def test_little_else_is_found_beside_a_fault(all_judged):
    others = [other for one in all_judged.values() for other in one.others]
    assert len(others) / len(FAULTS) <= OTHERS, others


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_no_error_is_found_in_a_sound_network(name):
    found = judge(measure(zoo.NETWORKS[name], ["as_is"], [0, 1], method="loop"))
    assert [str(one) for one in found if one.severity == "error"] == []
