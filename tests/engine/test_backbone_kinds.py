"""Backbones of many kinds: each goes through the four schemes, or is refused with its reason before anything starts."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from goldilocks.engine.errors import RequestError
from goldilocks.engine.networks import backbone
from goldilocks.engine.networks.backbone import Backbone
from goldilocks.engine.networks.factories import named
from goldilocks.engine.studies.backbone_transfer import BackboneTransfer
from goldilocks.engine.transfer.backbone_cell import BackboneCell
from goldilocks.engine.transfer.backbone_trainer import BackboneTrainer, Seen
from goldilocks.engine.transfer.schemes import LOWER_RATE
from tests.device import DEVICE

HERE = "tests.engine.test_backbone_kinds"
SCHEMES = ("scratch", "last_layer", "dense_layers", "fine_tune")


class Net(nn.Module):
    """A convolution and two linear layers; what a kind changes is said by its factory."""

    image_size = 8

    def __init__(self, between=None, after=None):
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, stride=2)
        self.between, self.hidden, self.read_out = between or nn.ReLU(), nn.Linear(4, 6), nn.Linear(6, 9)
        self.after = after or nn.Identity()

    def features(self, x):
        return self.hidden(self.between(self.convolution(x)).mean((2, 3)))

    def forward(self, x):
        return self.after(self.read_out(self.features(x)))


def made(kind=Net, change=lambda net: net, **arguments):
    """Return a factory of a module with weights that are always the same."""

    def factory():
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return change(kind(**arguments))

    return factory


class Unused(Net):
    def __init__(self):
        super().__init__()
        self.second_read_out, self.scale = nn.Conv2d(4, 2, 1), nn.BatchNorm2d(4)


class Returns(Net):
    """Returns something else than the logits."""

    def __init__(self, wrap):
        super().__init__()
        self.wrap = wrap

    def forward(self, x):
        return self.wrap(self, super().forward(x))


class ClassToken(Net):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.ones(6))

    def forward(self, x):
        return self.read_out(self.features(x) + self.token)


class Tokens(Net):
    """Reads out every position, and takes the mean of what comes."""

    def forward(self, x):
        return self.read_out(self.hidden(self.convolution(x).flatten(2).mT)).mean(1)


class Twice(Net):
    def forward(self, x):
        return self.read_out(self.features(x)) + self.read_out(self.features(-x))


class Elsewhere(Net):
    """The last linear layer by name comes first in the forward pass."""

    def __init__(self):
        super().__init__()
        self.early = nn.Linear(3, 3)

    def forward(self, x):
        return super().forward(self.early(x.movedim(1, -1)).movedim(-1, 1))


class Detached(Net):
    def features(self, x):
        with torch.no_grad():
            return super().features(x)


@dataclass
class Output:
    """What many libraries return."""

    logits: torch.Tensor


class Noted(nn.ReLU):
    """Keeps in its state what is no tensor."""

    def get_extra_state(self):
        return {"note": 1}

    def set_extra_state(self, state):
        self.note = state


class Scaled(nn.ReLU):
    """Has a buffer in half precision, and one of whole numbers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.ones((), dtype=torch.float16))
        self.register_buffer("count", torch.tensor(3))

    def forward(self, x):
        return super().forward(x) * self.factor + 0 * self.count


class Sparse(nn.ReLU):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.eye(2).to_sparse())


def frozen(net):
    return net.requires_grad_(False)


def shifted(net, size):
    net.image_size = size
    return net


def with_attribute(net, value):
    net.extra = value
    return net


SUPPORTED = {
    "plain": made(),
    "frozen": made(change=frozen),
    "partly_frozen": made(change=lambda net: net.convolution.requires_grad_(False) and net),
    "unused": made(Unused),
    "half": made(change=nn.Module.half),
    "bfloat16": made(change=nn.Module.bfloat16),
    "double": made(change=nn.Module.double),
    "prelu": made(between=nn.PReLU(4)),
    "dropout": made(between=nn.Dropout(0.5)),
    "batch_norm": made(between=nn.BatchNorm2d(4)),
    "transposed": made(between=nn.ConvTranspose2d(4, 4, 3)),
    "half_buffer": made(between=Scaled()),
    "nested": made(between=nn.Sequential(nn.ModuleDict({"a": nn.Sequential(nn.ReLU())})["a"])),
}
REFUSED = {
    "dataclass_out": (made(Returns, wrap=lambda net, y: Output(y)), "in evaluation mode it returns a Output"),
    "lazy_within": (made(between=nn.Sequential(nn.Sequential(nn.LazyLinear(4)))), "between.0.0.weight is lazy"),
    "lazy_norm": (made(between=nn.Sequential(nn.LazyBatchNorm2d(affine=False))), "between.0.running_mean is lazy"),
    "noted": (made(between=Noted()), "between._extra_state in its state is a dict"),
    "sparse": (made(between=Sparse()), "between.mask in its state is a torch.sparse_coo tensor"),
    "lazy": (made(between=nn.LazyConv2d(4, 1)), "between.weight is lazy"),
    "tuple_out": (made(Returns, wrap=lambda net, y: (y, y)), "in evaluation mode it returns a tuple"),
    "dict_out": (made(Returns, wrap=lambda net, y: {"logits": y}), "in evaluation mode it returns a dict"),
    "nothing_out": (made(Returns, wrap=lambda net, y: None), "returns a NoneType"),
    "tuple_in_training": (
        made(Returns, wrap=lambda net, y: (y, y) if net.training else y),
        "in training mode it returns a tuple",
    ),
    "log_softmax": (made(after=nn.LogSoftmax(1)), "something follows its last nn.Linear, read_out"),
    "activation_after": (made(after=nn.Tanh()), "something follows its last nn.Linear, read_out"),
    "doubled": (made(Returns, wrap=lambda net, y: 2 * y), "something follows its last nn.Linear, read_out"),
    "scalar_out": (made(Returns, wrap=lambda net, y: y.mean()), "in place of the 6 inputs"),
    "tokens": (made(Tokens), "is not its read-out|something follows"),
    "twice": (made(Twice), "is called 2 times"),
    "attention": (made(between=nn.MultiheadAttention(4, 2)), "it fails on images"),
    "elsewhere": (made(Elsewhere), "its last nn.Linear, early"),
    "uncalled": (made(Returns, wrap=lambda net, y: net.features(torch.ones(2, 3, 8, 8))), "something follows|called"),
    "detached": (made(Detached), "no gradient reaches"),
    "too_small": (made(change=lambda net: shifted(net, 2)), "it fails on images .2, 3, 2, 2."),
    "odd_size": (made(change=lambda net: shifted(net, "large")), "image_size is 'large'"),
    "empty": (made(change=lambda net: shifted(net, 0)), "image_size is 0"),
    "raising": (made(Returns, wrap=lambda net, y: 1 / 0), "ZeroDivisionError"),
    "meta": (made(change=lambda net: net.to("meta")), "it cannot be copied"),
    "uncopied": (made(change=lambda net: with_attribute(net, (i for i in ()))), "it cannot be copied"),
}
# What no scheme can give new weights; the others take it as it is.
UNKNOWN = {
    "class_token": (made(ClassToken), "the module itself is a ClassToken"),
    "weight_norm": (
        made(change=lambda net: nn.utils.parametrizations.weight_norm(net.hidden) and net),
        "hidden is a ParametrizedLinear",
    ),
}
for _name, _factory in SUPPORTED.items():
    globals()[_name] = _factory
