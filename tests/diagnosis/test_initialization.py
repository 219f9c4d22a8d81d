"""Schemes on any network: the right scale for each weight, and code that does the same."""

import pytest
import torch
from torch import nn

from goldilocks.engine.diagnosis.code import code
from goldilocks.engine.diagnosis.initialization import apply
from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.recipe import recipe
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers import initializers
from tests.diagnosis import zoo

SCHEMES = [member.name for member in initializers if not any(f.is_required() for f in member.model_fields.values())]
OTHERS = ["as_is", "default", "normal(std=0.02)+depth_scaled", "xavier_uniform+zero_branch", "constant(value=0.1)"]


def parameters(model):
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    ("network", "init"),
    [
        *(("encoder", init) for init in (*SCHEMES, *OTHERS) if init != "critical"),
        *((network, init) for network in ("residual_cnn", "mixture", "gpt") for init in ("orthogonal", "lsuv")),
        *(("u_net", init) for init in ("mean_field(bias_variance=0.1)", "torch_default")),
    ],
)
def test_the_code_that_is_printed_gives_the_same_weights(network, init):
    specimen = zoo.NETWORKS[network]
    with torch.random.fork_rng():
        text = code(specimen, init, seed=3)
        assert "goldilocks" not in text
        head, _, rest = text.partition("random.seed(3)\n")
        scope = {}
        exec(head + "random.seed(3)\n", scope)
        scope["model"] = specimen.make()
        exec("import hashlib, math, random\nimport numpy as np\nimport torch\n" + rest, scope)
        theirs, ours = parameters(scope["model"]), parameters(apply(specimen, init, seed=3))
    assert theirs.keys() == ours.keys()
    for name, values in ours.items():
        if init == "lsuv":
            assert torch.allclose(values, theirs[name], rtol=1e-6), name
        else:
            assert torch.equal(values, theirs[name]), name


def test_weights_have_the_scale_of_their_fans_and_of_the_activation_met_next():
    found = parameters(apply(zoo.NETWORKS["residual_cnn"], "kaiming_normal"))
    conv = found["blocks.2.conv1.weight"]
    assert float(conv.std()) == pytest.approx((2 / (9 * 32)) ** 0.5, rel=0.05)
    assert float(found["blocks.2.bn1.weight"].mean()) == 1
    # What follows the read-out is linear, so its gain is 1.
    assert float(found["head.weight"].std()) == pytest.approx((1 / 32) ** 0.5, rel=0.15)
    transposed = parameters(apply(zoo.NETWORKS["u_net"], "xavier"))["up2.weight"]
    assert float(transposed.std()) == pytest.approx((1 / 32) ** 0.5, rel=0.05)


def test_packed_projections_are_three_matrices():
    weight = parameters(apply(zoo.NETWORKS["encoder"], "orthogonal"))["layers.layers.0.self_attn.in_proj_weight"]
    for part in weight.chunk(3):
        assert torch.allclose(part @ part.T, torch.eye(32), atol=1e-5)
    assert not torch.allclose(weight[:32], weight[32:64])


def test_every_expert_is_a_matrix_of_its_own():
    up = parameters(apply(zoo.NETWORKS["mixture"], "orthogonal"))["up"]
    for part in up:
        assert torch.allclose(part @ part.T, torch.eye(20), atol=1e-5)


class Turned(nn.Module):
    """Weights that are used as views: turned, and one of several by its number."""

    def __init__(self):
        super().__init__()
        self.turned = nn.Parameter(torch.rand(48, 20))
        self.experts = nn.Parameter(torch.rand(3, 16, 48))
        self.computed = nn.utils.parametrizations.spectral_norm(nn.Linear(16, 10))

    def forward(self, x):
        y = torch.relu(x @ self.turned.T)
        return self.computed(sum(nn.functional.linear(y, self.experts[n]) for n in range(3)))


