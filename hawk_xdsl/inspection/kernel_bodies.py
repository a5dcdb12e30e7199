"""The bodies of a kernel: which cores run it, and which tiles each of them gets."""

from math import prod

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.dialects.scf import ForOp

from hawk_xdsl.dialects.kernel_text.build import ACROSS
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.inspection.document import KernelBody, TileLoop, TileMap
from hawk_xdsl.npu_target import Target


def bodies_of(kernel: KernelOp, target: Target) -> tuple[KernelBody, ...]:
    """A body for each kind of core that runs the kernel."""
    core, blocks = kernel.core.data, kernel.blocks.value.data
    return (KernelBody(str(core), target.cores[core], blocks, _tiles(kernel, blocks)),)


def _tiles(kernel: KernelOp, blocks: int) -> TileMap | None:
    """The tiles of the loop that was written as ``across``, from its attribute."""
    for op in kernel.walk():
        bounds = op.attributes.get(ACROSS)
        if isinstance(op, ForOp) and isinstance(bounds, DenseArrayBase):
            values = [int(value) for value in bounds.get_values()]
            found = [tuple(values[i : i + 3]) for i in range(0, len(values) - 2, 3)]
            if any(step < 1 for _, _, step in found):  # IR that somebody has changed
                return None
            loops = tuple(
                TileLoop(_variable(op, number), start, stop, step)
                for number, (start, stop, step) in enumerate(found)
            )
            tiles = prod(len(range(each.start, each.stop, each.step)) for each in loops)
            return TileMap(loops, tiles, blocks)
    return None


def _variable(loop: ForOp, number: int) -> str:
    """The name of a variable: the IR keeps that of the value that is made of the iteration."""
    names = [
        op.results[0].name_hint
        for op in loop.body.block.ops
        if op.name == "affine.apply" and op.operands and op.operands[0] is loop.body.block.args[0]
    ]
    name = names[number] if number < len(names) else None
    return name or f"i{number}"
