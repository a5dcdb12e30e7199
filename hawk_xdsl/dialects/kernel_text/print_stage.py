"""One npu kernel to the statements of a stage."""

from collections.abc import Iterator, Sequence

from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import DenseArrayBase, MemRefType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from hawk_xdsl.dialects.kernel_text.build import ACROSS, RELATIONS, across_expression
from hawk_xdsl.dialects.kernel_text.dtypes import buffer_type, dtype_name, number_text
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.parse import is_name
from hawk_xdsl.dialects.kernel_text.print_fill import refills
from hawk_xdsl.dialects.kernel_text.print_index import index_text, integer_text
from hawk_xdsl.dialects.kernel_text.print_slices import (
    PartOfBuffer,
    part_of,
    root_of,
    slice_texts,
)
from hawk_xdsl.dialects.kernel_text.signature import StageKernel
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BinaryOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    FixpipeOp,
    LoadOp,
    MmadOp,
    ReadOp,
    ReturnOp,
    Scope,
    SetFlagOp,
    StoreOp,
    UnaryOp,
    VarangeOp,
    VbrcOp,
    VcastOp,
    VcmpOp,
    VcumulateOp,
    VectorOp,
    VgatherOp,
    VreduceOp,
    VselOp,
    VtransposeOp,
    WaitFlagOp,
    scope_of,
)

_SILENT = (
    arith.ConstantOp, arith.CmpiOp, arith.AndIOp, arith.IndexCastOp, arith.SIToFPOp,
    affine.ApplyOp, affine.MinOp, memref.SubviewOp, memref.ReinterpretCastOp, BlockIdxOp,
    BlockCountOp, SetFlagOp, WaitFlagOp, BarrierOp, ReturnOp, scf.YieldOp,
)  # fmt: skip
"""Operations that have no statement of their own."""

_PREDICATES = {name: relation for relation, name in RELATIONS.items()}
_PREDICATE_NAMES = ("eq", "ne", "slt", "sle", "sgt", "sge")


