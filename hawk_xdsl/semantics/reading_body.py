"""Reads the scalar body of a structured op as a term, at loops that are bound to indices."""

from collections.abc import Sequence
from math import prod
from typing import Protocol

from xdsl.dialects import arith, math, tensor
from xdsl.dialects.builtin import IndexType, IntegerType, TensorType
from xdsl.dialects.linalg.ops import IndexOp
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.linalg.scalar_table import (
    CASTS,
    FLOAT_PREDICATES,
    FUNCTIONS,
    IDENTITIES,
    INTEGER_PREDICATES,
    NEGATED_PREDICATES,
    REDUCTION_KINDS,
)
from hawk_xdsl.linalg.structured import BestWithIndex, Equation, best_with_index
from hawk_xdsl.semantics.loops import Loops, UnreadableError
from hawk_xdsl.semantics.reading_integers import (
    UNSIGNED,
    UNSIGNED_PREDICATES,
    converted,
    unsigned,
    zero_extended,
)
from hawk_xdsl.semantics.terms import COMPARISONS, Affine, Term, Terms


def dtype_read(type_: Attribute) -> DType:
    """The dtype that a scalar type reads as: f64 as f32, an index as i64.

    Raises ``UnreadableError`` for a type that is none of the dtypes.
    """
    if isinstance(type_, IndexType):
        return DType.I64
    signless = IntegerType(type_.width.data) if isinstance(type_, IntegerType) else type_
    dtype = DType.lookup(signless)
    if dtype is None:
        raise UnreadableError(f"a value of {type_}, which is none of the dtypes")
    return DType.F32 if dtype is DType.F64 else dtype


class BodyContext(Protocol):
    """What a body asks of the reader of its region."""

    terms: Terms
    loops: Loops

    def term(self, value: SSAValue, index: tuple[Affine, ...]) -> Term:
        """A tensor's element."""
        ...

    def scalar(self, value: SSAValue) -> Term:
        """A scalar from outside of the body."""
        ...

    def address(self, term: Term, extent: int) -> Affine:
        """A computed index into a dimension of an extent."""
        ...

    def number(self, index: Affine) -> Term:
        """An index as a number."""
        ...


def at_loops(expr: AffineExpr, loops: Sequence[Affine]) -> Affine:
    """An index expression of a map, evaluated at loop indices."""
    match expr:
        case AffineDimExpr():
            return loops[expr.position]
        case AffineConstantExpr():
            return Affine(expr.value)
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Add):
            return at_loops(expr.lhs, loops) + at_loops(expr.rhs, loops)
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mul):
            left, right = at_loops(expr.lhs, loops), at_loops(expr.rhs, loops)
            if not right.terms:
                return left.scaled(right.constant)
            if not left.terms:
                return right.scaled(left.constant)
        case _:
            pass
    raise UnreadableError(f"index expression {expr} is not affine")


