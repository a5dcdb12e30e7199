"""The body of a ``linalg.generic`` as ops on whole tensors, constants folded."""

from collections.abc import Collection

from torch_mlir import ir

from scheduler.tensor_text import Lines, UnsupportedError, narrowed, tensor, type_text

FLOAT_RELATIONS = ("false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord",
                   "oeq", "ogt", "oge", "olt", "ole", "une", "uno", "true")  # fmt: skip
"""The relations of ``arith.cmpf``; the vendor has no unordered ones but ``une``."""

INTEGER_RELATIONS = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
CASTS = ("extf", "truncf", "sitofp", "extui", "uitofp", "fptosi", "extsi", "trunci")
WRAPPED = frozenset({"arith.truncf", "arith.extf"})
GREATER, LESS = (2, 3, 9, 10), (4, 5, 11, 12)


def owner_of(value: ir.Value) -> ir.Operation | None:
    """The op that makes a value; ``None`` for an argument."""
    owner = value.owner
    return None if isinstance(owner, ir.Block) else owner.operation


def constant(value: ir.Value) -> str | None:
    """The literal of a scalar that is a constant, or made of constants."""
    op = owner_of(value)
    if op is None:
        return None
    if op.name == "arith.constant":
        return narrowed(str(op.attributes["value"])).split(" : ")[0]
    if op.name in WRAPPED:
        return constant(op.operands[0])
    parts = [constant(operand) for operand in op.operands]
    if any(part is None for part in parts):
        return None
    numbers = [float(part) for part in parts if part is not None and not part.startswith("0x")]
    if len(numbers) != len(parts):
        return None
    match op.name:
        case "arith.sitofp":
            return repr(numbers[0])
        case "arith.divf":
            return repr(numbers[0] / numbers[1])
        case "arith.addf":
            return repr(numbers[0] + numbers[1])
        case _:
            return None


class Body:
    """Translates the ops of one region over an iteration space."""

    def __init__(self, lines: Lines, shape: list[int], values: dict[ir.Value, str]) -> None:
        self._lines, self._shape, self._values = lines, shape, values
        self._indexed = False

    def run(self, block: ir.Block, skip: Collection[ir.Operation] = ()) -> None:
        """All ops but the terminator and those to skip."""
        ops = [op.operation for op in block.operations]
        self._indexed = any(op.name == "linalg.index" for op in ops)
        for op in ops:
            if op.name == "linalg.yield":
                return
            if op not in skip and len(op.results):
                self._op(op)

    def value(self, value: ir.Value) -> str:
        """The tensor of a value. Raises ``UnsupportedError`` for what comes from outside."""
        if value not in self._values:
            literal = constant(value)
            if literal is None:
                raise UnsupportedError("a value from outside of a linalg body")
            self._values[value] = self._lines.splat(literal, self._shape, self._element(value))
        return self._values[value]

    def _element(self, value: ir.Value) -> str:
        name = type_text(value.type).replace("index", "i32")
        return "i32" if self._indexed and name == "i64" else name

    def _op(self, op: ir.Operation) -> None:
        result = op.results[0]
        if op.name == "linalg.index":
            self._values[result] = self._index(ir.IntegerAttr(op.attributes["dim"]).value)
        elif op.name == "arith.index_cast":
            self._values[result] = self._values[op.operands[0]]
        elif constant(result) is None:
            self._values[result] = self._computed(op)

    def _index(self, dim: int) -> str:
        extent = self._shape[dim]
        into = self._lines.empty([extent], "i32")
        start = self._lines.value("arith.constant 0 : index", "z")
        step = self._lines.value("arith.constant 1 : index", "o")
        row = tensor([extent], "i32")
        made = self._lines.value(
            f"hfusion.arange offset[{start}] strides[{step}] outs({into} : {row}) -> {row}", "ar"
        )
        return self._lines.broadcast(made, [extent], [dim], self._shape, "i32")

    def _computed(self, op: ir.Operation) -> str:
        result = op.results[0]
        to = tensor(self._shape, self._element(result))
        source = tensor(self._shape, self._element(op.operands[0]))
        operands = op.operands if op.name != "math.fpowi" else [op.operands[0]]
        given = [self.value(operand) for operand in operands]
        short = op.name.removeprefix("arith.")
        if short in CASTS and source == to:
            return given[0]
        if op.name in ("arith.cmpf", "arith.cmpi"):
            relations = FLOAT_RELATIONS if short == "cmpf" else INTEGER_RELATIONS
            relation = relations[ir.IntegerAttr(op.attributes["predicate"]).value]
            return self._lines.value(f"{op.name} {relation}, {given[0]}, {given[1]} : {source}")
        if op.name == "arith.select":
            extremum = _extremum(op)
            if extremum is not None:
                return self._lines.value(f"arith.{extremum} {given[1]}, {given[2]} : {to}")
            return self._lines.value(f"arith.select {', '.join(given)} : {source}, {to}")
        if short in CASTS:
            return self._lines.value(f"{op.name} {given[0]} : {source} to {to}")
        if op.name == "math.fpowi":
            return self._power(given[0], constant(op.operands[1]), to)
        if op.name == "arith.negf":
            minus = self._lines.splat("-1.0", self._shape, self._element(result))
            return self._lines.value(f"arith.mulf {given[0]}, {minus} : {to}")
        if op.name.startswith(("arith.", "math.")):
            return self._lines.value(f"{op.name} {', '.join(given)} : {to}")
        raise UnsupportedError(f"{op.name} in a linalg body")

    def _power(self, value: str, exponent: str | None, to: str) -> str:
        if exponent not in ("2", "3"):
            raise UnsupportedError(f"math.fpowi by {exponent}")
        square = self._lines.value(f"arith.mulf {value}, {value} : {to}")
        if exponent == "2":
            return square
        return self._lines.value(f"arith.mulf {square}, {value} : {to}")


def _extremum(op: ir.Operation) -> str | None:
    """A select between the operands of its comparison is the larger or smaller of them."""
    compare = owner_of(op.operands[0])
    if compare is None or compare.name != "arith.cmpf":
        return None
    predicate = ir.IntegerAttr(compare.attributes["predicate"]).value
    first, second = compare.operands
    on_true, on_false = op.operands[1], op.operands[2]
    if _same(first, on_true) and _same(second, on_false):
        larger, smaller = "maximumf", "minimumf"
    elif _same(first, on_false) and _same(second, on_true):
        larger, smaller = "minimumf", "maximumf"
    else:
        return None
    return larger if predicate in GREATER else smaller if predicate in LESS else None


def _same(first: ir.Value, second: ir.Value) -> bool:
    known = constant(first)
    return first == second or (known is not None and known == constant(second))