class StagePrinter:
    """Prints the body of one kernel."""

    def __init__(self, stage: StageKernel, temps: Sequence[str]) -> None:
        self._block = stage.op.body.block
        self._operands: dict[SSAValue, str] = dict(
            zip(self._block.args, stage.operands, strict=True)
        )
        self._reserved = {*stage.operands, *temps}
        self._names: dict[SSAValue, str] = {}
        self._refills = refills(stage.op)

    def lines(self) -> list[str]:
        """The statements. Raises ``KernelTextError`` for operations that have none."""
        return list(self._body(self._block))

    # Names

    def _define(self, value: SSAValue, default: str = "b") -> str:
        """Name a value from here to the end of the block."""
        hint = value.name_hint
        base = hint if hint is not None and is_name(hint) else default
        taken = self._reserved | set(self._names.values())
        name, number = base, 2
        while name in taken:
            name, number = f"{base}{number}", number + 1
        self._names[value] = name
        return name

    def _name(self, value: SSAValue) -> str:
        name = self._names.get(value)
        if name is None:
            raise KernelTextError("a buffer is used before or outside the block that writes it")
        return name

    def _target(self, dest: SSAValue) -> str:
        """The name that a statement assigns."""
        part = part_of(dest)
        if not part.whole:
            raise KernelTextError("an instruction that writes a part of a buffer has no text form")
        if part.base not in self._names:
            if not isinstance(part.base.owner, AllocOp):
                raise KernelTextError("an instruction writes a buffer that nothing allocates")
            self._expect_layout(part.base)
            return self._define(part.base)
        return self._names[part.base]

    @staticmethod
    def _expect_layout(base: SSAValue) -> None:
        type_ = base.type
        assert isinstance(type_, MemRefType)
        canonical = buffer_type(dtype_name(type_.element_type), type_.get_shape(), scope_of(base))
        if type_ != canonical:
            raise KernelTextError(f"kernel text allocates {canonical}, not {type_}")

    # Operands

    def _tile(self, value: SSAValue) -> str:
        part = part_of(value)
        return self._name(part.base) + ("" if part.whole else self._slices(part))

    def _slices(self, part: PartOfBuffer, lengths: Sequence[int] | None = None) -> str:
        return f"[{', '.join(slice_texts(part, self._names, lengths))}]"

    def _global(self, value: SSAValue, lengths: Sequence[int] | None = None) -> str:
        part = part_of(value)
        whole = part.base
        if isinstance(whole.owner, memref.ReinterpretCastOp):
            whole = whole.owner.source
        if whole not in self._operands:
            raise KernelTextError("global memory that is no operand of the kernel")
        return self._operands[whole] + self._slices(part, lengths)

    def _operand(self, value: SSAValue) -> str:
        """A tile or a scalar."""
        if isinstance(value.type, MemRefType):
            return self._tile(value)
        if isinstance(value.owner, arith.ConstantOp):
            return number_text(value.owner.value)
        while value not in self._names and isinstance(
            value.owner, arith.IndexCastOp | arith.SIToFPOp
        ):
            value = value.owner.input
        return self._name(value)

    # Statements

    def _body(self, block: Block) -> Iterator[str]:
        visible = dict(self._names)
        for op in block.ops:
            for buffer in self._refills.get(op, ()):
                yield self._fill(buffer, self._name(buffer))
            yield from self._statement(op)
        self._names = visible

    def _statement(self, op: Operation) -> Iterator[str]:
        match op:
            case AllocOp():
                if scope_of(op.buffer) is Scope.L0C:
                    self._expect_layout(op.buffer)
                    yield self._fill(op.buffer, self._define(op.buffer))
            case memref.ReinterpretCastOp() if scope_of(op.source) is not Scope.GLOBAL:
                source = part_of(op.source)
                if not source.whole:
                    raise KernelTextError("a view of a part of a buffer has no text form")
                text = f"view {self._name(source.base)} as {_shape(op.result)}"
                yield f"{self._define(op.result)} = {text}"
            case LoadOp():
                yield self._load(op)
            case StoreOp():
                yield f"store {self._tile(op.source)} into {self._global(op.dest)}"
            case FixpipeOp():
                relu = "relu " if op.relu is not None else ""
                yield f"store {relu}{self._tile(op.source)} into {self._global(op.dest)}"
            case ReadOp():
                yield self._read(op)
            case CopyOp():
                text = f"copy {self._tile(op.source)}"
                yield f"{self._target(op.dest)} = {text}"
            case MmadOp():
                yield self._mmad(op)
            case VectorOp():
                text = self._vector(op)
                yield f"{self._target(op.destination)} = {text}"
            case scf.ForOp():
                yield from self._loop(op)
            case scf.IfOp():
                yield from self._condition(op)
            case _:
                if not isinstance(op, _SILENT):
                    raise KernelTextError(f"{op.name} has no text form")

    def _fill(self, buffer: SSAValue, name: str) -> str:
        type_ = buffer.type
        assert isinstance(type_, MemRefType)
        dtype = dtype_name(type_.element_type)
        zero = "0" if dtype.startswith("i") else "0.0"
        return f"{name} = fill {zero} {dtype}{_shape(buffer)} in l0c"

    def _load(self, op: LoadOp) -> str:
        base = part_of(op.dest).base
        assert isinstance(base.type, MemRefType)
        source = self._global(op.source, base.type.get_shape())
        pad = "" if op.pad is None else f" pad {self._operand(op.pad)}"
        return f"{self._target(op.dest)} = load {source} into {scope_of(base)}{pad}"

    def _read(self, op: ReadOp) -> str:
        indices = ", ".join(index_text(index, self._names) for index in op.indices)
        source = self._operands.get(op.source) or self._tile(op.source)
        return f"{self._define(op.value, 'q')} = read {source}[{indices}]"

    def _mmad(self, op: MmadOp) -> str:
        lhs = self._tile(op.lhs) + ("" if op.transpose_lhs is None else ".T")
        rhs = self._tile(op.rhs) + ("" if op.transpose_rhs is None else ".T")
        accumulator = self._name(root_of(op.acc))
        return f"{accumulator} = mmad {lhs}, {rhs}, {accumulator}"

    def _vector(self, op: VectorOp) -> str:
        mnemonic = op.name.removeprefix("npu.")
        operands = ", ".join(self._operand(value) for value in op.inputs)
        match op:
            case UnaryOp() | BinaryOp() | VselOp() | VgatherOp():
                return f"{mnemonic} {operands}"
            case VcmpOp():
                return f"{mnemonic} {op.predicate.data} {operands}"
            case VcastOp():
                dtype = dtype_name(_element(op.out))
                return f"{mnemonic} {operands} to {dtype} round {op.rounding.data}"
            case VreduceOp():
                axes = ", ".join(str(axis) for axis in op.axes.get_values())
                return f"{mnemonic} {op.kind.data} {operands} axis {axes}"
            case VcumulateOp():
                return f"{mnemonic} {op.kind.data} {operands} axis {op.axis.value.data}"
            case VtransposeOp():
                return f"{mnemonic} {operands} perm {list(op.permutation.get_values())}"
            case VarangeOp():
                dtype = dtype_name(_element(op.out))
                return f"{mnemonic} {dtype}{_shape(part_of(op.out).base)} axis {op.axis.value.data}"
            case VbrcOp():
                shape = _shape(part_of(op.out).base)
                if isinstance(op.input.owner, arith.ConstantOp):
                    return f"fill {operands} {dtype_name(_element(op.out))}{shape} in ub"
                return f"{mnemonic} {operands} to {shape}"
            case _:
                raise KernelTextError(f"{op.name} has no text form")

    # Blocks

    def _loop(self, op: scf.ForOp) -> Iterator[str]:
        if op.iter_args:
            raise KernelTextError("a loop that carries values has no text form")
        visible = dict(self._names)
        if isinstance(op.lb.owner, BlockIdxOp) and isinstance(op.step.owner, BlockCountOp):
            header = f"across {self._across(op)}"
        else:
            bounds = [index_text(value, self._names) for value in (op.lb, op.ub, op.step)]
            if not bounds[2].isdigit():
                raise KernelTextError("a loop whose step is not a number has no text form")
            name = self._define(op.body.block.args[0], "i")
            header = f"for {name} in {bounds[0]}..{bounds[1]} step {bounds[2]}"
        yield f"{header} {{"
        yield from self._body(op.body.block)
        yield "}"
        self._names = visible

    def _across(self, op: scf.ForOp) -> str:
        iteration = op.body.block.args[0]
        applies = [
            inner
            for inner in op.body.block.ops
            if isinstance(inner, affine.ApplyOp) and iteration in inner.mapOperands
        ]
        attribute = op.attributes.get(ACROSS)
        if isinstance(attribute, DenseArrayBase):
            numbers = [int(number) for number in attribute.get_values()]
            if not numbers or len(numbers) % 3 or min(numbers[2::3]) < 1:
                raise KernelTextError(f"{ACROSS} needs a start, stop and step a variable")
            ranges = [range(*numbers[i : i + 3]) for i in range(0, len(numbers), 3)]
        else:
            ranges = [_plain_range(op, applies)]
        if not applies and len(ranges) == 1:
            values: list[SSAValue] = [iteration]
        else:
            values = _loop_values(applies, ranges)
        return ", ".join(
            f"{self._define(value, 'i')} in {_range(range_)}"
            for value, range_ in zip(values, ranges, strict=True)
        )

    def _condition(self, op: scf.IfOp) -> Iterator[str]:
        compare = op.cond.owner
        if not isinstance(compare, arith.CmpiOp) or op.false_region.blocks or op.output:
            raise KernelTextError("a condition that is not one comparison has no text form")
        predicate = _PREDICATE_NAMES[compare.predicate.value.data]
        left = index_text(compare.lhs, self._names)
        right = index_text(compare.rhs, self._names)
        yield f"if {left} {_PREDICATES[predicate]} {right} {{"
        yield from self._body(op.true_region.block)
        yield "}"


