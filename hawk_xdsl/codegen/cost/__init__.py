"""Cycles of a kernel text on a target, walked over its syntax tree: what ranks schedules."""

from hawk_xdsl.codegen.cost.bounds import gather_bound, product_bound
from hawk_xdsl.codegen.cost.estimate import estimate, operands_of, stage_cycles

__all__ = ["estimate", "gather_bound", "operands_of", "product_bound", "stage_cycles"]
