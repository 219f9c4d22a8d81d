"""Networks to diagnose, one for each way of being built that an instrument may stumble over; all begin healthy.

`NETWORKS` are written here in plain PyTorch; `transformers_zoo` adds shrunk ones of Hugging Face's.
"""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from goldilocks.engine.diagnosis.specimen import Specimen

EXAMPLES, CLASSES, TOKENS, WORDS = 8, 10, 12, 50


def images(channels: int = 3, side: int = 16, examples: int = EXAMPLES) -> Tensor:
    return torch.randn(examples, channels, side, side, generator=torch.Generator().manual_seed(1))


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2))


def words(examples: int = EXAMPLES, length: int = TOKENS, size: int = WORDS) -> Tensor:
    return torch.randint(0, size, (examples, length), generator=torch.Generator().manual_seed(3))


class Plain(nn.Module):
    """Layers one after the other, Kaiming's weights; the activation is a function."""

    def __init__(self, width: int = 64, depth: int = 6):
        super().__init__()
        sizes = [20, *[width] * depth]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = functional.relu(layer(x))
        return self.head(x)


class ResidualBlock(nn.Module):
    def __init__(self, before: int, after: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.down = None
        if stride > 1 or before != after:
            self.down = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.down is None else self.down(x)
        return functional.relu(y)


class ResidualCnn(nn.Module):
    """Batch norm, sums in place, a projection on one shortcut."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(ResidualBlock(16, 16), ResidualBlock(16, 32, 2), ResidualBlock(32, 32))
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(torch.relu(self.bn(self.stem(x)))).mean((2, 3)))


class Preactivation(nn.Module):
    """Group norm before each activation, residual branches that begin with it."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.norms = nn.ModuleList(nn.GroupNorm(4, 16) for _ in range(6))
        self.convs = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1) for _ in range(6))
        self.norm, self.head = nn.GroupNorm(4, 16), nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for n in range(0, 6, 2):
            y = self.convs[n](functional.silu(self.norms[n](x)))
            x = x + self.convs[n + 1](functional.silu(self.norms[n + 1](y)))
        return self.head(functional.silu(self.norm(x)).mean((2, 3)))


class UNet(nn.Module):
    """Transposed convolutions, and shortcuts that are concatenated."""

    def __init__(self):
        super().__init__()

        def twice(before: int, after: int) -> nn.Sequential:
            return nn.Sequential(
                *(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(inplace=True)),
                *(nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(inplace=True)),
            )

        self.down1, self.down2, self.bottom = twice(3, 8), twice(8, 16), twice(16, 32)
        self.up2, self.join2 = nn.ConvTranspose2d(32, 16, 2, 2), twice(32, 16)
        self.up1, self.join1 = nn.ConvTranspose2d(16, 8, 2, 2), twice(16, 8)
        self.head = nn.Conv2d(8, CLASSES, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.down1(x)
        two = self.down2(functional.max_pool2d(one, 2))
        bottom = self.bottom(functional.max_pool2d(two, 2))
        y = self.join2(torch.cat([self.up2(bottom), two], 1))
        return self.head(self.join1(torch.cat([self.up1(y), one], 1)))


class Siamese(nn.Module):
    """One encoder, called twice; two inputs in a tuple."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 32))
        self.head = nn.Linear(32, CLASSES)

    def forward(self, pair: tuple[Tensor, Tensor]) -> Tensor:
        left, right = (self.encoder(x) for x in pair)
        return self.head(torch.tanh(left - right))


class TiedAutoencoder(nn.Module):
    """The decoder's weights are the encoder's, transposed; a dictionary comes out."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(32, 16)
        self.bias = nn.Parameter(torch.zeros(32))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        code = torch.tanh(self.encoder(x))
        return {"logits": functional.linear(code, self.encoder.weight.t(), self.bias), "code": code}


class Dense(nn.Module):
    """Every layer sees what all before it made, concatenated."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        widths = [8 + 8 * n for n in range(4)]
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        self.convs = nn.ModuleList(nn.Conv2d(width, 8, 3, padding=1, bias=False) for width in widths)
        self.norm, self.head = nn.BatchNorm2d(40), nn.Linear(40, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        found = [self.stem(x)]
        for norm, conv in zip(self.norms, self.convs, strict=True):
            found.append(conv(functional.relu(norm(torch.cat(found, 1)))))
        return self.head(functional.relu(self.norm(torch.cat(found, 1))).mean((2, 3)))


class Mixture(nn.Module):
    """Experts in one bare parameter, weighted by a softmax."""

    def __init__(self, experts: int = 4):
        super().__init__()
        self.up = nn.Parameter(torch.randn(experts, 20, 32) * (2 / 20) ** 0.5)
        self.down = nn.Parameter(torch.randn(experts, 32, CLASSES) * 32**-0.5)
        self.gate = nn.Linear(20, experts)

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.relu(torch.einsum("bi,eio->beo", x, self.up))
        found = torch.einsum("bei,eio->beo", hidden, self.down)
        return (found * self.gate(x).softmax(-1)[:, :, None]).sum(1)


class Recurrent(nn.Module):
    """An LSTM over embedded words."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(self.embedding(x))[0][:, -1])


class Cells(nn.Module):
    """A GRU cell, called once for every word."""

    def __init__(self):
        super().__init__()
        self.embedding, self.cell = nn.Embedding(WORDS, 16), nn.GRUCell(16, 32)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), 32, dtype=self.embedding.weight.dtype)
        for place in range(4):
            state = self.cell(self.embedding(x[:, place]), state)
        return self.head(state)


