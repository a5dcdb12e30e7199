"""One npu kernel, or one part of a mixed one, to the statements of its stage."""

from collections.abc import Sequence

from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.buffer_types import buffer_type, dtype_of, number_of
from hawk_xdsl.dialects.kernel_text.build import RELATIONS
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.parse import is_name
from hawk_xdsl.dialects.kernel_text.print_across import across_loops
from hawk_xdsl.dialects.kernel_text.print_fill import refills
from hawk_xdsl.dialects.kernel_text.print_index import index_expression
from hawk_xdsl.dialects.kernel_text.print_slices import (
    PartOfBuffer,
    part_of,
    root_of,
    slices_of,
)
from hawk_xdsl.dialects.kernel_text.signature import StageKernel
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BinaryOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    CrossSetOp,
    CrossWaitOp,
    FixpipeOp,
    KernelPart,
    LoadOp,
    MmadOp,
    ReadOp,
    ReturnOp,
    Role,
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


class StageReader:
    """Reads the statements of one kernel off its operations."""

    def __init__(self, stage: StageKernel, part: KernelPart, temps: Sequence[str]) -> None:
        self._block = part.block
        self._operands: dict[SSAValue, str] = dict(
            zip(stage.op.buffers, stage.operands, strict=True)
        )
        self._extents = [extent.name for extent in stage.op.ranges]
        self._reserved = {*stage.operands, *temps}
        lengths = stage.op.extent_arguments
        self._names: dict[SSAValue, str] = dict(zip(lengths, self._extents, strict=True))
        around = part.block.parent_op()
        assert around is not None
        self._refills = refills(around)

    def body(self) -> tuple[ast.Statement, ...]:
        """The statements. Raises ``KernelTextError`` for operations that have none."""
        return self._body(self._block)

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
        canonical = buffer_type(dtype_of(type_.element_type), type_.get_shape(), scope_of(base))
        if type_ != canonical:
            raise KernelTextError(f"kernel text allocates {canonical}, not {type_}")

    # Operands

    def _tile(self, value: SSAValue) -> ast.Tile:
        part = part_of(value)
        return ast.Tile(self._name(part.base), None if part.whole else self._slices(part))

    def _slices(
        self, part: PartOfBuffer, lengths: Sequence[int] | None = None
    ) -> tuple[ast.Slice, ...]:
        return slices_of(part, self._names, lengths)

    def _global(self, value: SSAValue, lengths: Sequence[int] | None = None) -> ast.Tile:
        part = part_of(value)
        whole = part.base
        if isinstance(whole.owner, memref.ReinterpretCastOp):
            whole = whole.owner.source
        if whole not in self._operands:
            raise KernelTextError("global memory that is no operand of the kernel")
        return ast.Tile(self._operands[whole], self._slices(part, lengths))

    def _operand(self, value: SSAValue) -> ast.Operand:
        """A tile or a scalar."""
        if isinstance(value.type, MemRefType):
            return self._tile(value)
        if isinstance(value.owner, arith.ConstantOp):
            return ast.Number(number_of(value.owner.value))
        while value not in self._names and isinstance(
            value.owner, arith.IndexCastOp | arith.SIToFPOp
        ):
            value = value.owner.input
        return ast.Tile(self._name(value))

    # Statements

    def _body(self, block: Block) -> tuple[ast.Statement, ...]:
        visible = dict(self._names)
        body: list[ast.Statement] = []
        for op in block.ops:
            for buffer in self._refills.get(op, ()):
                body.append(ast.Assign(self._name(buffer), self._fill(buffer)))
            statement = self._statement(op)
            if statement is not None:
                body.append(statement)
        self._names = visible
        return tuple(body)

    def _statement(self, op: Operation) -> ast.Statement | None:
        match op:
            case StoreOp() | FixpipeOp():
                relu = isinstance(op, FixpipeOp) and op.relu is not None
                return ast.Store(self._tile(op.source), self._global(op.dest), relu)
            case CrossSetOp():
                return ast.Signal(op.flag.value.data, op.move.data)
            case CrossWaitOp():
                return ast.Await(op.flag.value.data, op.move.data)
            case scf.ForOp():
                return self._loop(op)
            case scf.IfOp():
                return self._condition(op)
            case _:
                return self._assign(op)

    def _assign(self, op: Operation) -> ast.Assign | None:
        """A value is read before its name is given: ``a = vexp a`` may be of two buffers ``a``."""
        match op:
            case AllocOp():
                if not scope_of(op.buffer).has(Role.ACCUMULATOR):
                    return None
                self._expect_layout(op.buffer)
                return ast.Assign(self._define(op.buffer), self._fill(op.buffer))
            case memref.ReinterpretCastOp() if not scope_of(op.source).is_global:
                source = part_of(op.source)
                if not source.whole:
                    raise KernelTextError("a view of a part of a buffer has no text form")
                view = ast.View(self._name(source.base), _shape(op.result))
                return ast.Assign(self._define(op.result), view)
            case LoadOp():
                load = self._load(op)
                return ast.Assign(self._target(op.dest), load)
            case ReadOp():
                read = self._read(op)
                return ast.Assign(self._define(op.value, "q"), read)
            case CopyOp():
                copy = ast.Elementwise("copy", (self._tile(op.source),))
                return ast.Assign(self._target(op.dest), copy)
            case MmadOp():
                return self._mmad(op)
            case VectorOp():
                value = self._vector(op)
                return ast.Assign(self._target(op.destination), value)
            case _:
                if not isinstance(op, _SILENT):
                    raise KernelTextError(f"{op.name} has no text form")
                return None

    def _fill(self, buffer: SSAValue) -> ast.Fill:
        type_ = buffer.type
        assert isinstance(type_, MemRefType)
        dtype = dtype_of(type_.element_type)
        zero = ast.Number(0 if dtype.is_integer else 0.0)
        return ast.Fill(zero, dtype, _shape(buffer), scope_of(buffer).name)

    def _load(self, op: LoadOp) -> ast.Load:
        base = part_of(op.dest).base
        assert isinstance(base.type, MemRefType)
        source = self._global(op.source, base.type.get_shape())
        pad = None if op.pad is None else self._operand(op.pad)
        assert not isinstance(pad, ast.Tile)
        return ast.Load(source, scope_of(base).name, pad)

    def _read(self, op: ReadOp) -> ast.Read:
        indices = tuple(index_expression(index, self._names) for index in op.indices)
        source = self._operands.get(op.source)
        if source is None:
            tile = self._tile(op.source)
            if tile.slices is not None:
                raise KernelTextError("a read of a part of a buffer has no text form")
            source = tile.name
        return ast.Read(source, indices)

    def _mmad(self, op: MmadOp) -> ast.Assign:
        lhs = ast.Factor(self._tile(op.lhs), op.transpose_lhs is not None)
        rhs = ast.Factor(self._tile(op.rhs), op.transpose_rhs is not None)
        accumulator = self._name(root_of(op.acc))
        bias = None if op.bias is None else self._tile(op.bias)
        return ast.Assign(accumulator, ast.Mmad(lhs, rhs, accumulator, bias))

    def _vector(self, op: VectorOp) -> ast.Value:
        match op:
            case UnaryOp() | BinaryOp() | VselOp() | VgatherOp():
                operands = tuple(self._operand(value) for value in op.inputs)
                return ast.Elementwise(op.name.removeprefix("npu."), operands)
            case VcmpOp():
                return ast.Compare(op.predicate.data, self._tile(op.lhs), self._operand(op.rhs))
            case VcastOp():
                dtype = dtype_of(_element(op.out))
                return ast.Cast(self._tile(op.input), dtype, op.rounding.data)
            case VreduceOp():
                return ast.Reduce(op.kind.data, self._tile(op.input), op.axes.get_values())
            case VcumulateOp():
                return ast.Cumulate(op.kind.data, self._tile(op.input), op.axis.value.data)
            case VtransposeOp():
                return ast.Transpose(self._tile(op.input), op.permutation.get_values())
            case VarangeOp():
                dtype, shape = dtype_of(_element(op.out)), _shape(part_of(op.out).base)
                return ast.Arange(dtype, shape, op.axis.value.data)
            case VbrcOp():
                shape = _shape(part_of(op.out).base)
                if not isinstance(op.input.owner, arith.ConstantOp):
                    source = self._operand(op.input)
                    assert isinstance(source, ast.Tile)
                    return ast.Broadcast(source, shape)
                number = ast.Number(number_of(op.input.owner.value))
                return ast.Fill(number, dtype_of(_element(op.out)), shape, scope_of(op.out).name)
            case _:
                raise KernelTextError(f"{op.name} has no text form")

    # Blocks

    def _loop(self, op: scf.ForOp) -> ast.For | ast.Across:
        if op.iter_args:
            raise KernelTextError("a loop that carries values has no text form")
        visible = dict(self._names)
        try:
            if isinstance(op.lb.owner, BlockIdxOp) and isinstance(op.step.owner, BlockCountOp):
                return ast.Across(self._across(op), self._body(op.body.block))
            start, stop = (index_expression(value, self._names) for value in (op.lb, op.ub))
            step = index_expression(op.step, self._names)
            if not isinstance(step, ast.Integer):
                raise KernelTextError("a loop whose step is not a number has no text form")
            name = self._define(op.body.block.args[0], "i")
            return ast.For(ast.Loop(name, start, stop, step.value), self._body(op.body.block))
        finally:
            self._names = visible

    def _across(self, op: scf.ForOp) -> tuple[ast.Loop, ...]:
        return tuple(
            ast.Loop(self._define(value, "i"), start, stop, step)
            for value, start, stop, step in across_loops(op, self._extents)
        )

    def _condition(self, op: scf.IfOp) -> ast.If:
        compare = op.cond.owner
        if not isinstance(compare, arith.CmpiOp) or op.false_region.blocks or op.output:
            raise KernelTextError("a condition that is not one comparison has no text form")
        relation = _PREDICATES[_PREDICATE_NAMES[compare.predicate.value.data]]
        left = index_expression(compare.lhs, self._names)
        right = index_expression(compare.rhs, self._names)
        return ast.If(left, relation, right, self._body(op.true_region.block))


def _element(value: SSAValue) -> Attribute:
    assert isinstance(value.type, MemRefType)
    return value.type.element_type


def _shape(value: SSAValue) -> tuple[int, ...]:
    assert isinstance(value.type, MemRefType)
    return tuple(value.type.get_shape())
