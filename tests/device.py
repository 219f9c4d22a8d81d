"""Where the tests of the engine's arithmetic compute: the CPU, or what $GOLDILOCKS_TEST_DEVICE names."""

import os

import torch

DEVICE = torch.device(os.environ.get("GOLDILOCKS_TEST_DEVICE", "cpu"))
