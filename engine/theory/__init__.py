"""Mean-field theory: what a wide layer does, by quadrature from the activation itself.

gaussian      expectations over N(0, q), split at kinks
correlation   expectations over two correlated Gaussians
maps          moments of an activation: V(q), D(q), M(q)
length_map    what a layer makes of the variance, with and without normalization
gains         the σw that keeps a signal or a gradient
fixed_points  the variances that a deep network comes to
criticality   depth scales, edge of chaos
plane         the same for many points at once
map_table     the maps of every activation as numbers, for the store
spheres       what normalization makes of Gaussian vectors, forward and backward, at finite batch size
sphere_pairs  two entries of such a vector: points and weights
fluctuations  how far networks of finite width stray
first_loss    the loss before the first update
"""