class DeepSets(nn.Module):
    """Elements are mapped one by one and averaged."""

    def __init__(self):
        super().__init__()
        self.each = nn.Sequential(nn.Linear(5, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU())
        self.all = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        return self.all(self.each(x).mean(1))


class Sine(nn.Module):
    """A network for differential equations: sines, with the weights of Sitzmann et al. 2020."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, width), nn.Linear(width, width), nn.Linear(width, width)])
        for layer in self.layers:
            bound = math.sqrt(6 / layer.in_features)
            nn.init.uniform_(layer.weight, -bound, bound)
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sin(layer(x))
        return self.head(x)


class Depthwise(nn.Module):
    """Depthwise convolutions, layer norm over channels that come last, a scale learned for each branch."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, 4)
        self.depthwise = nn.ModuleList(nn.Conv2d(width, width, 7, padding=3, groups=width) for _ in range(3))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.ups = nn.ModuleList(nn.Linear(width, 4 * width) for _ in range(3))
        self.downs = nn.ModuleList(nn.Linear(4 * width, width) for _ in range(3))
        self.gamma = nn.Parameter(0.1 * torch.ones(3, width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for n in range(3):
            y = self.norms[n](self.depthwise[n](x).permute(0, 2, 3, 1))
            y = self.gamma[n] * self.downs[n](functional.gelu(self.ups[n](y)))
            x = x + y.permute(0, 3, 1, 2)
        return self.head(self.norm(x.mean((2, 3))))


class Encoder(nn.Module):
    """PyTorch's own transformer layers, whose attention is one function."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, width)
        self.place = nn.Parameter(0.02 * torch.randn(1, TOKENS, width))
        layer = nn.TransformerEncoderLayer(width, 4, 64, batch_first=True, norm_first=True, dropout=0.1)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.layers(self.embedding(x) + self.place).mean(1)))


class Gpt(nn.Module):
    """A language model: one table at both ends, attention and GELU as functions, branches divided by √(2L)."""

    def __init__(self, width: int = 32, layers: int = 2, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.table, self.place = nn.Embedding(WORDS, width), nn.Embedding(TOKENS, width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "norm1": nn.LayerNorm(width),
                    "qkv": nn.Linear(width, 3 * width),
                    "out": nn.Linear(width, width),
                    "norm2": nn.LayerNorm(width),
                    "up": nn.Linear(width, 4 * width),
                    "down": nn.Linear(4 * width, width),
                }
            )
            for _ in range(layers)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, WORDS, bias=False)
        self.head.weight = self.table.weight
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                last = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers) if last else 0.02)

    def forward(self, x: Tensor) -> Tensor:
        y = self.table(x) + self.place(torch.arange(x.shape[1], device=x.device))
        for block in self.blocks:
            q, k, v = (
                part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                for part in block["qkv"](block["norm1"](y)).chunk(3, -1)
            )
            found = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            y = y + block["out"](found.transpose(1, 2).flatten(2))
            y = y + block["down"](functional.gelu(block["up"](block["norm2"](y))))
        return self.head(self.norm(y))


class Wave(nn.Module):
    """Dilated convolutions in one dimension, gated; branches and skips."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.stem = nn.Conv1d(1, width, 1)
        self.gated = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=2**n, dilation=2**n) for n in range(3))
        self.out = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(3))
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for gated, out in zip(self.gated, self.out, strict=True):
            value, gate = gated(x).chunk(2, 1)
            x = x + out(torch.tanh(value) * torch.sigmoid(gate))
        return self.head(x.mean(2))


