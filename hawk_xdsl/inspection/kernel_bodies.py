"""The bodies of a kernel: which cores run it, and which tiles each of them gets."""

from collections.abc import Sequence
from functools import cache
from math import prod

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.dialects.scf import ForOp

from hawk_xdsl.dialects.kernel_text import KernelTextError, parse
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import KernelOp, KernelPart
from hawk_xdsl.dialects.npu.kernel_extents import ACROSS
from hawk_xdsl.inspection.document import KernelBody, TileLoop, TileMap
from hawk_xdsl.npu_target import Target


def bodies_of(kernel: KernelOp, target: Target, text: str, stage: int) -> tuple[KernelBody, ...]:
    """A body for each kind of core that runs the kernel.

    ``text`` is the kernel text of which the kernel is the ``stage``-th stage; ``""`` if nobody
    knows it. The finished kernel does not always say how its tiles were distributed: a loop of
    which two iterations run at once has other bounds.
    """
    stages = _stages_of(text) if text else None
    return tuple(
        _body(
            part,
            kernel,
            target,
            _loops_of(part) if stages is None else _loops_of_text(stages, stage, n),
        )
        for n, part in enumerate(kernel.parts)
    )


def _body(
    part: KernelPart, kernel: KernelOp, target: Target, loops: tuple[TileLoop, ...]
) -> KernelBody:
    blocks = kernel.blocks.value.data * part.cores
    tiles = None
    if loops:
        counts = (len(range(each.start, each.stop, each.step)) for each in loops)
        tiles = TileMap(loops, prod(counts), blocks)
    return KernelBody(str(part.core), target.cores[part.core], blocks, tiles)


@cache
def _stages_of(text: str) -> Sequence[ast.Stage]:
    """The stages of a kernel text; none of a damaged one."""
    try:
        return parse(text).stages
    except KernelTextError:
        return ()


def _loops_of_text(stages: Sequence[ast.Stage], stage: int, part: int) -> tuple[TileLoop, ...]:
    """The loops of ``across`` of a part of a stage; none where there is none."""
    if stage >= len(stages):
        return ()
    parts = stages[stage].parts
    body = parts[part].body if part < len(parts) else stages[stage].body
    for statement in body:
        if isinstance(statement, ast.Across):
            return tuple(
                TileLoop(loop.variable, constant(loop.start), constant(loop.stop), loop.step)
                for loop in statement.loops
            )
    return ()


def constant(expression: ast.Expression) -> int:
    """The value of an expression without variables, which count as 0."""
    match expression:
        case ast.Integer(value):
            return value
        case ast.Variable():
            return 0
        case ast.Arithmetic(operator, left, right):
            a, b = constant(left), constant(right)
            match operator:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "//":
                    return a // b if b else 0
                case _:
                    return a % b if b else 0


def _loops_of(part: KernelPart) -> tuple[TileLoop, ...]:
    """The loops that were written as ``across``, from the attribute of the loop made of them."""
    for op in part.block.walk():
        bounds = op.attributes.get(ACROSS)
        if isinstance(op, ForOp) and isinstance(bounds, DenseArrayBase):
            values = [int(value) for value in bounds.get_values()]
            found = [tuple(values[i : i + 3]) for i in range(0, len(values) - 2, 3)]
            if all(step >= 1 for _, _, step in found):
                return tuple(TileLoop(f"i{n}", *each) for n, each in enumerate(found))
    return ()
