"""Reads a linalg region as terms, pulling each value at the index where it is needed.

Layout ops (transpose, slice, reshape, broadcast) vanish into indices. An index must stay affine:
where a reshape would need a division that does not come out even, reading stops with the reason.
"""

from collections.abc import Sequence
from math import prod

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    ShapedType,
    TensorType,
)
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, IndexOp, TransposeOp, YieldOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)

from hawk_xdsl.semantics.terms import COMPARISONS, Affine, Term, Terms

FUNCTIONS = {
    "arith.addf": "add",
    "arith.addi": "add",
    "arith.subf": "sub",
    "arith.subi": "sub",
    "arith.mulf": "mul",
    "arith.muli": "mul",
    "arith.divf": "div",
    "arith.divsi": "div",
    "arith.remsi": "rem",
    "arith.remf": "rem",
    "arith.negf": "neg",
    "arith.maximumf": "max",
    "arith.maxnumf": "max",
    "arith.maxsi": "max",
    "arith.minimumf": "min",
    "arith.minnumf": "min",
    "arith.minsi": "min",
    "arith.andi": "and",
    "arith.ori": "or",
    "arith.xori": "xor",
    "arith.select": "select",
    "math.absf": "abs",
    "math.absi": "abs",
    "math.powf": "pow",
}
"""Scalar ops by name → function of the specification; other ``math`` ops keep their own name."""

CASTS = frozenset(
    f"arith.{name}"
    for name in ("extf", "truncf", "sitofp", "uitofp", "fptosi", "fptoui", "extsi", "extui")
) | {"arith.trunci", "arith.index_cast"}

FLOAT_PREDICATES = {1: "eq", 2: "gt", 3: "ge", 4: "lt", 5: "le", 13: "ne"}
"""``arith.cmpf`` predicates that are functions: the ordered ones, false for NaN, and ``une``."""

NEGATED_PREDICATES = {9: "le", 10: "lt", 11: "ge", 12: "gt"}
"""``arith.cmpf`` predicates that are the opposite of a function: the unordered ones."""

INTEGER_PREDICATES = {0: "eq", 1: "ne", 2: "lt", 3: "le", 4: "gt", 5: "ge"}
"""``arith.cmpi`` predicates: equality and the signed ones."""

IDENTITIES: dict[str, float] = {
    "sum": 0.0,
    "prod": 1.0,
    "max": float("-inf"),
    "min": float("inf"),
    "and": 1,
    "or": 0,
}
"""The value that a fold may start from without changing its result."""

FOLDS = {"add": "sum", "mul": "prod", "max": "max", "min": "min", "and": "and", "or": "or"}
"""Which function, applied to the accumulator, makes which fold."""


class UnreadableError(Exception):
    """The region has a form that has no specification; the reason is the message."""


