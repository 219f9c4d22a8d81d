"""Carrying out a grid: plan, compute, journal, publish, report.

run          the loop, and `run()` for Python
executor     where batches are computed: what a run expects of whoever does it
local        this process
cluster      a Ray cluster, as a user asks for one; cluster_executor connects to it
worker       a process of a cluster: its far side, which does not know Ray
ray          the near side of it, the only folder that does
results      what a finished batch becomes in the journal
provenance   who computed what, where and with which versions
verify       computing cells again from the store alone
comparison   bit for bit, or within rounding
forecast     what a run would do, without doing it
clock        seconds that others do not disturb; matrix_rate and call_time are what a forecast measures with it
publication  when finished batches become visible to readers
progress     what a person sees meanwhile
"""
