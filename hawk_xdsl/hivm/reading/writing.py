"""Writes the ops of a kernel in order: scalars only where a linear form needs them."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import AffineMapAttr, IndexType, IntegerAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap

from hawk_xdsl.hivm.reading.linear import IndexForm, Progression


class Writer:
    """Appends ops to a block, and remembers which scalars are there already.

    Attributes:
        block: where the next op goes.
        progressions: the values that loop variables of the kernel take, where that is known.
        limits: what values are at most, where that is known.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.progressions: dict[SSAValue, Progression] = {}
        self.limits: dict[SSAValue, int] = {}
        self._known: list[dict[object, SSAValue]] = [{}]

    def add(self, op: Operation) -> SSAValue:
        """Append an op; its first result."""
        self.block.add_op(op)
        return op.results[0] if op.results else SSAValue.get(op.operands[0])

    def put(self, op: Operation) -> None:
        """Append an op without results."""
        self.block.add_op(op)

    @contextmanager
    def inside(self, block: Block) -> Generator[None]:
        """Write into a block of an op of this one; what is computed there is not seen outside."""
        outer, self.block = self.block, block
        self._known.append({})
        try:
            yield
        finally:
            self._known.pop()
            self.block = outer

    def once(self, key: object, make: Callable[[], Operation]) -> SSAValue:
        """The scalar of a key; the op that makes it is written if it is not there yet."""
        for known in self._known:
            if key in known:
                return known[key]
        value = self.add(make())
        self._known[-1][key] = value
        return value

    def index(self, form: IndexForm | int) -> SSAValue:
        """A form as an index value."""
        form = IndexForm({}, form) if isinstance(form, int) else form
        if not form.terms:
            number = form.constant
            return self.once(
                ("number", number),
                lambda: arith.ConstantOp(IntegerAttr(number, IndexType())),
            )
        (value, factor), *others = form.terms.items()
        if not others and factor == 1 and not form.constant:
            return value
        return self.apply([form])

    def apply(self, forms: Sequence[IndexForm], minimum: bool = False) -> SSAValue:
        """``affine.apply`` of a form, or ``affine.min`` of several."""
        values = list(dict.fromkeys(value for form in forms for value in form.terms))
        places = {value: place for place, value in enumerate(values)}
        results = tuple(_expression(form, places) for form in forms)
        made = self._affine(AffineMap(len(values), 0, results), values, minimum)
        limits = [limit for form in forms if (limit := self.limit(form)) is not None]
        if limits:
            self.limits[made] = min(limits)
        return made

    def limit(self, form: IndexForm) -> int | None:
        """What a form is at most, if that is known."""
        total = form.constant
        for value, factor in form.terms.items():
            if factor < 0 or value not in self.limits:
                return None
            total += factor * self.limits[value]
        return total

    def divided(self, form: IndexForm, divisor: int, kind: str) -> SSAValue:
        """``floordiv`` or ``mod`` of a form by a number, where it does not fold."""
        dim = AffineExpr.dimension(0)
        expression = {
            "floordiv": dim // divisor,
            "mod": dim % divisor,
        }[kind]
        made = self._affine(AffineMap(1, 0, (expression,)), [self.index(form)], False)
        limit = self.limit(form)
        if kind == "mod":
            self.limits[made] = divisor - 1
        elif limit is not None:
            self.limits[made] = limit // divisor
        return made

    def _affine(self, map_: AffineMap, values: Sequence[SSAValue], minimum: bool) -> SSAValue:
        attr = AffineMapAttr(map_)
        key = ("affine", minimum, map_, *values)
        if minimum:
            return self.once(key, lambda: affine.MinOp(values, attr))
        return self.once(key, lambda: affine.ApplyOp(values, attr))


def _expression(form: IndexForm, places: Mapping[SSAValue, int]) -> AffineExpr:
    expression: AffineExpr | None = None
    for value, factor in form.terms.items():
        term: AffineExpr = AffineExpr.dimension(places[value])
        term = term if factor == 1 else term * factor
        expression = term if expression is None else expression + term
    if expression is None:
        return AffineExpr.constant(form.constant)
    return expression + form.constant if form.constant else expression
