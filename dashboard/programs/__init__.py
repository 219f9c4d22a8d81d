"""The program in plain PyTorch that makes a configuration's network, initializes it and trains it.

program      which kind of network has which program
pieces       what members are in it, from their cards
plain        fully connected layers, one after the other
convolution  convolutions, then fully connected layers where wanted
residual     blocks that add to a stream
training     the loop at its end
"""

from goldilocks.dashboard.programs.pieces import NoProgram
from goldilocks.dashboard.programs.program import program
from goldilocks.dashboard.programs.training import TRAINING

__all__ = ["TRAINING", "NoProgram", "program"]