def _range(values: range) -> str:
    return f"{integer_text(values.start)}..{integer_text(values.stop)} step {values.step}"


def _plain_range(op: scf.ForOp, applies: Sequence[affine.ApplyOp]) -> range:
    """The range of the one variable of a loop over blocks that does not say it."""
    total = index_text(op.ub, {})
    if not total.isdigit() or len(applies) > 1:
        raise KernelTextError("a loop over blocks without its ranges has no text form")
    if not applies:
        return range(int(total))
    map_ = applies[0].map.data
    start = map_.eval([0], [])[0]
    step = map_.eval([1], [])[0] - start
    if step < 1 or start < 0:
        raise KernelTextError("a loop over blocks that does not count up has no text form")
    return range(start, start + step * int(total), step)


def _loop_values(applies: Sequence[affine.ApplyOp], ranges: Sequence[range]) -> list[SSAValue]:
    """The loop variables of ``across``, checked against the ranges it claims."""
    inner = 1
    values: list[SSAValue] = []
    matches = len(applies) == len(ranges)
    for position in range(len(ranges) - 1, -1, -1):
        expression = across_expression(ranges[position], inner, outermost=position == 0)
        inner *= len(ranges[position])
        if not matches or applies[position].map.data.results[0] != expression:
            raise KernelTextError("a loop over blocks does not compute the ranges it claims")
        values.append(applies[position].result)
    return list(reversed(values))


def _element(value: SSAValue) -> Attribute:
    assert isinstance(value.type, MemRefType)
    return value.type.element_type


def _shape(value: SSAValue) -> str:
    assert isinstance(value.type, MemRefType)
    return str(list(value.type.get_shape()))
