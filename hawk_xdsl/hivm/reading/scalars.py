"""The scalar ops of the vendor's kernels: folded where known, written where not."""

from collections.abc import Callable, Sequence

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType, i1
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineSymExpr,
)

from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.linear import IndexForm, in_turns
from hawk_xdsl.hivm.reading.writing import Writer

Scalar = IndexForm | SSAValue
"""An integer as a form; a float or a truth value as it is."""

CASTS = (arith.IndexCastOp, arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp)
FLOATS = (arith.FloatingPointLikeBinaryOperation, arith.NegfOp, arith.ExtFOp, arith.TruncFOp)
"""Ops on numbers, which stay as they are."""

DIVISIONS: dict[type[Operation], str] = {
    arith.FloorDivSIOp: "floordiv",
    arith.DivSIOp: "floordiv",
    arith.DivUIOp: "floordiv",
    arith.CeilDivSIOp: "ceildiv",
    arith.RemSIOp: "mod",
    arith.RemUIOp: "mod",
}
"""Divisions of what a kernel counts, which is never negative."""

BITS: dict[type[Operation], Callable[[int, int], int]] = {
    arith.AndIOp: lambda left, right: left & right,
    arith.OrIOp: lambda left, right: left | right,
    arith.XOrIOp: lambda left, right: left ^ right,
}
COMPARED: dict[int, Callable[[int, int], bool]] = {
    0: lambda left, right: left == right,
    1: lambda left, right: left != right,
    2: lambda left, right: left < right,
    3: lambda left, right: left <= right,
    4: lambda left, right: left > right,
    5: lambda left, right: left >= right,
}
KINDS = {
    AffineBinaryOpKind.FloorDiv: "floordiv",
    AffineBinaryOpKind.CeilDiv: "ceildiv",
    AffineBinaryOpKind.Mod: "mod",
}


