"""Other people's instruments as oracles: TorchLens operation by operation, AnyInit layer by layer."""

from dataclasses import replace

import pytest

from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.prepared import made
from tests.diagnosis.lens import compared
from tests.diagnosis.transformers_zoo import transformers_zoo
from tests.diagnosis.zoo import NETWORKS

# One of each make; `python -m tests.diagnosis.lens` compares all.
ARCHITECTURES = ("gpt2", "mixtral", "t5", "swin", "convnext", "mamba")


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "variational"])
def test_every_operation_equals_that_of_torchlens(name):
    pytest.importorskip("torchlens")
    count, sites, (difference, label) = compared(NETWORKS[name])
    assert count >= 0.9 * sites
    assert difference < 1e-5, label


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_operation_of_a_transformers_architecture_equals_that_of_torchlens(name):
    pytest.importorskip("torchlens")
    pytest.importorskip("transformers")
    count, sites, (difference, label) = compared(transformers_zoo()[name])
    assert count >= 0.9 * sites
    assert difference < 1e-5, label


# AnyInit measures what leaves the activation behind a layer; where values are pooled or added before they are used,
# what is measured is that. Plain ways alone are compared.
@pytest.mark.parametrize("name", ["plain", "residual_cnn", "u_net", "sine"])
def test_measured_second_moments_are_those_of_anyinit(name):
    anyinit = pytest.importorskip("anyinit")
    specimen = NETWORKS[name]
    model = made(specimen, 0)
    report = anyinit.initialize(model, "empirical", specimen.args[0], seed=0)
    ours = measure(replace(specimen, make=lambda: model), ["as_is"], [0], method="loop")
    compared = 0
    for layer in report.layers:
        site = next((site for site in ours.sites if site.name == layer.name), None)
        if site is None or layer.measured is None or "→" in str(layer.activation):
            continue
        after = [other for other in ours.sites if site.index in other.inputs and other.kind == "activation"]
        place = after[0].index if after and layer.activation != "none" else site.index
        assert ours.signal.rms[0, place] ** 2 == pytest.approx(layer.measured, rel=1e-5), layer
        compared += 1
    assert compared >= 4
