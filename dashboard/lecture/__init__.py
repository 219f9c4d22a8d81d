"""The lecture (CS231n 2021, lecture 7), row by row: what it claims, and what the store says.

setting         what the lecture compares, and which networks it is about
stories         what it says, as links to the pages that show it
row             what a row is
networks        which untrained network shows a configuration
wording         a number in a sentence, with its uncertainty
signal_rows     L3–L8 and L11: signal and gradient of untrained networks
training_rows   L2, L10, L12 and L13: what trains
study_rows      L1, L9 and L14–L17: from studies of their own
…_answers       what the named queries of these rows say
chapters        all rows in order
"""
