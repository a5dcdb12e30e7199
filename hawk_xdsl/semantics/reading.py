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
from xdsl.dialects.linalg.ops import FillOp, IndexOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from hawk_xdsl.semantics.equation import Equation, equation_of
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
    """``f32``, ``i8``, … of a scalar type; an NPU has no 64 bits: f64 reads as f32, i64 as i32."""
    if isinstance(type_, AnyFloat):
        return "f32" if str(type_) == "f64" else str(type_)
    if isinstance(type_, IntegerType) and type_.width.data != 64:
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
            case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
                return self._reshaped(op, index)
            case tensor.ExtractSliceOp():
                return self._sliced(op, index)
            case _:
                equation = equation_of(op)
                if equation is None:
                    raise UnreadableError(f"{op.name} has no specification")
                return self._computed(equation, value.index, index)

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

    def _computed(self, equation: Equation, result: int, index: tuple[Affine, ...]) -> Term:
        """Binds the loops of a structured op to the index and reads its body there."""
        bound_to: dict[int, Affine] = {}
        written = equation.maps[len(equation.inputs) + result]
        for dim, expr in zip(index, written.results, strict=True):
            if isinstance(expr, AffineDimExpr):
                bound_to[expr.position] = dim
            elif not isinstance(expr, AffineConstantExpr):
                raise UnreadableError(f"{equation.op.name} writes at the computed index {expr}")
        used = {name for dim in index for name in dim.axes}
        folded: set[str] = set()
        for loop, extent in enumerate(equation.sizes):
            if loop not in bound_to:
                bound_to[loop] = self.bound_axis(extent, used)
                used |= bound_to[loop].axes
                folded |= bound_to[loop].axes
        loops = [bound_to[loop] for loop in range(len(equation.sizes))]
        return _Body(self, equation, loops, frozenset(folded)).result(result, index)


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
        """The result's term: the yielded value, folded over the reduction loops."""
        equation = self._equation
        if not equation.reduced:
            return self._scalar(equation.yielded[position])
        fold = equation.fold(position)
        function = FUNCTIONS.get(fold.combiner.name) if fold is not None else None
        if fold is None or function not in FOLDS:
            raise UnreadableError("a reduction that is not a plain fold")
        kind, arg = FOLDS[function], self._scalar(fold.value)
        missing = self._bound - arg.axes
        if missing and kind in ("sum", "prod"):
            raise UnreadableError("a fold over an axis that its value does not have")
        folded = self._terms.reduce(kind, arg, self._bound - missing) if self._bound else arg
        initial = self._reader.term(equation.outputs[position], index)
        if initial.is_const and _is_identity(kind, initial.value):
            return folded
        return self._terms.apply(function, (folded, initial), folded.dtype)

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