class ScalarBody:
    """The scalar body of one structured op, at bound loops."""

    def __init__(
        self,
        reader: BodyContext,
        equation: Equation,
        loops: Sequence[Affine],
        bound: frozenset[str],
    ) -> None:
        self._reader = reader
        self._terms = reader.terms
        self._equation = equation
        self._loops = loops
        self._bound = bound

    def result(self, position: int, index: tuple[Affine, ...]) -> Term:
        """The result's term: the yielded value, reduced over the reduction loops."""
        equation = self._equation
        if not equation.reduced:
            return self._scalar(equation.yielded[position])
        best = best_with_index(equation) if position == 1 else None
        if best is not None:
            return self._position(best, index)
        reduction = equation.reduction(position)
        name = reduction.combiner.name if reduction is not None else ""
        function = FUNCTIONS.get(name) or UNSIGNED.get(name)
        if reduction is None or function not in REDUCTION_KINDS:
            raise UnreadableError("a reduction whose body is no single operation")
        arg = self._scalar(reduction.value)
        initial = self._reader.term(equation.outputs[position], index)
        dtype, without_sign = arg.dtype, name in UNSIGNED
        if without_sign:
            arg, initial = (zero_extended(self._terms, value) for value in (arg, initial))
        reduced = self._reduced(REDUCTION_KINDS[function], arg)
        if not (
            initial.is_const and _is_identity(REDUCTION_KINDS[function], initial, without_sign)
        ):
            reduced = self._terms.apply(function, (reduced, initial), reduced.dtype)
        return self._terms.cast(reduced, dtype)

    def _reduced(self, kind: str, arg: Term) -> Term:
        """A reduction over the reduction loops, also those that its value does not have."""
        bound = self._bound & arg.axes
        reduced = self._terms.reduce(kind, arg, bound) if bound else arg
        return self._repeated(kind, reduced, self._bound - bound)

    def _repeated(self, kind: str, term: Term, axes: frozenset[str]) -> Term:
        """The reduction of a value over axes that it does not have."""
        count = prod(self._reader.loops.extents[axis] for axis in axes)
        if count == 1 or kind in ("max", "min", "maxnum", "minnum", "and", "or"):
            return term
        if kind not in ("sum", "prod"):
            raise UnreadableError(f"a {kind} over an axis that its value does not have")
        times = self._terms.const(count if term.dtype.is_integer else float(count), term.dtype)
        return self._terms.apply("mul" if kind == "sum" else "pow", (term, times), term.dtype)

    def _position(self, best: BestWithIndex, index: tuple[Affine, ...]) -> Term:
        """Where the largest or smallest value is along the only reduced axis."""
        value, place = self._scalar(best.reduction.value), self._scalar(best.index)
        while place.op == "cast":
            place = place.args[0]
        initial = self._reader.term(self._equation.outputs[1], index)
        if not best.first or not initial.is_const or initial.value != 0:
            raise UnreadableError("a position that is not that of the first extreme value")
        if not self._bound:
            return place
        [*axes] = self._bound
        if len(axes) > 1 or place.op != "index" or place.index[0].plain != axes[0]:
            raise UnreadableError("a position that is not an index of one reduced axis")
        return self._terms.reduce("argmax" if best.largest else "argmin", value, self._bound)

    def _scalar(self, value: SSAValue) -> Term:
        if isinstance(value, BlockArgument):
            if value.block is not self._equation.body:
                raise UnreadableError("a scalar from outside of the body")
            indexing = self._equation.maps[value.index]
            index = tuple(at_loops(expr, self._loops) for expr in indexing.results)
            source = self._equation.operands[value.index]
            if not isinstance(source.type, TensorType):
                return self._reader.scalar(source)
            return self._reader.term(source, index)
        op = value.owner
        assert isinstance(op, Operation)
        if isinstance(op, arith.ConstantOp):
            return self._reader.scalar(value)
        if isinstance(op, IndexOp):
            return self._reader.number(self._loops[op.dim.value.data])
        if isinstance(op, tensor.ExtractOp):
            extents = op.tensor.type.get_shape() if isinstance(op.tensor.type, TensorType) else ()
            index = tuple(
                self._reader.address(self._scalar(part), extent)
                for part, extent in zip(op.indices, extents, strict=True)
            )
            return self._reader.term(op.tensor, index)
        args = tuple(self._scalar(operand) for operand in op.operands)
        return self._function(op, args, dtype_read(value.type))

    def _function(self, op: Operation, args: tuple[Term, ...], dtype: DType) -> Term:
        if op.name in CASTS:
            return converted(self._terms, op.name, args[0], dtype)
        if op.name in UNSIGNED:
            return unsigned(self._terms, UNSIGNED[op.name], args, dtype)
        if isinstance(op, arith.CmpfOp):
            return self._float_comparison(op.predicate.value.data, args)
        if isinstance(op, arith.CmpiOp):
            number = op.predicate.value.data
            if number in UNSIGNED_PREDICATES:
                return unsigned(self._terms, UNSIGNED_PREDICATES[number], args, DType.I1)
            return self._comparison(INTEGER_PREDICATES, number, args)
        if isinstance(op, math.FmaOp):
            product = self._terms.apply("mul", args[:2], dtype)
            return self._terms.apply("add", (product, args[2]), dtype)
        if op.name in FUNCTIONS:
            return self._terms.apply(FUNCTIONS[op.name], args, dtype)
        if op.name.startswith("math."):
            return self._terms.apply(op.name.removeprefix("math."), args, dtype)
        raise UnreadableError(f"{op.name} has no specification")

    def _float_comparison(self, predicate: int, args: tuple[Term, ...]) -> Term:
        """``arith.cmpf``: what is not one function is put together from those that are."""
        if predicate in (0, 15):
            return self._terms.const(predicate == 15, DType.I1)
        if predicate in (7, 8):
            return self._not(self._float_comparison({8: 6, 7: 14}[predicate], args))
        if predicate in NEGATED_PREDICATES:
            return self._not(self._comparison(NEGATED_PREDICATES, predicate, args))
        if predicate == 6:
            sides = [self._terms.apply(name, args, DType.I1) for name in ("lt", "gt")]
            return self._terms.apply("or", tuple(sides), DType.I1)
        if predicate == 14:
            odd = [a for a in dict.fromkeys(args) if not a.is_const] or [args[0]]
            unequal = [self._terms.apply("ne", (a, a), DType.I1) for a in odd]
            if len(unequal) == 1:
                return unequal[0]
            return self._terms.apply("or", tuple(unequal), DType.I1)
        return self._comparison(FLOAT_PREDICATES, predicate, args)

    def _not(self, term: Term) -> Term:
        return self._terms.apply("not", (term,), DType.I1)

    def _comparison(
        self, predicates: dict[int, str], predicate: int, args: tuple[Term, ...]
    ) -> Term:
        if predicate not in predicates:
            raise UnreadableError(f"comparison predicate {predicate} has no specification")
        name = predicates[predicate]
        assert name in COMPARISONS
        return self._terms.apply(name, args, DType.I1)


def _is_identity(kind: str, initial: Term, without_sign: bool = False) -> bool:
    """Whether a reduction may start from a literal without changing its result.

    ``without_sign``: the values are unsigned ones in more bits, so none of them is below zero.
    """
    value = initial.value
    largest = kind.startswith("max")
    if without_sign:
        return value == 0 if largest else value in (2**8 - 1, 2**16 - 1, 2**32 - 1)
    if kind in ("max", "min", "maxnum", "minnum"):
        if initial.dtype.is_integer:
            least = -(2 ** (initial.dtype.bits - 1))
            return value <= least if largest else value >= -least - 1
        return value <= -3.4e38 if largest else value >= 3.4e38
    return value in (IDENTITIES[kind], bool(IDENTITIES[kind])) or (kind == "and" and value == -1)
