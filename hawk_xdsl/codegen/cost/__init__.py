"""Cycles of a kernel text on a target, walked over its syntax tree: what ranks schedules."""

from hawk_xdsl.codegen.cost.estimate import Estimate, estimate

__all__ = ["Estimate", "estimate"]