def test_a_view_of_a_parameter_is_initialized_as_it_is_used_and_what_is_computed_from_one_is_left_alone():
    specimen = Specimen(Turned, (zoo.numbers(8, 20),), classes=10)
    found, as_is = (parameters(apply(specimen, init)) for init in ("orthogonal", "as_is"))
    # Orthonormal columns: of 20 inputs of 48 units, and of each expert the 16 rows.
    assert torch.allclose(found["turned"].T @ found["turned"], torch.eye(20), atol=1e-5)
    for part in found["experts"]:
        assert torch.allclose(part @ part.T, torch.eye(16), atol=1e-5)
    kaiming = parameters(apply(specimen, "kaiming"))
    assert float(kaiming["turned"].std()) == pytest.approx((2 / 20) ** 0.5, rel=0.1)
    assert float(kaiming["experts"].std()) == pytest.approx((2 / 48) ** 0.5, rel=0.1)
    name = "computed.parametrizations.weight.original"
    assert torch.equal(found[name], as_is[name])
    scope = {"model": specimen.make()}
    exec(code(specimen, "xavier"), scope)
    ours = parameters(apply(specimen, "xavier"))
    assert all(torch.equal(ours[n], parameters(scope["model"])[n]) for n in ("turned", "experts"))


def test_a_transposed_convolution_keeps_the_signal():
    class Up(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.ConvTranspose2d(64, 64, 4, 2, 1)

        def forward(self, x):
            return self.up(x)

    x = torch.randn(16, 64, 12, 12)
    model = apply(Specimen(Up, (x,)), "xavier")
    inner = model(x).detach()[:, :, 2:-2, 2:-2]
    assert float(inner.std()) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("network", ["residual_cnn", "gpt", "preactivation"])
def test_zero_branches_pass_their_input_through(network):
    specimen = zoo.NETWORKS[network]
    found = measure(specimen, ["kaiming+zero_branch"], [0], method="loop")
    branch_ends = {site.inputs for site in found.sites if site.kind == "addition" and site.role == "stream"}
    ends = {index for inputs in branch_ends for index in inputs if found.sites[index].role == "branch"}
    assert ends
    assert all(found.signal.rms[0, index] == 0 for index in ends)


def test_after_lsuv_every_affine_map_has_unit_variance_in_execution_order():
    for network in ("residual_cnn", "plain", "u_net", "depthwise"):
        found = measure(zoo.NETWORKS[network], ["lsuv"], [0, 1], method="loop")
        places = [s.index for s in found.sites if s.kind in ("affine", "convolution")]
        assert found.signal.std[:, places] == pytest.approx(1, rel=1e-4)


def test_what_is_not_treated_stays_as_the_factory_makes_it_and_padding_stays_zero():
    class Padded(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.gamma = nn.Embedding(20, 8, padding_idx=3), nn.Parameter(torch.rand(8))
            self.head = nn.Linear(8, 10)

        def forward(self, x):
            return self.head(self.table(x).mean(1) * self.gamma)

    specimen = Specimen(Padded, (zoo.words(size=20),), classes=10)
    as_is, found = parameters(apply(specimen, "as_is", 5)), parameters(apply(specimen, "kaiming", 5))
    assert torch.equal(as_is["gamma"], found["gamma"])
    assert not found["table.weight"][3].any()
    assert found["table.weight"][2].any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kaimin", "did you mean 'kaiming'"),
        ("kaiming+zero_brunch", "did you mean 'zero_branch'"),
        ("kaiming+zero_branch+zero_branch", "given twice"),
        ("normal", "needs std"),
        (3, "is a text such as"),
    ],
)
def test_what_is_no_initialization_is_refused_with_a_sentence(text, said):
    with pytest.raises(RequestError, match=said):
        recipe(text)


def test_a_plus_within_a_number_is_no_modifier():
    assert recipe("normal(std=1e+0)+depth_scaled").modifiers == ("depth_scaled",)
