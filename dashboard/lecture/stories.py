"""What the lecture says, as links to the pages that show it: the choices of each story, by the page's file."""

from goldilocks.dashboard.lecture.setting import COMPARED

Story = dict[str, str | list[str]]

ACTIVATION_STATISTICS: dict[str, Story] = {
    "tanh: too small, too big, just right": {"activation": "tanh"},
    "ReLU: Xavier collapses, Kaiming holds": {"activation": "relu", "init": ["xavier", "kaiming"]},
    "The notes' slip": {"activation": "relu", "init": ["kaiming", "kaiming_slip"]},
    "Batch norm forgives": {"activation": "tanh", "init": list(COMPARED)[:2], "norm": ["none", "batch"]},
}
CONVERGENCE: dict[str, Story] = {
    "Batch norm trains deep nets": {},
    "Xavier against Kaiming": {"init": ["xavier", "kaiming"], "norm": "none", "colour": "Initialization"},
    "Learning rates with and without batch norm": {
        "init": "kaiming",
        "depth": "20",
        "panels": "Learning rate",
        "lr": ["0.01", "0.1", "0.3", "1.0"],
    },
    "All zeros: nothing changes": {
        "init": ["zeros", "normal(std=0.1)"],
        "depth": "5",
        "colour": "Initialization",
        "panels": "Normalization",
    },
}
TRAINABILITY_MAP: dict[str, dict[str, str]] = {
    "How deep does each initialization train?": {"activation": "relu", "norm": "none"},
    "The same with batch norm": {"activation": "relu", "norm": "batch"},
    "Which learning rate at which depth?": {"x": "Learning rate", "y": "Depth", "init": "kaiming"},
    "Signal before training": {"metric": "forward_rate", "x": "Activation", "untrained_norm": "none"},
}
# A deep network, trained on inputs that were prepared in each of the ways.
DEEP_PREPROCESSING: Story = {"init": "kaiming", "depth": "10", "norm": "none"}