class Scalars:
    """Evaluates the scalar ops of one kernel."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def value(self, op: Operation, operands: Sequence[Scalar]) -> Scalar | None:
        """The result of an op; ``None`` if it is not one of these."""
        match op:
            case affine.ApplyOp():
                return self._affine(op.map.data.results[0], op.map.data.num_dims, forms(operands))
            case affine.MinOp():
                return self._minimum(op, forms(operands))
            case arith.CmpiOp():
                return self._compare(op.predicate.value.data, forms(operands))
            case arith.SelectOp():
                return self._select(op, operands)
            case arith.AddiOp():
                left, right = forms(operands)
                return left + right
            case arith.SubiOp():
                left, right = forms(operands)
                return left - right
            case _:
                return self._other(op, operands)

    def _other(self, op: Operation, operands: Sequence[Scalar]) -> Scalar | None:
        if isinstance(op, CASTS):
            return self._cast(op, operands[0])
        if type(op) in DIVISIONS:
            left, right = forms(operands)
            if right.number is None or right.number < 1:
                raise HivmImportError(f"{op.name} by what is not a positive number")
            return self.divide(left, right.number, DIVISIONS[type(op)])
        if type(op) in BITS:
            return self._bits(op, operands)
        if isinstance(op, arith.MuliOp):
            left, right = forms(operands)
            if left.number is not None:
                return right.times(left.number)
            if right.number is not None:
                return left.times(right.number)
            values = self._writer.index(left), self._writer.index(right)
            return IndexForm.of(self._writer.once(("mul", *values), lambda: arith.MuliOp(*values)))
        if isinstance(op, arith.MinSIOp | arith.MaxSIOp):
            left, right = forms(operands)
            if left.number is not None and right.number is not None:
                pick = min if isinstance(op, arith.MinSIOp) else max
                return IndexForm({}, pick(left.number, right.number))
            values = self._writer.index(left), self._writer.index(right)
            made = type(op)
            return IndexForm.of(self._writer.once((op.name, *values), lambda: made(*values)))
        if isinstance(op, FLOATS):
            values = [given for given in operands if isinstance(given, SSAValue)]
            return self._writer.add(op.clone(dict(zip(op.operands, values, strict=True))))
        return None

    def _cast(self, op: Operation, given: Scalar) -> Scalar:
        to_bit = op.results[0].type == i1
        if isinstance(given, IndexForm):
            if not to_bit:
                return given
            if given.number is None:
                raise HivmImportError("a buffer or event that no number of iterations tells")
            return IndexForm({}, given.number & 1)
        if to_bit or not isinstance(op.operands[0].type, IntegerType):
            return given
        one, none = self._writer.index(1), self._writer.index(0)
        return IndexForm.of(self._writer.add(arith.SelectOp(given, one, none)))

    def _bits(self, op: Operation, operands: Sequence[Scalar]) -> Scalar:
        known = [form.number if isinstance(form, IndexForm) else None for form in operands]
        left, right = known
        if left is not None and right is not None:
            return IndexForm({}, BITS[type(op)](left, right))
        values = [self.truth(given) for given in operands]
        return self._writer.add(type(op).create(operands=values, result_types=[i1]))

    def truth(self, given: Scalar) -> SSAValue:
        """A truth value as i1."""
        if isinstance(given, SSAValue):
            return given
        if given.number is None:
            raise HivmImportError("a truth value made of a number")
        number = given.number & 1
        return self._writer.once(
            ("truth", number), lambda: arith.ConstantOp(IntegerAttr(number, i1))
        )

    def _compare(self, predicate: int, given: Sequence[IndexForm]) -> Scalar:
        left, right = given
        difference = left - right
        if difference.number is not None and predicate in COMPARED:
            return IndexForm({}, int(COMPARED[predicate](difference.number, 0)))
        values = self._writer.index(left), self._writer.index(right)
        return self._writer.once(
            ("compare", predicate, *values), lambda: arith.CmpiOp(*values, predicate)
        )

    def _select(self, op: arith.SelectOp, operands: Sequence[Scalar]) -> Scalar:
        condition, on_true, on_false = operands
        if isinstance(condition, IndexForm) and condition.number is not None:
            return on_true if condition.number else on_false
        values = [
            self._writer.index(given) if isinstance(given, IndexForm) else given
            for given in (on_true, on_false)
        ]
        made = self._writer.add(arith.SelectOp(self.truth(condition), *values))
        return IndexForm.of(made) if isinstance(made.type, IndexType) else made

    def _minimum(self, op: affine.MinOp, given: Sequence[IndexForm]) -> IndexForm:
        results = [
            self._affine(result, op.map.data.num_dims, given) for result in op.map.data.results
        ]
        least = [form.number for form in results if form.number is not None]
        if len(least) == len(results):
            return IndexForm({}, min(least))
        return IndexForm.of(self._writer.apply(results, minimum=True))

    def divide(self, form: IndexForm, divisor: int, kind: str) -> IndexForm:
        """``floordiv``, ``ceildiv`` or ``mod`` by a number."""
        if kind == "ceildiv":
            form = form + (divisor - 1)
        if kind == "mod":
            known = in_turns(form, self._writer.progressions).modulo(divisor)
            if known is not None:
                return IndexForm({}, known)
        else:
            whole = form.over(divisor)
            if whole is not None:
                return whole
        kind = "floordiv" if kind == "ceildiv" else kind
        return IndexForm.of(self._writer.divided(form, divisor, kind))

    def _affine(
        self, expression: AffineExpr, dimensions: int, given: Sequence[IndexForm]
    ) -> IndexForm:
        match expression:
            case AffineConstantExpr():
                return IndexForm({}, expression.value)
            case AffineDimExpr():
                return given[expression.position]
            case AffineSymExpr():
                return given[dimensions + expression.position]
            case AffineBinaryOpExpr():
                return self._binary(expression, dimensions, given)
            case _:
                raise HivmImportError(f"cannot evaluate {expression}")

    def _binary(
        self, expression: AffineBinaryOpExpr, dimensions: int, given: Sequence[IndexForm]
    ) -> IndexForm:
        if expression.kind is AffineBinaryOpKind.Mod:
            folded = self._modulo(expression, dimensions, given)
            if folded is not None:
                return folded
        right = self._affine(expression.rhs, dimensions, given)
        left = self._affine(expression.lhs, dimensions, given)
        if expression.kind is AffineBinaryOpKind.Add:
            return left + right
        if right.number is None:
            raise HivmImportError(f"cannot evaluate {expression}")
        if expression.kind is AffineBinaryOpKind.Mul:
            return left.times(right.number)
        return self.divide(left, right.number, KINDS[expression.kind])

    def _modulo(
        self, expression: AffineBinaryOpExpr, dimensions: int, given: Sequence[IndexForm]
    ) -> IndexForm | None:
        """A ``mod`` that is the same in every iteration, which the vendor counts them with."""
        turns = [in_turns(form, self._writer.progressions) for form in given]
        found = _folded(expression, dimensions, turns)
        return None if found is None or found.number is None else found


def _folded(
    expression: AffineExpr, dimensions: int, given: Sequence[IndexForm]
) -> IndexForm | None:
    """An expression of forms, if every step of it is a form."""
    match expression:
        case AffineConstantExpr():
            return IndexForm({}, expression.value)
        case AffineDimExpr():
            return given[expression.position]
        case AffineSymExpr():
            return given[dimensions + expression.position]
        case AffineBinaryOpExpr():
            left = _folded(expression.lhs, dimensions, given)
            right = _folded(expression.rhs, dimensions, given)
            return None if left is None or right is None else _step(expression.kind, left, right)
        case _:
            return None


def _step(kind: AffineBinaryOpKind, left: IndexForm, right: IndexForm) -> IndexForm | None:
    if kind is AffineBinaryOpKind.Add:
        return left + right
    number = right.number
    if number is None or (number < 1 and kind is not AffineBinaryOpKind.Mul):
        return None
    if kind is AffineBinaryOpKind.Mul:
        return left.times(number)
    if kind is AffineBinaryOpKind.Mod:
        rest = left.modulo(number)
        return None if rest is None else IndexForm({}, rest)
    return (left if kind is AffineBinaryOpKind.FloorDiv else left + (number - 1)).over(number)


def forms(operands: Sequence[Scalar]) -> list[IndexForm]:
    """Operands that are integers."""
    if not all(isinstance(given, IndexForm) for given in operands):
        raise HivmImportError("counts with truth values")
    return [given for given in operands if isinstance(given, IndexForm)]
