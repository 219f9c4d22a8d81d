"""Training many networks at once.

loop               the one loop: first update, logging, divergence, retirement
learner            what it trains
log                what it writes down
divergence         which networks have diverged, and which are still trained
cell               the configuration of a classifier in training
trainer            classifiers in training
fused_step         an update of a multilayer perceptron in three kernels per layer
fused_choice       when it is used
curves             losses and accuracies at the logged steps
curve_log          training written down as curves
update_size        how large an update is
instrumented       training that is looked at on the way
evaluation         a trained classifier with running statistics and with those of a batch
chunking           how many networks are trained at once
cost               what that takes
cuda_graph         an update that is launched as one
linear_classifier  a classifier whose training is known in closed form
"""
