"""A network of the user's own under the instrument: its sites, its initialization N ways, what is measured there.

specimen         how to make the network, a batch, and a loss
site             operations worth measuring, and parameters
trace            trace(specimen): the sites in execution order, on which nothing is left behind
initialization   apply(specimen, init, seed): a copy, initialized; code(…): PyTorch that does it
measure          measure(specimen, inits, seeds, device): a Measurement
measurement      what comes out: arrays [config, site] and [config, parameter]
"""