def dtype_name(type_: Attribute) -> str:
    """``f32``, ``i8``, … of a scalar type; f64 is computed in f32 on an NPU, so it reads as f32."""
    if isinstance(type_, AnyFloat):
        return "f32" if str(type_) == "f64" else str(type_)
    if isinstance(type_, IntegerType):
        return f"i{type_.width.data}"
    return "i32"


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The static shape of a tensor."""
    if not isinstance(value.type, TensorType):
        raise UnreadableError(f"a value of type {value.type}")
    return tuple(value.type.get_shape())


class RegionReader:
    """Gives the term of any tensor value of one region at a given index."""

    def __init__(self, block: Block, names: Sequence[str]) -> None:
        self.terms = Terms()
        self.extents: dict[str, int] = {}
        self._names = dict(zip(block.args, names, strict=True))
        self._memo: dict[tuple[SSAValue, tuple[Affine, ...]], Term] = {}

    def fresh_axis(self, extent: int) -> Affine:
        """A new axis; of extent 1 it is the constant 0."""
        if extent == 1:
            return Affine()
        name = f"a{len(self.extents)}"
        self.extents[name] = extent
        return Affine.axis(name)

    def bound_axis(self, extent: int, used: set[str]) -> Affine:
        """An axis to fold over: a known one of the extent that the context leaves free, or new."""
        if extent != 1:
            for name, known in self.extents.items():
                if known == extent and name not in used:
                    return Affine.axis(name)
        return self.fresh_axis(extent)

    def term(self, value: SSAValue, index: tuple[Affine, ...]) -> Term:
        """The value's element at the index. Raises ``UnreadableError``."""
        key = (value, index)
        if key not in self._memo:
            self._memo[key] = self._read(value, index)
        return self._memo[key]

    def _read(self, value: SSAValue, index: tuple[Affine, ...]) -> Term:
        if isinstance(value, BlockArgument):
            assert isinstance(value.type, ShapedType | TensorType)
            element = value.type.element_type if isinstance(value.type, TensorType) else value.type
            return self.terms.read(self._names[value], index, dtype_name(element))
        op = value.owner
        assert isinstance(op, Operation) and isinstance(value, OpResult)
        match op:
            case arith.ConstantOp():
                return self._constant(op)
            case FillOp():
                return self.scalar(op.inputs[0])
            case TransposeOp():
                source = [Affine()] * len(index)
                for position, axis in enumerate(op.permutation.get_values()):
                    source[axis] = index[position]
                return self.term(op.inputs[0], tuple(source))
            case BroadcastOp():
                dropped = set(op.dimensions.get_values())
                kept = tuple(dim for i, dim in enumerate(index) if i not in dropped)
                return self.term(op.input, kept)
            case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
                return self._reshaped(op, index)
            case tensor.ExtractSliceOp():
                return self._sliced(op, index)
            case LinalgStructuredOperation():
                return self._structured(op, value.index, index)
            case _:
                raise UnreadableError(f"{op.name} has no specification")

    def _constant(self, op: arith.ConstantOp) -> Term:
        match op.value:
            case FloatAttr() | IntegerAttr() as literal:
                return self.terms.const(literal.value.data, dtype_name(literal.type))
            case DenseIntOrFPElementsAttr() as dense if dense.is_splat():
                value = dense.get_values()[0]
                if not isinstance(value, tuple):
                    return self.terms.const(value, dtype_name(dense.get_element_type()))
            case _:
                pass
        raise UnreadableError("a constant tensor that is not one number repeated")

    def scalar(self, value: SSAValue) -> Term:
        """A scalar operand of an op: a constant. Raises ``UnreadableError``."""
        if isinstance(value.owner, arith.ConstantOp):
            return self._constant(value.owner)
        raise UnreadableError("a scalar that is not a constant")

    def _reshaped(
        self, op: tensor.ExpandShapeOp | tensor.CollapseShapeOp, index: tuple[Affine, ...]
    ) -> Term:
        """Each group of dimensions is linearised, or taken apart, in the other shape."""
        source, result = shape_of(op.src), shape_of(op.result)
        groups = [[axis.value.data for axis in group.data] for group in op.reassociation]
        taken: list[Affine] = []
        for position, group in enumerate(groups):
            if isinstance(op, tensor.CollapseShapeOp):
                taken += self._taken_apart(index[position], [source[axis] for axis in group])
            else:
                linear = Affine()
                for axis in group:
                    linear = linear.scaled(result[axis]) + index[axis]
                taken.append(linear)
        return self.term(op.src, tuple(taken))

    def _taken_apart(self, linear: Affine, extents: Sequence[int]) -> list[Affine]:
        """The indices in a block of the given extents at a linear index, where they are affine."""
        indices: list[Affine] = []
        for position in range(len(extents)):
            stride = prod(extents[position + 1 :])
            quotient = Affine(linear.constant // stride)
            rest = Affine(linear.constant % stride)
            for name, factor in linear.terms:
                part = Affine(0, ((name, factor),))
                if factor % stride == 0:
                    quotient += Affine(0, ((name, factor // stride),))
                else:
                    rest += part
            top = rest.constant + sum(c * (self.extents[name] - 1) for name, c in rest.terms)
            if top >= stride or any(c < 0 for _, c in rest.terms):
                raise UnreadableError(
                    f"a reshape splits index {linear} at {stride}, which no affine index can say"
                )
            indices.append(quotient)
            linear = rest
        return indices

    def _sliced(self, op: tensor.ExtractSliceOp, index: tuple[Affine, ...]) -> Term:
        offsets, strides = op.static_offsets.get_values(), op.static_strides.get_values()
        sizes = op.static_sizes.get_values()
        if op.offsets or op.sizes or op.strides:
            raise UnreadableError("a slice with offsets that are not constants")
        dropped = len(sizes) - len(index)
        taken: list[Affine] = []
        remaining = list(index)
        for offset, size, stride in zip(offsets, sizes, strides, strict=True):
            if dropped and size == 1:
                dropped -= 1
                taken.append(Affine(offset))
            else:
                taken.append(remaining.pop(0).scaled(stride) + Affine(offset))
        return self.term(op.source, tuple(taken))

    def _structured(
        self, op: LinalgStructuredOperation, result: int, index: tuple[Affine, ...]
    ) -> Term:
        """Binds the loops of a structured op to the index and reads its body there."""
        maps = [attr.data for attr in op.get_indexing_maps()]
        kinds = [str(kind.data) for kind in op.get_iterator_types()]
        extents = loop_extents(op, maps)
        loops: list[Affine | None] = [None] * len(kinds)
        for dim, expr in zip(index, maps[len(op.inputs) + result].results, strict=True):
            if isinstance(expr, AffineDimExpr):
                loops[expr.position] = dim
            elif not isinstance(expr, AffineConstantExpr):
                raise UnreadableError(f"{op.name} writes at the computed index {expr}")
        used = {name for dim in index for name in dim.axes}
        bound: set[str] = set()
        for position, loop in enumerate(loops):
            if loop is None:
                chosen = self.bound_axis(extents[position], used)
                used |= chosen.axes
                bound |= chosen.axes
                loops[position] = chosen
        bindings = [loop for loop in loops if loop is not None]
        return _Body(self, op, maps, bindings, frozenset(bound)).result(result, index)


def loop_extents(op: LinalgStructuredOperation, maps: Sequence[AffineMap]) -> list[int]:
    """The extent of each loop: from an operand that it indexes alone."""
    extents = [0] * maps[0].num_dims
    for value, indexing in zip((*op.inputs, *op.outputs), maps, strict=True):
        if not isinstance(value.type, TensorType):
            continue
        for extent, expr in zip(value.type.get_shape(), indexing.results, strict=True):
            if isinstance(expr, AffineDimExpr):
                extents[expr.position] = extent
    if 0 in extents or -1 in extents:
        raise UnreadableError(f"{op.name} has a loop without a static extent")
    return extents


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


class _Body:
    """The scalar body of one structured op, at bound loops."""

    def __init__(
        self,
        reader: RegionReader,
        op: LinalgStructuredOperation,
        maps: Sequence[AffineMap],
        loops: Sequence[Affine],
        bound: frozenset[str],
    ) -> None:
        self._reader = reader
        self._terms = reader.terms
        self._op = op
        self._maps = maps
        self._loops = loops
        self._bound = bound
        self._block = op.body.block
        self._has_reduction = any(str(k.data) == "reduction" for k in op.get_iterator_types())

    def result(self, position: int, index: tuple[Affine, ...]) -> Term:
        """The result's term: the yielded value, folded over the reduction loops."""
        end = self._block.last_op
        assert isinstance(end, YieldOp)
        yielded = end.arguments[position]
        if not self._has_reduction:
            return self._scalar(yielded)
        accumulator = self._block.args[len(self._op.inputs) + position]
        kind, value = self._fold(yielded, accumulator)
        initial = self._reader.term(self._op.outputs[position], index)
        arg = self._scalar(value)
        missing = self._bound - arg.axes
        if missing and kind in ("sum", "prod"):
            raise UnreadableError("a fold over an axis that its value does not have")
        folded = self._terms.reduce(kind, arg, self._bound - missing) if self._bound else arg
        if initial.is_const and _is_identity(kind, initial.value):
            return folded
        function = next(name for name, fold in FOLDS.items() if fold == kind)
        return self._terms.apply(function, (folded, initial), folded.dtype)

    def _fold(self, yielded: SSAValue, accumulator: SSAValue) -> tuple[str, SSAValue]:
        """What folds, and which value, of ``yield f(accumulator, value)``."""
        op = yielded.owner
        name = FUNCTIONS.get(op.name) if isinstance(op, Operation) else None
        if not isinstance(op, Operation) or name not in FOLDS or accumulator not in op.operands:
            raise UnreadableError("a reduction that is not a plain fold")
        left, right = op.operands
        value = right if left is accumulator else left
        if depends_on(value, accumulator):
            raise UnreadableError("a reduction that uses its accumulator twice")
        return FOLDS[name], value

    def _scalar(self, value: SSAValue) -> Term:
        if isinstance(value, BlockArgument):
            if value.block is not self._block:
                raise UnreadableError("a scalar from outside of the body")
            indexing = self._maps[value.index]
            index = tuple(at_loops(expr, self._loops) for expr in indexing.results)
            source = (*self._op.inputs, *self._op.outputs)[value.index]
            if not isinstance(source.type, TensorType):
                return self._reader.scalar(source)
            return self._reader.term(source, index)
        op = value.owner
        assert isinstance(op, Operation)
        if isinstance(op, arith.ConstantOp):
            return self._reader.scalar(value)
        if isinstance(op, IndexOp):
            return self._terms.index(self._loops[op.dim.value.data], "i32")
        args = tuple(self._scalar(operand) for operand in op.operands)
        return self._function(op, args, dtype_name(value.type))

    def _function(self, op: Operation, args: tuple[Term, ...], dtype: str) -> Term:
        if op.name in CASTS:
            return self._terms.cast(args[0], dtype)
        if isinstance(op, arith.CmpfOp):
            predicate = op.predicate.value.data
            if predicate in NEGATED_PREDICATES:
                opposite = self._comparison(NEGATED_PREDICATES, predicate, args)
                return self._terms.apply("not", (opposite,), "i1")
            return self._comparison(FLOAT_PREDICATES, predicate, args)
        if isinstance(op, arith.CmpiOp):
            return self._comparison(INTEGER_PREDICATES, op.predicate.value.data, args)
        if op.name in FUNCTIONS:
            return self._terms.apply(FUNCTIONS[op.name], args, dtype)
        if op.name.startswith("math."):
            return self._terms.apply(op.name.removeprefix("math."), args, dtype)
        raise UnreadableError(f"{op.name} has no specification")

    def _comparison(
        self, predicates: dict[int, str], predicate: int, args: tuple[Term, ...]
    ) -> Term:
        if predicate not in predicates:
            raise UnreadableError(f"comparison predicate {predicate} has no specification")
        name = predicates[predicate]
        assert name in COMPARISONS
        return self._terms.apply(name, args, "i1")


def _is_identity(kind: str, value: float) -> bool:
    if kind == "max":
        return value == IDENTITIES["max"] or value <= -3.4e38
    if kind == "min":
        return value == IDENTITIES["min"] or value >= 3.4e38
    return value in (IDENTITIES[kind], bool(IDENTITIES[kind])) or (kind == "and" and value == -1)


def depends_on(value: SSAValue, on: SSAValue) -> bool:
    """Whether a scalar is computed from another."""
    if value is on:
        return True
    return isinstance(value.owner, Operation) and any(
        depends_on(operand, on) for operand in value.owner.operands
    )
