"""What the lecture compares and which networks it is about: all that the pages know of the engine's members by name.

Pages begin with it; everything else about members, the order and the colours included, is in the store.
"""

NORMAL, XAVIER, KAIMING, ZEROS = "normal", "xavier", "kaiming", "zeros"
SMALL, LARGE = f"{NORMAL}(std=0.01)", f"{NORMAL}(std=0.05)"
TANH, RELU = "tanh", "relu"
NO_NORM, BATCH_NORM = "none", "batch"
FULLY_CONNECTED, RESIDUAL, CONVOLUTIONAL = "mlp", "residual_mlp", "conv"
# The four of the opening, by what the slides call them.
COMPARED = {SMALL: "0.01", LARGE: "0.05", XAVIER: "Xavier", KAIMING: "Kaiming"}
# The colours of two settings of one member, by their names in the palette.
COLOURS = {SMALL: "blue", LARGE: "orange"}
# The lecture's own initializations, whatever their parameters.
OWN = (ZEROS, NORMAL, XAVIER, KAIMING)
