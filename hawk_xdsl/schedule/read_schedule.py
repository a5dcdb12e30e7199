"""Reads the schedule off a kernel's syntax tree, for kernels that no strategy wrote."""

from collections.abc import Mapping

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import statements, walk
from hawk_xdsl.schedule.schedule import Schedule


def schedule_of(kernel: ast.KernelText, strategy: str) -> Schedule:
    """The loops of a kernel and their steps, under the name of a strategy.

    Of ``across r in 0..256 step 8 { … for c in 0..4096 step 512 { … } }`` that is
    ``tile(r = 8, c = 512) stream(c)``. Of loops of the same name the last counts.
    """
    sizes: dict[str, int] = {}
    streamed: set[str] = set()
    for stage in kernel.stages:
        for statement in statements(stage.body):
            if isinstance(statement, ast.Across):
                sizes |= {loop.variable: loop.step for loop in statement.loops}
            elif isinstance(statement, ast.For):
                sizes[statement.loop.variable] = statement.loop.step
                streamed.add(statement.loop.variable)
    return Schedule.of(strategy, sizes, stream=streamed)


def trip_extents(kernel: ast.KernelText) -> Mapping[str, int]:
    """Elements that each loop from 0 to a number runs over, by the name of its variable."""
    return {
        node.variable: node.stop.value
        for node in walk(kernel)
        if isinstance(node, ast.Loop)
        and node.start == ast.Integer(0)
        and isinstance(node.stop, ast.Integer)
    }
