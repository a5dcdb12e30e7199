"""Measures how many operators of a suite get right kernels, and how fast those are."""
