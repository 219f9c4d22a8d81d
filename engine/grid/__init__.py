"""From a grid file to batches of work.

spec          a grid, from a preset or a file
sample        the combinations that a sample of a product takes
study_tables  its [[study]] tables to cells, with a clear refusal for everything else
presets       grid files that come with the program
backbone      every cell of `transfer` once more, with a backbone of the user's
shard         a part of a grid, the same on every machine
plan          cells grouped by what shapes the tensor program, sized to memory
"""
