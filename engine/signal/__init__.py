"""Untrained networks: signal forward, gradient backward, and what is measured on the way.

program            one tensor program for many networks
piecewise          activations and normalizations that differ between the networks of one program
rows               from its statistics to the rows of the store
correlated_inputs  a program of its own for inputs that are alike: where correlations go
"""
