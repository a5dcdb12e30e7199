"""npu-inline-pointwise: casts and small pointwise producers move into the ops that read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import AffineMapAttr, IndexType, IntegerType, TensorType
from xdsl.dialects.linalg.ops import GenericOp, YieldOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.linalg.structured import Equation, equation_of, static_shape
from hawk_xdsl.linalg.view import view_through
from hawk_xdsl.passes.function_pass import FunctionPass
from hawk_xdsl.passes.outline_dataflow import LayoutPath, is_generator, is_layout, layout_path

CASTS = (arith.ExtFOp, arith.ExtSIOp, arith.ExtUIOp, arith.SIToFPOp, arith.UIToFPOp)
"""Ops whose operand takes no more memory than their result, where that is the wider one."""

CHEAP = (
    *CASTS,
    *(arith.TruncFOp, arith.TruncIOp, arith.ConstantOp, arith.SelectOp, arith.NegfOp),
    *(arith.CmpfOp, arith.CmpiOp, arith.AndIOp, arith.OrIOp, arith.XOrIOp),
    *(arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.AddiOp, arith.SubiOp, arith.MuliOp),
    *(arith.MaximumfOp, arith.MinimumfOp, arith.MaxSIOp, arith.MinSIOp),
)
"""Scalar ops that may be done again for every row of a larger op."""

MOST_OPS = 8
"""The most scalar ops of a producer that are done again."""


class InlinePointwise(RewritePattern):
    """A ``linalg.generic`` computes by itself what a pointwise op in front of it made.

    - A widening cast always: its source is read instead, which takes less memory.
    - Any cheap pointwise op of arguments that has fewer elements than its reader, such as a bias
      that is cast, or a mask that is made of a mask.

    In ``f32(b[j])`` → ``x[i, j] + b[j]`` the sum reads ``b`` itself: an op along j alone would be
    no part of a group whose rows run along i. Contractions are left alone: they absorb layouts
    and widening themselves.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Inlines one producer after the other until none is left."""
        while True:
            inlined = self._one(op, rewriter)
            if inlined is None:
                return
            op = inlined

    def _one(self, op: GenericOp, rewriter: PatternRewriter) -> GenericOp | None:
        equation = equation_of(op)
        if equation is None or equation.factors is not None or is_layout(op) or is_generator(op):
            return None
        for position, value in enumerate(equation.inputs):
            path = layout_path(value, frozenset())
            producer = path.root.owner
            made = equation_of(producer) if isinstance(producer, GenericOp) else None
            if made is None or not _may_move(made, equation):
                continue
            maps = _composed(made, equation.maps[position], path)
            if maps is None or not _covers(equation, position, maps):
                continue
            return _inlined(op, equation, position, made, maps, rewriter)
        return None


@dataclass(frozen=True)
class NpuInlinePointwisePass(FunctionPass):
    """Moves casts and small pointwise producers into the ops that read them."""

    name = "npu-inline-pointwise"
    patterns = (InlinePointwise,)


def _may_move(made: Equation, reader: Equation) -> bool:
    """Whether a producer is pointwise, and cheap enough to be done by its reader."""
    if not _is_cheap(made):
        return False
    first, *others = made.body.ops
    if len(others) == 1 and isinstance(first, CASTS) and _widens(first):
        return True
    return prod(made.sizes) < prod(reader.sizes) and all(map(_is_given, made.inputs))


def _is_cheap(made: Equation) -> bool:
    """Whether an op is pointwise, of few cheap scalar ops."""
    ops = list(made.body.ops)[:-1]
    return (
        len(made.outputs) == 1
        and 0 < len(ops) <= MOST_OPS
        and bool(made.inputs)
        and not made.reduced
        and not made.reads_accumulator
        and made.maps[-1] == AffineMap.identity(len(made.sizes))
        and all(isinstance(value.type, TensorType) for value in made.inputs)
        and all(isinstance(op, CHEAP) for op in ops)
    )


def _widens(op: Operation) -> bool:
    source, result = (_bits(value.type) for value in (op.operands[0], op.results[0]))
    return source <= result


def _bits(type_: Attribute) -> int:
    """Bits in memory: a truth value takes 8."""
    if isinstance(type_, IndexType):
        return 64
    if isinstance(type_, IntegerType):
        return max(8, type_.width.data)
    return DType.of(type_).bits


def _is_given(value: SSAValue) -> bool:
    """Whether a value is an argument, or cheaply made of arguments alone."""
    owner = layout_path(value, frozenset()).root.owner
    if isinstance(owner, Block) or is_generator(owner):
        return True
    made = equation_of(owner) if isinstance(owner, GenericOp) else None
    return made is not None and _is_cheap(made) and all(map(_is_given, made.inputs))


def _composed(made: Equation, indexing: AffineMap, path: LayoutPath) -> list[AffineMap] | None:
    """The maps of the producer's inputs over the reader's loops, ``indexing`` being its result's.

    ``None`` where more than unit axes lies between the two.
    """
    view, covered = view_through(static_shape(path.root), path.chain)
    axes = view.same_axes if covered == len(path.chain) else None
    if axes is None:
        return None
    place: list[AffineExpr] = [AffineExpr.constant(0)] * len(made.sizes)
    for expression, axis in zip(indexing.results, axes, strict=True):
        if axis is not None:
            place[axis] = expression
    loops = indexing.num_dims
    return [
        AffineMap(loops, 0, tuple(e.replace_dims_and_symbols(place, []) for e in m.results))
        for m in made.maps[:-1]
    ]


def _covers(reader: Equation, position: int, maps: Sequence[AffineMap]) -> bool:
    """Whether the operands still say how far every loop of the reader runs."""
    left = [m for i, m in enumerate(reader.maps) if i != position] + list(maps)
    results = tuple(result for m in left for result in m.results)
    return AffineMap(len(reader.sizes), 0, results).inverse_permutation() is not None


def _inlined(
    op: GenericOp,
    reader: Equation,
    position: int,
    made: Equation,
    maps: Sequence[AffineMap],
    rewriter: PatternRewriter,
) -> GenericOp:
    """The reader with the producer's inputs and body in the place of one input."""
    body = op.detach_region(op.body)
    block = body.block
    inputs = [*reader.inputs[:position], *made.inputs, *reader.inputs[position + 1 :]]
    all_maps = [*reader.maps[:position], *maps, *reader.maps[position + 1 :]]
    became: dict[SSAValue, SSAValue] = {}
    for offset, argument in enumerate(made.body.args[: len(made.inputs)]):
        became[argument] = block.insert_arg(argument.type, position + offset)
    _move_body(made.body, block, became, rewriter)
    replaced = block.args[position + len(made.inputs)]
    replaced.replace_all_uses_with(became[made.yielded[0]])
    block.erase_arg(replaced)
    new = GenericOp(
        inputs,
        list(reader.outputs),
        body,
        [AffineMapAttr(m) for m in all_maps],
        op.iterator_types,
        [value.type for value in reader.outputs],
    )
    new.location = op.location
    rewriter.insert(new, InsertPoint.before(op))
    rewriter.replace(op, [], new.results)
    rewriter.insertion_point = InsertPoint.before(new)
    return new


def _move_body(
    source: Block, block: Block, became: dict[SSAValue, SSAValue], rewriter: PatternRewriter
) -> None:
    """Clones what a producer computes to the start of its reader's body."""
    clones: list[Operation] = []
    for inner in source.ops:
        if isinstance(inner, YieldOp):
            became.setdefault(inner.operands[0], inner.operands[0])
            continue
        clone = inner.clone(value_mapper=became)
        became.update(zip(inner.results, clone.results, strict=True))
        clones.append(clone)
    rewriter.insert(clones, InsertPoint.at_start(block))
