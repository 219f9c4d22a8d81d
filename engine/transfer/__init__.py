"""Transfer: a trained network meets another, smaller task.

schemes           which layers are new, which are frozen, how fast each one learns
source_networks   the networks that transfer starts from, trained once and kept
target_sets       the small sets that they meet
adapted_cell      a network that is adapted to one of them, as a configuration
accuracy          what is measured of it, whatever it is
cell              a network of the engine that is adapted, as a configuration
trainer           many of them in training
head_trainer      training of their upper layers
backbone_cell     a backbone of the user's, as a configuration
backbone_trainer  training of a backbone in plain PyTorch
"""
