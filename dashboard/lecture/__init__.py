"""The lecture (CS231n 2021, lecture 7), row by row: what it claims, and what the store says.

row             what a row is
signal_rows     L3–L8 and L11: signal and gradient of untrained networks
training_rows   L2, L10, L12 and L13: what trains
study_rows      L1, L9 and L14–L17: from studies of their own
chapters        all rows in order
"""
