"""Makes an undecided op of a specification: the way back from what is computed to linalg."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import AffineMapAttr, TensorType
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import FillOp, GenericOp, IndexOp
from xdsl.dialects.linalg.ops import YieldOp as LinalgYieldOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.linalg.scalar_ops import (
    COMBINERS,
    STARTS,
    UnsayableError,
    literal,
    scalar,
)
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.terms import Affine, Term, walk


class UnderivableError(Exception):
    """A specification that this module cannot say in linalg; the reason is the message."""


def derived(specification: Specification, label: str) -> tuple[UndecidedOp, Specification]:
    """An op that computes what the specification says, and the op's own specification.

    Raises ``UnderivableError`` if it cannot be said, or if it does not read back as the same.
    """
    try:
        op = _Derivation(specification).op(label)
        again = specify(op)
    except (VerifyException, UnreadableError, UnsayableError) as error:
        raise UnderivableError(str(error).splitlines()[0]) from None
    if again.text != specification.text:
        raise UnderivableError("the op that was made reads as another specification")
    return op, again


@dataclass
class _Derivation:
    """One op in the making: a generic for every term that is no leaf."""

    specification: Specification
    block: Block = field(default_factory=Block)
    inputs: dict[str, SSAValue] = field(default_factory=dict[str, SSAValue])
    made: dict[Term, SSAValue] = field(default_factory=dict[Term, SSAValue])

    def op(self, label: str) -> UndecidedOp:
        spec = self.specification
        if spec.in_regions:
            raise UnderivableError("a result in several regions")
        reads = [term for term in walk(spec.roots) if term.op == "read"]
        for operand in spec.operands:
            dtype = next(term.dtype for term in reads if term.operand == operand.name)
            type_ = TensorType(DType(dtype).mlir, operand.shape)
            self.inputs[operand.name] = self.block.insert_arg(type_, len(self.block.args))
        for term in walk(spec.roots):
            if term.args:
                self.made[term] = self._computed(term)
        results = [self._written(r.index, r.shape, r.term) for r in spec.results]
        self.block.add_op(YieldOp(*results))
        around = Block(arg_types=[argument.type for argument in self.block.args])
        op = UndecidedOp(around.args, [r.type for r in results], Region(self.block), label)
        op.verify()
        return op

    def _axes(self, term: Term) -> tuple[str, ...]:
        return tuple(axis for axis in self.specification.axes if axis in term.axes)

    def _computed(self, term: Term) -> SSAValue:
        kept = self._axes(term)
        if not term.is_reduction:
            if term.is_scan or term.op == "gather":
                raise UnderivableError(f"{term.op} has no plain form in linalg")
            return self._generic(kept, (), kept, term, term.args)
        function = COMBINERS.get(term.kind)
        if function is None:
            raise UnderivableError(f"{term.op} has no plain form in linalg")
        bound = tuple(axis for axis in self.specification.axes if axis in term.bound)
        return self._generic((*kept, *bound), bound, kept, term, term.args)

    def _written(self, index: Sequence[Affine], shape: Sequence[int], term: Term) -> SSAValue:
        """A copy of the term's value with the result's dimensions."""
        axes = tuple(dim.plain for dim in index if dim.terms)
        if any(axis is None for axis in axes) or any(
            dim.constant or (not dim.terms and extent != 1)
            for dim, extent in zip(index, shape, strict=True)
        ):
            raise UnderivableError("a result that is not written axis by axis")
        named = tuple(axis for axis in axes if axis is not None)
        if len(set(named)) < len(named):
            raise UnderivableError("a result with one axis twice")
        return self._generic(named, (), named, None, (term,))

    def _generic(
        self,
        loops: tuple[str, ...],
        reduced: tuple[str, ...],
        kept: tuple[str, ...],
        term: Term | None,
        args: Sequence[Term],
    ) -> SSAValue:
        """One generic: a function, a reduction over ``reduced``, or, without a term, a copy."""
        dtype = args[0].dtype if term is None else term.dtype
        extents = self.specification.axes
        place = {axis: AffineExpr.dimension(number) for number, axis in enumerate(loops)}
        operands, maps = [], []
        for arg in args:
            if arg.op == "read":
                operands.append(self.inputs[arg.operand])
                maps.append([_expression(dim, place) for dim in arg.index])
            elif arg.args:
                operands.append(self.made[arg])
                maps.append([place[axis] for axis in self._axes(arg)])
        type_ = TensorType(DType(dtype).mlir, [extents[axis] for axis in kept])
        empty = tensor.EmptyOp([], type_)
        self.block.add_op(empty)
        target: SSAValue = empty.tensor
        if reduced and term is not None:
            start = literal(self.block, STARTS[term.kind], dtype)
            fill = FillOp([start], [target], [type_])
            self.block.add_op(fill)
            target = fill.results[0]
        types = [value.type for value in operands]
        elements = [t.element_type for t in types if isinstance(t, TensorType)]
        body = Block(arg_types=[*elements, DType(dtype).mlir])
        values = self._values(body, args, loops)
        if reduced and term is not None:
            result = scalar(body, COMBINERS[term.kind], (values[0], body.args[-1]), dtype, dtype)
        elif term is None:
            result = values[0]
        else:
            kind = next((arg.dtype for arg in args if not arg.dtype.is_condition), dtype)
            result = scalar(body, term.op, values, kind, dtype)
        body.add_op(LinalgYieldOp(result))
        written = [place[axis] for axis in kept]
        generic = GenericOp(
            operands,
            [target],
            Region(body),
            [AffineMapAttr(AffineMap(len(loops), 0, tuple(m))) for m in (*maps, written)],
            [
                IteratorTypeAttr.reduction() if axis in reduced else IteratorTypeAttr.parallel()
                for axis in loops
            ],
            [type_],
        )
        self.block.add_op(generic)
        return generic.results[0]

    def _values(self, body: Block, args: Sequence[Term], loops: Sequence[str]) -> list[SSAValue]:
        """The arguments' elements in a body: its own arguments, literals and loop numbers."""
        given = iter(body.args)
        values: list[SSAValue] = []
        for arg in args:
            if arg.is_const:
                values.append(literal(body, arg.value, arg.dtype))
            elif arg.op == "index":
                axis = arg.index[0].plain
                if axis is None:
                    raise UnderivableError("a number that is not one axis")
                number = IndexOp(loops.index(axis))
                cast = arith.IndexCastOp(number.result, DType(arg.dtype).mlir)
                body.add_ops([number, cast])
                values.append(cast.result)
            else:
                values.append(next(given))
        return values


def _expression(dim: Affine, place: Mapping[str, AffineExpr]) -> AffineExpr:
    found: AffineExpr = AffineExpr.constant(dim.constant)
    parts = [place[axis] if factor == 1 else place[axis] * factor for axis, factor in dim.terms]
    if not parts:
        return found
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total + dim.constant if dim.constant else total
