"""Charts: pure functions from a data frame to an Altair chart, without Streamlit, never changing their input.

style          what all charts share
distributions  strips of per-layer histograms on common axes
layers         a statistic against depth, with the seeds' range and the theory
curves         learning curves, with the seeds' range and divergence
"""
