"""The lecture (CS231n 2021, lecture 7), row by row: what it claims, and what the store says.

setting         what the lecture compares, and which networks it is about
stories         what it says, as links to the pages that show it
row             what a row is: claim, question, figure, judgment
judgment        what became of a claim, as a value: parts, verdict, number, answer
networks        which untrained network shows a configuration
wording         a number in a sentence, with its uncertainty
signal_rows     L3–L8 and L11: signal and gradient of untrained networks
training_rows   L2, L10, L12 and L13: what trains
study_rows      L1, L9 and L14–L17: from studies of their own
…_answers       how the named queries of these rows judge their claims
stated_claims   claims that were stated before their seeds were looked at
chapters        all rows in order
asking          what the reader is asked, and has answered
overview        all claims on the first screen
opening         one signal under four initializations
presentation    one row a screen, for a projector
lectern         what only the browser can do: land on a row, obey a remote
"""
