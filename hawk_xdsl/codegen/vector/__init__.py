"""Tile bodies of vector cores: loads, instructions, reductions, gathers."""
