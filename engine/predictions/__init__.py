"""What theory predicts of a network, layer by layer: the map from formulas of one layer to a whole cell.

description   what a prediction needs to know of a network
inputs        what it needs to know of a batch of inputs
feedforward   plain networks, with and without normalization
residual      residual networks
convolution   convolutional networks
bands         how far a network of finite width strays from that
cells         the prediction that stands beside each measurement of a cell
"""
