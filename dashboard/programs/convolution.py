"""Convolutions of square images, then fully connected layers where wanted; the read-out sees the flattened image."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from goldilocks.dashboard.programs.pieces import NoProgram, Pieces

SHAPE = """\
strides = {strides}  # of the convolutions, first to last
width = {width}  # channels of each
side, channels, classes = {side}, {channels}, {classes}  # those of your data: square images"""
NETWORK = """

layers = []
{batch}for before, stride in zip([channels] + [width] * len(strides), strides):
    layer, norm = nn.Conv2d(before, width, {filter}, stride, padding={padding}), {norm}
    initialize(layer{h})
    layers += [layer, norm, phi]
{pass_on}layers.append(nn.Flatten())
{flatten}features = width * {rows} ** 2
"""
DENSE = """\
{width}for _ in range({dense}):
    layer, norm = nn.Linear(features, width), {norm}
    initialize(layer{h})
    layers += [layer, norm, phi]
    features = width
{pass_on}"""
END = """\
readout = nn.Linear(features, classes)
initialize(readout{h})
model = nn.Sequential(*layers, readout)
"""
PASS_ON = "    h = phi(norm(layer(h))).detach()\n"
EXAMPLE = "channels, side, side"
# Normalizations of vectors, and what takes their place on images: the statistics of batches are over batch and
# positions, those of examples over all positions.
ON_IMAGES = {
    "nn.Identity(": "nn.Identity(",
    "nn.BatchNorm1d(": "nn.BatchNorm2d(",
    "nn.GroupNorm(": "nn.GroupNorm(",
    "nn.LayerNorm(": "nn.GroupNorm(1, ",
    "nn.RMSNorm(": "RMSNorm2d(",
}
RMS_NORM = """

class RMSNorm2d(nn.RMSNorm):
    def forward(self, x):
        return x * (x.square().mean((1, 2, 3), keepdim=True) + self.eps).rsqrt() * self.weight[:, None, None]
"""
# A unit's inputs, as the cards write them for a fully connected layer, and for either kind.
FAN_IN = "layer.in_features", "fan_in"
COUNTED = "fan_in = layer.weight[0].numel()  # of a convolution: filter² times channels\n"


def network(
    pieces: Pieces, shape: Mapping[str, Any], filter: int, strided: int, dense: int, dense_width: int | None
) -> str:
    """Return the lines that make the network `model`.

    Args:
        pieces: its members.
        shape: depth, width, side, channels and classes.
        filter: side of a window.
        strided: first convolutions that move by 2 pixels.
        dense: fully connected layers among `depth`.
        dense_width: units of each of these; None for `width`.

    Raises:
        NoProgram: there is no such network of so few layers, or the normalization is not known on images.
    """
    least = dense + max(1, strided)
    if shape["depth"] < least:
        raise NoProgram(f"A convolutional network with these parameters has at least {least} layers.")
    norm, pieces = _on_images(pieces.norm), _either(pieces)
    ones = f"[1] * {shape['depth'] - dense - strided}"
    sizes = {**shape, "strides": f"[2] * {strided} + {ones}" if strided else ones}
    h, pass_on = pieces.passed("h"), PASS_ON if pieces.needs_data else ""
    body = NETWORK.format(
        batch=pieces.batch(EXAMPLE),
        filter=filter,
        padding=filter // 2,
        norm=norm,
        h=h,
        pass_on=pass_on,
        flatten="h = h.flatten(1)\n" if pieces.needs_data else "",
        # Each stride of 2 halves the side, rounded up.
        rows=f"(-(-side // {2**strided}))" if strided else "side",
    )
    if dense:
        width = f"width = {dense_width}  # units of each fully connected layer\n" if dense_width else ""
        body += DENSE.format(width=width, dense=dense, norm=pieces.norm, h=h, pass_on=pass_on)
    own = RMS_NORM if "RMSNorm2d" in norm else ""
    return pieces.head(SHAPE.format(**sizes)) + pieces.initialize() + own + body + END.format(h=h)


def _on_images(norm: str) -> str:
    for vector, image in ON_IMAGES.items():
        if norm.startswith(vector):
            return norm.replace(vector, image, 1)
    raise NoProgram(f"There is no program: what {norm} is on images is not known.")


def _either(pieces: Pieces) -> Pieces:
    """Return pieces whose initialization is one of convolutions, too."""
    if FAN_IN[0] not in pieces.init:
        return pieces
    return replace(pieces, init=COUNTED + pieces.init.replace(*FAN_IN))
