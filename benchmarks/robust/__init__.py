"""Damaged inputs and killed compiles: what ``benchmarks/robustness.py`` is made of."""

import sys
from pathlib import Path

# Kernels and ops are files of tests/kernels.
sys.path.append(str(Path(__file__).parents[2] / "tests"))
