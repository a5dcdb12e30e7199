"""Mutation suite: verified kernels, their damage, the gate, and an independent judge."""
