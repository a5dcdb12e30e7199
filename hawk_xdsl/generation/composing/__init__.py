"""Kernels without a model: an instruction a term, a loop nest a tile, and templates filled."""
