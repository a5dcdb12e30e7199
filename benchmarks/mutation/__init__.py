"""Mutation suite: verified kernels, their damage, the gate, and an independent judge."""

import sys
from pathlib import Path

# Kernels and ops are files of tests/kernels.
sys.path.append(str(Path(__file__).parents[2] / "tests"))
