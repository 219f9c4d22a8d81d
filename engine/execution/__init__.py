"""Carrying out a grid: plan, compute, journal, publish, report.

run          the loop, and `run()` for Python
provenance   who computed what, where and with which versions
verify       computing cells again from the store alone
comparison   bit for bit, or within rounding
publication  when finished batches become visible to readers
progress     what a person sees meanwhile
"""
