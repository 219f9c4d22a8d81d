"""What a diagnosis takes where nothing else is asked for; commands and fixtures read it without loading PyTorch."""

INITS = ("as_is", "default", "kaiming", "xavier")
SEEDS = 5
# Factors per step of signal and gradient between which both count as preserved.
PRESERVED = (0.8, 1.25)
# Largest finite numbers of the formats in which networks are trained.
LARGEST = {"fp16": 65_504.0, "bf16": 3.3895e38, "fp8": 448.0}
