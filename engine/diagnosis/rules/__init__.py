"""Rules that a network is judged by, one per file; a new file that registers a class is a new rule."""

from goldilocks.engine.diagnosis.rules.base import Rule, rules

__all__ = ["Rule", "rules"]
