"""Transfer: a trained network meets another, smaller task.

schemes           which layers are new, which are frozen, how fast each one learns
source_networks   the networks that transfer starts from, trained once and kept
target_sets       the small sets that they meet
head_trainer      training of the upper layers of many networks
backbone_cell     a backbone of the user's, as a configuration
backbone_trainer  training of a backbone in plain PyTorch
"""
