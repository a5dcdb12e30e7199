"""A HIVM kernel as a function that a CPU runs: what is taken out before the vendor's own lowering.

The vendor's tool lowers HIVM to upstream dialects. What stands for hardware is replaced before:
addresses by views of one buffer for each space, so that what overlaps there overlaps here; the
block's number by an argument; the cube's instructions by loops. Instructions that the vendor's
lowering lacks or breaks are replaced by ``linalg.generic``: of those it is no second opinion.
"""
