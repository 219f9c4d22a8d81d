"""Benchmarks: the engine against what a user would pick instead, interleaved in one call.

case     timing several contenders in turns, after a check that they compute the same
suite    the cases
scaling  the same grid on more and more cores
floor    what an update costs beside its products
report   the figures as tables
"""
