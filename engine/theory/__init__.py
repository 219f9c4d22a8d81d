"""Mean-field theory: what infinitely wide networks do, by quadrature from the activation itself.

gaussian   expectations over N(0, q), split at kinks
maps       length and gradient maps V(q), D(q), and the predictions for one propagation cell
"""
