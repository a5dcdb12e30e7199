"""Cycles of a kernel text on a target, walked over its syntax tree: what ranks schedules."""

from hawk_xdsl.codegen.cost.estimate import estimate, operands_of, stage_cycles

__all__ = ["estimate", "operands_of", "stage_cycles"]
