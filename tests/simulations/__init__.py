"""Simulations behind numbers that the program holds: each a module that prints its table."""
