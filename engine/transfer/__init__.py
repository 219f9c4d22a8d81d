"""Transfer: a trained network meets another, smaller task.

schemes           which layers are new, which are frozen, how fast each one learns
source_networks   the networks that transfer starts from, trained once and kept
target_sets       the small sets that they meet
cell              a network of the engine that is adapted, as a configuration
trainer           many of them in training
head_trainer      training of their upper layers
backbone_cell     a backbone of the user's, as a configuration
backbone_trainer  training of a backbone in plain PyTorch
"""