for _name, (_factory, _) in (REFUSED | UNKNOWN).items():
    globals()[_name] = _factory


def cell(name, scheme, **changes):
    shape = {"network": f"{HERE}:{name}", "dataset": "digits-28", "depth": 1, "width": 5, "batch_size": 16}
    training = {"init": "kaiming", "activation": "relu", "optimizer": "sgd", "lr": 0.1, "steps": 2, "per_class": 5}
    return BackboneCell(**{**shape, **training, "scheme": scheme, **changes})


@pytest.fixture(autouse=True)
def named_and_forgotten():
    """Every factory here may be imported; what one test has made, the next one makes again."""
    with ExitStack() as allowed:
        for name in (*SUPPORTED, *REFUSED, *UNKNOWN):
            allowed.enter_context(named(f"{HERE}:{name}"))
        yield
    backbone._made.cache_clear()


@pytest.mark.parametrize("name", SUPPORTED)
def test_it_goes_through_the_four_schemes(name):
    for scheme in SCHEMES:
        one = cell(name, scheme)
        assert one.refusal() is None
        outcome = BackboneTransfer().run([one], DEVICE, lambda share: None)
        assert outcome.diverged == [False]
        rows = outcome.tables["measurements"].to_pandas().groupby("quantity")["value"]
        assert rows.get_group("backbone_accuracy").between(0, 1).all()
        # Whatever its maker has frozen: schemes that train the backbone move it, and the others do not.
        moved = (rows.get_group("backbone_shift") > 0).to_numpy()
        used = moved[:-1] if name == "unused" and scheme == "fine_tune" else moved
        assert used.all() if scheme in ("scratch", "fine_tune") else not moved.any()


@pytest.mark.parametrize("name", ["half", "bfloat16", "double"])
def test_other_precisions_are_computed_in_float32(name):
    one = cell(name, "fine_tune", optimizer="adam")
    adapted = BackboneTrainer(one, Seen.by([one], DEVICE), DEVICE)
    assert {parameter.dtype for parameter in adapted.body.parameters()} == {torch.float32}
    curves = adapted.train(lambda share: None)
    assert curves.values["test_loss"].isfinite().all()
    assert Backbone.parse(str(one.network)) == one.network


def test_a_frozen_backbone_trains_as_one_that_is_not():
    tables = [
        BackboneTransfer().run([cell(name, "fine_tune")], DEVICE, lambda share: None).tables["measurements"].to_pandas()
        for name in ("plain", "frozen", "partly_frozen")
    ]
    for table in tables[1:]:
        assert table["value"].tolist() == tables[0]["value"].tolist()
    assert LOWER_RATE > 0


def test_dropout_draws_from_the_seed_of_the_cell():
    def values(seed):
        table = BackboneTransfer().run([cell("dropout", "fine_tune", seed=seed)], DEVICE, lambda share: None)
        return table.tables["measurements"].to_pandas()["value"].tolist()

    first = values(0)
    torch.rand(7)
    assert values(0) == first


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_adapted_is_refused_before_anything_starts(name):
    with pytest.raises(RequestError, match=REFUSED[name][1]) as refused:
        Backbone.parse(f"{HERE}:{name}")
    assert f"{HERE}:{name}" in str(refused.value)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_no_scheme_can_draw_is_refused_for_scratch_alone(name):
    assert UNKNOWN[name][1] in cell(name, "scratch").refusal()
    for scheme in SCHEMES[1:]:
        assert cell(name, scheme).refusal() is None
        outcome = BackboneTransfer().run([cell(name, scheme)], DEVICE, lambda share: None)
        assert outcome.diverged == [False]
