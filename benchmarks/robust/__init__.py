"""Damaged inputs and killed compiles: what ``benchmarks/robustness.py`` is made of."""
