"""Sites of networks of any make, and that nothing is left behind in them."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import trace
from goldilocks.engine.errors import RequestError
from tests.diagnosis import zoo


def sites(name):
    return {site.label: site for site in trace(zoo.NETWORKS[name]).sites}


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_every_layer_of_a_network_is_seen(name):
    found = trace(zoo.NETWORKS[name])
    assert not found.unseen
    assert all(parameter.used and parameter.connected for parameter in found.parameters)
    assert [site.index for site in found.sites] == list(range(len(found.sites)))
    assert len({site.label for site in found.sites}) == len(found.sites)
    assert all(other < site.index for site in found.sites for other in site.inputs)
    readouts = [site for site in found.sites if site.role == "read-out"]
    assert readouts, "every one of them ends in an affine map"
    weighted = [p for p in found.parameters if p.part in ("weight", "table") and p.sites]
    assert all(p.fan_in for p in weighted if p.name not in ("place", "gamma"))


def test_branches_shortcuts_and_the_stream_are_told_apart():
    found = sites("residual_cnn")
    roles = {label: site.role for label, site in found.items()}
    assert roles["stem:conv2d"] == roles["blocks.1:add"] == roles["blocks.1:relu#2"] == "stream"
    assert roles["blocks.1.conv1:conv2d"] == roles["blocks.1:relu"] == roles["blocks.1.bn2:batch_norm"] == "branch"
    assert roles["blocks.1.down.0:conv2d"] == roles["blocks.1.down.1:batch_norm"] == "skip"
    assert roles["head:linear"] == "read-out"
    assert trace(zoo.NETWORKS["residual_cnn"]).last == tuple(f"blocks.{n}.bn2.weight" for n in range(3))


def test_a_language_model_has_two_branches_per_block():
    found = trace(zoo.NETWORKS["gpt"])
    assert found.last == tuple(f"blocks.{n}.{name}.weight" for n in range(2) for name in ("out", "down"))
    (table,) = (parameter for parameter in found.parameters if parameter.name == "table.weight")
    assert (table.also, table.part) == (("head.weight",), "table")
    assert [found.sites[index].name for index in table.sites] == ["table", "head"]


def test_a_module_that_is_called_twice_has_sites_for_both_calls():
    found = sites("siamese")
    assert found["encoder.0·2:linear"].inputs == (found["(model):input#2"].index,)
    assert found["encoder.0·2:linear"].parameters == found["encoder.0:linear"].parameters


def test_the_activation_met_next_is_found_across_norms_additions_and_functions():
    found = sites("residual_cnn")
    assert (found["blocks.0.conv2:conv2d"].activation_next, found["blocks.0.conv2:conv2d"].normalized_next) == (
        "relu",
        True,
    )
    assert found["head:linear"].activation_next == "linear"
    assert sites("wave")["gated.0:conv1d"].activation_next == "tanh"
    assert sites("squeeze")["swish:Swish"].activation == "Swish", "no member equals it"
    volume = sites("volume")
    assert volume["layers.0:conv3d"].activation_next == "leaky_relu(slope=0.1)"
    assert sites("gpt")["blocks.0.qkv:linear"].activation_next == "linear"


@pytest.mark.parametrize(
    ("name", "label", "fan_in", "fan_out"),
    [
        ("volume", "layers.3:conv3d", 4 * 27, 8 * 27),
        ("u_net", "up2:conv_transpose2d", 32, 16 * 4),
        ("depthwise", "depthwise.0:conv2d", 49, 49),
        ("mixture", "(model):einsum", 20, 32),
        ("mixture", "(model):einsum#2", 32, 10),
        ("encoder", "layers.layers.0.self_attn:multi_head_attention_forward", 32, 32),
        ("lstm", "lstm:lstm", 16, 32),
        ("lstm", "embedding:embedding", 1, 16),
    ],
)
def test_fans_are_those_of_the_operation(name, label, fan_in, fan_out):
    site = sites(name)[label]
    assert (site.fan_in, site.fan_out) == (fan_in, fan_out)


def test_what_is_not_called_is_named_and_what_is_cut_off_has_no_connection():
    class Careless(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.cut, self.unused = nn.Linear(20, 8), nn.Linear(20, 8), nn.Linear(8, 8)
            self.head = nn.Linear(8, zoo.CLASSES)

        def forward(self, x):
            return self.head(torch.relu(self.first(x)) + self.cut(x).detach())

    found = trace(Specimen(Careless, (zoo.numbers(8, 20),), classes=zoo.CLASSES))
    parameters = {parameter.name: parameter for parameter in found.parameters}
    assert found.unseen == ("unused",)
    assert not parameters["unused.weight"].used
    assert parameters["cut.weight"].used
    assert not parameters["cut.weight"].connected
    assert [site.connected for site in found.sites if site.name in ("first", "cut")] == [True, False]


class Fragile(nn.Module):
    """Fails in the middle of a forward pass, when told to."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(20, 8), nn.BatchNorm1d(8), nn.Linear(9, 8)
        self.first.bias.requires_grad_(False)

    def forward(self, x):
        return self.second(self.norm(self.first(x)))


@pytest.mark.parametrize("network", [zoo.ResidualCnn, zoo.Encoder, Fragile])
def test_nothing_is_left_behind(network):
    model = network().eval()
    batch = (
        zoo.images() if network is zoo.ResidualCnn else zoo.words() if network is zoo.Encoder else zoo.numbers(8, 20)
    )
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    wanted = [parameter.requires_grad for parameter in model.parameters()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    hooks = nn.modules.module._global_forward_hooks.copy(), nn.modules.module._global_forward_pre_hooks.copy()
    specimen = Specimen(lambda: model, (batch,), classes=zoo.CLASSES)
    if network is Fragile:
        with pytest.raises(RequestError, match=r"second.*Linear"):
            measure(specimen, ["as_is", "lsuv"], [0])
    else:
        measure(specimen, ["as_is", "lsuv", "default"], [0])
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module.training for module in model.modules())
    assert [parameter.requires_grad for parameter in model.parameters()] == wanted
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]
    assert (nn.modules.module._global_forward_hooks, nn.modules.module._global_forward_pre_hooks) == hooks
