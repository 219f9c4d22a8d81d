"""Carrying out a grid: plan, compute, journal, publish, report.

run                the loop, and `run()` for Python
job                what is handed out, and what comes back
batch_computation  one batch in this process
executor           where batches are computed: what a run expects of whoever does it
local              this machine: this process, or several
workers            how many of them pay
process_pool       processes of this machine that compute
worker_process     the far side of one of them
dispatch           batches handed out to other processes, and taken back
cluster            a Ray cluster, as a user asks for one
cluster_executor   connects to it
worker             another process that computes: what it does there, wherever it is
ray                the workers of a cluster, the only folder that knows Ray
journal_entry      what a finished batch becomes in the journal
provenance         who computed what, where and with which versions
verify             computing cells again from the store alone
rebuilding         the cell behind a row of the store
recomputation      a batch computed again, as it was or at a slightly larger rate
comparison         bit for bit, or within rounding
forecast           what a run would do, without doing it
clock              seconds that others do not disturb
matrix_rate        products per second
call_time          seconds of a kernel on next to nothing
publication        when finished batches become visible to readers
progress           what a person sees meanwhile
interruption       what Ctrl-C may interrupt, and what it may not
allocator          memory that the C library keeps
"""
