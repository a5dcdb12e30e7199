"""Contractions on the cube: layouts, packing, plans, their cost, and the templates they fill."""