class Volume(nn.Module):
    """Convolutions in three dimensions, groups of channels."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv3d(1, 8, 3, padding=1), nn.BatchNorm3d(8), nn.LeakyReLU(0.1, inplace=True)),
            *(nn.Conv3d(8, 16, 3, stride=2, padding=1, groups=2), nn.InstanceNorm3d(16, affine=True), nn.PReLU()),
        )
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).mean((2, 3, 4)))


class Squeeze(nn.Module):
    """Channels weighted by what they hold on average, and an activation of its own make."""

    class Swish(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * torch.sigmoid(1.702 * x)

    def __init__(self, width: int = 16):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width)
        self.swish = self.Swish()
        self.reduce, self.expand = nn.Linear(width, 8), nn.Linear(8, width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.swish(self.norm(self.stem(x)))
        weights = torch.sigmoid(self.expand(torch.relu(self.reduce(x.mean((2, 3))))))
        return self.head((x * weights[:, :, None, None]).mean((2, 3)))


class Variational(nn.Module):
    """Draws within the forward pass; two tensors and None come out."""

    def __init__(self):
        super().__init__()
        self.up, self.mean, self.spread = nn.Linear(20, 32), nn.Linear(32, 8), nn.Linear(32, 8)
        self.down, self.head = nn.Linear(8, 32), nn.Linear(32, 20)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, None]:
        y = functional.softplus(self.up(x))
        mean, spread = self.mean(y), self.spread(y)
        code = mean + torch.exp(0.5 * spread) * torch.randn_like(spread)
        return self.head(functional.softplus(self.down(code))), mean, None


def _classifier(make: Callable[[], nn.Module], batch: object) -> Specimen:
    return Specimen(make, (batch,), classes=CLASSES)


NETWORKS: dict[str, Specimen] = {
    "plain": _classifier(Plain, numbers(EXAMPLES, 20)),
    "residual_cnn": _classifier(ResidualCnn, images()),
    "preactivation": _classifier(Preactivation, images()),
    "u_net": _classifier(UNet, images()),
    "siamese": _classifier(Siamese, (numbers(EXAMPLES, 20), numbers(EXAMPLES, 20).flip(0))),
    "tied_autoencoder": Specimen(TiedAutoencoder, (numbers(EXAMPLES, 32),), target=numbers(EXAMPLES, 32)),
    "dense": _classifier(Dense, images()),
    "mixture": _classifier(Mixture, numbers(EXAMPLES, 20)),
    "lstm": _classifier(Recurrent, words()),
    "gru_cell": _classifier(Cells, words()),
    "deep_sets": _classifier(DeepSets, numbers(EXAMPLES, 6, 5)),
    "sine": Specimen(Sine, (numbers(64, 2),), target=numbers(64, 1)),
    "depthwise": _classifier(Depthwise, images()),
    "encoder": _classifier(Encoder, words()),
    "gpt": Specimen(Gpt, (words(),), classes=WORDS),
    "wave": _classifier(Wave, numbers(EXAMPLES, 1, 32)),
    "volume": _classifier(Volume, numbers(EXAMPLES, 1, 8, 8, 8)),
    "squeeze": _classifier(Squeeze, images()),
    "variational": Specimen(Variational, (numbers(EXAMPLES, 20),), target=numbers(EXAMPLES, 20)),
}
