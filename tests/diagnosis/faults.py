"""Twenty-five mistakes that people make, each planted in a network that is sound without it.

python -m tests.diagnosis.faults
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from goldilocks.engine.diagnosing import diagnose
from goldilocks.engine.errors import RequestError

WIDTH, CLASSES, VOCABULARY = 64, 10, 50


@dataclass(frozen=True)
class Fault:
    """A mistake.

    Attributes:
        name: what it is.
        plant: makes the network with the mistake.
        rules: names of the rules any of which names it rightly; empty where the network is refused.
        sites: texts with which the name of the right site may begin.
        batch: what goes in, in the words of `--input`, or a function.
        classes: of the classifier.
        formats: in which it is to be trained.
    """

    name: str
    plant: Callable[[], nn.Module]
    rules: tuple[str, ...]
    sites: tuple[str, ...]
    batch: object = f"64x{WIDTH}"
    classes: int | None = CLASSES
    formats: tuple[str, ...] = ()


def kaiming(module):
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    return module


def small_read_out(layer):
    nn.init.normal_(layer.weight, std=layer.in_features**-0.5 * 0.1)
    nn.init.zeros_(layer.bias)
    return layer


def mlp(depth=8, width=WIDTH, activation=nn.ReLU, gain=2.0):
    """Return a plain network; layer l is `2 * l`, its activation `2 * l + 1`, and the read-out comes last."""
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.normal_(layer.weight, std=(gain / width) ** 0.5)
        nn.init.zeros_(layer.bias)
        layers += [layer, activation()]
    return nn.Sequential(*layers, small_read_out(nn.Linear(width, CLASSES)))


class Block(nn.Module):
    def __init__(self, width, scale):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        for layer in (self.up, self.down):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)
        self.down.weight.data.mul_(scale)

    def forward(self, x):
        return x + self.down(functional.gelu(self.up(self.norm(x))))


class Language(nn.Module):
    """A small language model of the usual kind, without attention."""

    def __init__(self, layers=12, scaled=True, std=0.02, tied=False):
        super().__init__()
        self.table, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(16, WIDTH)
        scale = (2 * layers) ** -0.5 if scaled else 1.0
        self.blocks = nn.ModuleList(Block(WIDTH, scale) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.normal_(self.positions.weight, std=0.5)
        if std is not None:
            nn.init.normal_(self.table.weight, std=0.5)
        if tied:
            self.head.weight = self.table.weight

    def forward(self, ids):
        x = self.table(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def conv(stride=1, norm=True, groups=1, kernel=3, inside=32, outside=32):
    layer = kaiming(nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=not norm))
    return [layer, *([nn.BatchNorm2d(outside)] if norm else []), nn.ReLU()]


def images(*middle):
    """Return a small convolutional classifier with these layers in its middle."""
    first = [kaiming(nn.Conv2d(3, 32, 3, padding=1)), nn.ReLU()]
    return nn.Sequential(*first, *middle, nn.AdaptiveAvgPool2d(1), nn.Flatten(), small_read_out(nn.Linear(32, CLASSES)))


IMAGES = "16x3x12x12"


def changed(module, name, change):
    with torch.no_grad():
        change(module.get_submodule(name))
    return module


def plain_with(name, change, **fields):
    return lambda: changed(mlp(**fields), name, change)


class Headed(nn.Module):
    """A network with something beside its stream."""

    def __init__(self, spare=None):
        super().__init__()
        self.body, self.spare = mlp(4), spare

    def forward(self, x):
        return self.body(x)


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch, self.body = nn.Sequential(kaiming(nn.Linear(WIDTH, WIDTH)), nn.ReLU()), mlp(4)

    def forward(self, x):
        return self.body(x + self.branch(x).detach())


class Growing(nn.Module):
    def __init__(self, layers=16):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(kaiming(nn.Linear(WIDTH, WIDTH)), nn.ReLU(), kaiming(nn.Linear(WIDTH, WIDTH)))
            for _ in range(layers)
        )
        self.head = small_read_out(nn.Linear(WIDTH, CLASSES))

    def forward(self, x):
        for branch in self.branches:
            x = x + branch(x)
        return self.head(x)


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


def overflowing():
    model = mlp(20)
    for layer in range(15):
        model[2 * layer].weight.data.mul_(1.86)
    return model


def nan_head():
    spare = nn.Linear(WIDTH, 3)
    nn.init.constant_(spare.weight, float("nan"))
    return Headed(spare)


def frozen():
    model = mlp()
    model[4].requires_grad_(False)
    return model


def depthwise():
    layer = conv(norm=False, groups=32)
    nn.init.normal_(layer[0].weight, std=(2 / (32 * 9)) ** 0.5)
    return images(*layer)


def bottleneck():
    narrow = nn.Conv2d(32, 128, 1)
    nn.init.kaiming_normal_(narrow.weight, mode="fan_out")
    nn.init.zeros_(narrow.bias)
    return images(narrow, nn.ReLU(), kaiming(nn.Conv2d(128, 32, 1)), nn.ReLU())


def transposed():
    layer = nn.ConvTranspose2d(32, 8, 4, 4)
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return images(layer, nn.ReLU(), kaiming(nn.Conv2d(8, 32, 3, padding=1)), nn.ReLU())


def big_positions():
    model = Language(4)
    model.positions.weight.data.mul_(100)
    return model


def default_plain():
    layers = [part for _ in range(20) for part in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
    return nn.Sequential(*layers, small_read_out(nn.Linear(WIDTH, CLASSES)))


def same_rows():
    return changed(mlp(), "4", lambda layer: layer.weight.copy_(layer.weight[:1].expand_as(layer.weight)))


def collapsed_batch():
    return torch.randn(1, WIDTH) + 1e-3 * torch.randn(64, WIDTH)


def pixels():
    return torch.randint(256, (16, 3, 12, 12)).float()


def bias_before_norm():
    layer = conv()
    layer[0] = kaiming(nn.Conv2d(32, 32, 3, padding=1))
    nn.init.normal_(layer[0].bias, std=0.1)
    return images(*layer)


def zero_norm():
    return changed(images(*conv(), *conv()), "3", lambda norm: norm.weight.zero_())


def saturated():
    return nn.Sequential(
        *mlp(4, activation=nn.Tanh, gain=1.0)[:4], Times(50.0), *mlp(3, activation=nn.Tanh, gain=1.0)[1:]
    )


def loud_read_out():
    return changed(mlp(), "16", lambda layer: layer.weight.mul_(30 / (0.1 * 2**0.5)))


def single():
    return nn.Sequential(*mlp(2)[:4], nn.BatchNorm1d(WIDTH), nn.ReLU(), small_read_out(nn.Linear(WIDTH, CLASSES)))


STREAM = tuple(str(place) for place in range(1, 40))
IDS = "ids:8x16"
FAULTS = (
    Fault("a layer of zeros before a ReLU", plain_with("6", lambda one: one.weight.zero_()), ("dead",), ("6", "7")),
    Fault(
        "std 0.02 in a deep plain stack",
        lambda: mlp(16, gain=0.02**2 * WIDTH),
        ("forward_rate", "backward_rate"),
        ("0", *STREAM),
    ),
    Fault("PyTorch's default under 20 ReLUs", default_plain, ("forward_rate", "backward_rate"), ("0", *STREAM)),
    Fault("1/√(2L) missing", lambda: Language(24, scaled=False), ("residual_growth",), ("blocks",), IDS, None),
    Fault("logits of std 30", loud_read_out, ("first_loss",), ("16",)),
    Fault("batch norm of a batch of 1", single, (), ("4 (BatchNorm1d)",), f"1x{WIDTH}"),
    Fault("a bias before batch norm", bias_before_norm, ("bias_before_norm",), ("2",), IMAGES),
    Fault("the fan of a transposed convolution", transposed, ("fan_mismatch",), ("2",), IMAGES),
    Fault("one layer at 1e4", plain_with("6", lambda one: one.weight.mul_(1e4)), ("scale_jump",), ("6",)),
    Fault("NaN in a head that is not used", nan_head, ("nonfinite",), ("spare",)),
    Fault("a parameter that is never used", lambda: Headed(nn.Linear(WIDTH, 3)), ("no_gradient",), ("spare",)),
    Fault("ReLUs dead by a bias of −10", plain_with("6", lambda one: one.bias.fill_(-10)), ("dead",), ("6", "7")),
    Fault("what enters a tanh × 50", saturated, ("saturated", "scale_jump"), ("4", "5")),
    Fault("a position table × 100", big_positions, ("lopsided_addition",), ("positions",), IDS, None),
    Fault("a norm on the stream with γ = 0", zero_norm, ("dead",), ("3",), IMAGES),
    Fault("a detached branch", Detached, ("no_gradient",), ("branch",)),
    Fault("a frozen layer", frozen, ("no_gradient",), ("4",)),
    Fault("fp16 overflows at layer 14", overflowing, ("range",), ("26", "27", "28", "29", "30"), formats=("fp16",)),
    Fault("identical rows", same_rows, ("symmetry",), ("4",)),
    Fault("inputs that are all alike", lambda: mlp(), ("collapse",), ("(model)", "input"), collapsed_batch),
    Fault("inputs from 0 to 255", lambda: images(*conv()), ("input_scale",), ("(model)", "input"), pixels),
    Fault("the fan of a depthwise convolution", depthwise, ("fan_mismatch",), ("2",), IMAGES),
    Fault(
        "a tied table with its default",
        lambda: Language(4, std=None, tied=True),
        ("first_loss",),
        ("head", "table"),
        IDS,
        None,
    ),
    Fault("a residual stream that doubles", lambda: Growing(16), ("forward_rate",), ("(model)", "branches")),
    Fault("fan_out in a bottleneck", bottleneck, ("fan_mismatch",), ("2", "4"), IMAGES),
)


@dataclass(frozen=True)
class Judged:
    """What became of a fault.

    Attributes:
        named: whether the right rule names it at the right site.
        others: what else was found, rule and site.
        said: everything that was said.
    """

    named: bool
    others: tuple[str, ...]
    said: str


def judged(fault: Fault, seeds: int = 3) -> Judged:
    """Diagnose a network with a fault as its author would, and look for the fault in what is said."""
    try:
        report = diagnose(fault.plant, fault.batch, "as_is", seeds, classes=fault.classes, formats=fault.formats)
    except RequestError as refusal:
        return Judged(not fault.rules and any(site in str(refusal) for site in fault.sites), (), str(refusal))
    right = [one for one in report.findings if one.rule in fault.rules and one.site.startswith(fault.sites)]
    others = tuple(f"{one.rule} at {one.site}" for one in report.findings if one not in right)
    return Judged(bool(right), others, "\n".join(map(str, report.findings)))


def main() -> None:
    """Print what became of every fault."""
    all_judged = [judged(fault) for fault in FAULTS]
    for fault, one in zip(FAULTS, all_judged, strict=True):
        print(f"{'named ' if one.named else 'MISSED'} {fault.name}; others: {', '.join(one.others) or 'none'}")
        if not one.named:
            print(f"    {one.said}")
    others = sum(len(one.others) for one in all_judged)
    print(f"{sum(one.named for one in all_judged)} of {len(FAULTS)} named; {others / len(FAULTS):.2f} others each")


if __name__ == "__main__":
    main()
