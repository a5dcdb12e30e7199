"""Contractions on cube cores: operands as matrices, packing, plans, their cost."""
