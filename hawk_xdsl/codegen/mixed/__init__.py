"""Kernels with a body for cube cores and one for vector cores, which run at once."""
