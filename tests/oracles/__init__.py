"""Slow, plain, obviously right: what the engine must agree with."""
