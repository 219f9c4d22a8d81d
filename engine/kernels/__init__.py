"""Kernels of our own for NVIDIA GPUs, in Triton, where PyTorch's would move several times as many bytes.

Each is an implementation of a formula that stands elsewhere in plain PyTorch, and equals it; `choice` says when one is
used. Nothing here is needed on other devices.
"""
