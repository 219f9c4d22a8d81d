"""AnyInit's measured second moments on architectures of `transformers`; `tests.diagnosis.anyinit_lens` compares all."""

import pytest

from tests.diagnosis.transformers_zoo import transformers_zoo


@pytest.mark.parametrize("name", ["llama", "t5", "convnext"])
def test_second_moments_are_those_that_anyinit_measures(name):
    pytest.importorskip("transformers")
    pytest.importorskip("anyinit")
    from tests.diagnosis.anyinit_lens import compared

    found = compared(transformers_zoo()[name])
    assert found.compared > 2 * sum(found.left.values())
    assert found.worst[0] < 1e-5, found.worst
