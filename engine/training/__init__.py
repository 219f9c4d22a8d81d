"""Training many classifiers at once.

cell               the configuration
trainer            the networks in training, and the loop
curves             what is logged, and when a network diverged
chunking           how many networks are trained at once
cost               what that takes
cuda_graph         a step that is launched as one
evaluation         a trained classifier with running statistics and with those of a batch
instrumented       training that is looked at on the way
linear_classifier  a classifier whose training is known in closed form
"""
