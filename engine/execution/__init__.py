"""Carrying out a grid: plan, compute, journal, publish, report.

run               the loop, and `run()` for Python
executor          where batches are computed: what a run expects of whoever does it
local             this process
cluster           a Ray cluster, as a user asks for one
cluster_executor  connects to it
worker            a process of a cluster: its far side, which does not know Ray
ray               the near side of it, the only folder that does
journal_entry     what a finished batch becomes in the journal
provenance        who computed what, where and with which versions
verify            computing cells again from the store alone
rebuilding        the cell behind a row of the store
recomputation     a batch computed again, as it was or at a slightly larger rate
comparison        bit for bit, or within rounding
forecast          what a run would do, without doing it
clock             seconds that others do not disturb
matrix_rate       products per second
call_time         seconds of a kernel on next to nothing
publication       when finished batches become visible to readers
progress          what a person sees meanwhile
interruption      what Ctrl-C may interrupt, and what it may not
allocator         memory that the C library keeps
"""
