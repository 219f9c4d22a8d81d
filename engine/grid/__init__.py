"""From a grid file to batches of work.

cell      one frozen configuration and its identity
spec      TOML to cells, with a clear refusal for everything else
presets   grid files that come with the program
plan      cells grouped by what shapes the tensor program, sized to memory
"""
