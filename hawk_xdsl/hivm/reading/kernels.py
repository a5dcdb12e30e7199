"""Functions of the vendor's as kernels: arguments, control flow, views; op by op."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
)
from xdsl.ir import Block, Operation, Region, SSAValue

from hawk_xdsl.dialects.npu import (
    BlockIdxOp,
    Core,
    KernelOp,
)
from hawk_xdsl.hivm.reading.buffers import Fractals, Pointer, Room, fractals
from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.events import OwnEvents, Renamed
from hawk_xdsl.hivm.reading.instructions import Instructions
from hawk_xdsl.hivm.reading.linear import IndexForm, Progression
from hawk_xdsl.hivm.reading.loops import period
from hawk_xdsl.hivm.reading.scalars import Scalars
from hawk_xdsl.hivm.reading.signature import argument_type, used_bytes, whole, written
from hawk_xdsl.hivm.reading.values import Values
from hawk_xdsl.hivm.reading.vendor_ops import (
    attribute,
    mnemonic,
    name_of,
    space,
    word,
)
from hawk_xdsl.hivm.reading.views import Views
from hawk_xdsl.hivm.reading.writing import Writer
from hawk_xdsl.npu_target import Target

CORES = {"AIV": Core.VECTOR, "AIC": Core.CUBE}
"""Kinds of cores by the vendor's names."""


@dataclass(frozen=True)
class HivmReading:
    """How kernels are read.

    Attributes:
        target: the machine they run on.
        blocks: how many blocks run a kernel that does not say it.
        own_events: whether copies of a loop's body get event ids of their own.
    """

    target: Target
    blocks: int | None = None
    own_events: bool = True


def import_kernels(module: ModuleOp, reading: HivmReading) -> None:
    """Put an ``npu.kernel`` in the place of each kernel of a module; drop what runs on the host.

    Raises:
        HivmImportError: a kernel uses what is not read; the module is not changed.
    """
    functions = [op for op in module.body.block.ops if isinstance(op, func.FuncOp)]
    kernels = {op: _KernelReader(op, reading).read() for op in functions if _is_kernel(op)}
    if not kernels:
        raise HivmImportError("no function for a core: one with hivm.func_core_type is a kernel")
    for op in functions:
        if op in kernels:
            module.body.block.insert_op_before(kernels[op], op)
        op.detach()
        op.erase()
    module.attributes.clear()


def _is_kernel(op: func.FuncOp) -> bool:
    return attribute(op, "hivm.func_core_type") is not None and (
        attribute(op, "hacc.always_inline") is None
    )


class _KernelReader:
    """Reads one function."""

    def __init__(self, function: func.FuncOp, reading: HivmReading) -> None:
        self._function, self._reading = function, reading
        self._name = function.sym_name.data
        self._values = Values()
        self._room = Room(used_bytes(function), reading.target)
        self._arguments = [a for a in function.body.block.args if isinstance(a.type, MemRefType)]
        self._own_events = OwnEvents(function, reading.target.sync.events)
        outputs = written(function)
        self._order = sorted(self._arguments, key=lambda argument: argument in outputs)
        self._inputs = sum(argument not in outputs for argument in self._arguments)

    def read(self) -> KernelOp:
        """The kernel. Raises ``HivmImportError``, with the function's name."""
        try:
            return self._read()
        except HivmImportError as error:
            raise HivmImportError(f"@{self._name}: {error}") from None

    def _read(self) -> KernelOp:
        if attribute(self._function, "hivm.part_of_mix") is not None:
            raise HivmImportError("a half of a kernel of cube and vector cores")
        kernel = self._kernel()
        self._writer = Writer(kernel.body.block)
        kernel_end = kernel.body.block.last_op
        assert kernel_end is not None
        kernel_end.detach()
        self._scalars = Scalars(self._writer)
        self._views = Views(self._values, self._writer)
        self._instructions = Instructions(
            self._writer, self._scalars, self._room, self._reading.target
        )
        for argument, value in zip(self._order, kernel.body.block.args, strict=True):
            assert isinstance(value.type, MemRefType)
            self._values[argument] = whole(value)
        self._ops(self._function.body.block)
        kernel.body.block.add_op(kernel_end)
        return kernel

    def _kernel(self) -> KernelOp:
        blocks = attribute(self._function, "hacc.block_dim")
        number = blocks.value.data if isinstance(blocks, IntegerAttr) else self._reading.blocks
        if number is None:
            raise HivmImportError("says on how many blocks it runs nowhere: pass blocks=…")
        core = CORES.get(word(attribute(self._function, "hivm.func_core_type")))
        if core is None:
            raise HivmImportError("a kernel of cube and vector cores at once")
        types = [argument_type(argument, place) for place, argument in enumerate(self._order)]
        return KernelOp(
            self._name,
            types[: self._inputs],
            types[self._inputs :],
            target=self._reading.target.name,
            core=core,
            blocks=number,
        )

    def _ops(self, block: Block) -> None:
        for op in block.ops:
            try:
                self._op(op)
            except HivmImportError as error:
                if error.message.startswith(("hivm.", "memref.", "scf.", "arith.")):
                    raise
                raise HivmImportError(f"{name_of(op)}: {error}") from None

    def _op(self, op: Operation) -> None:
        name = mnemonic(op)
        match op:
            case func.ReturnOp() | scf.YieldOp():
                pass
            case arith.ConstantOp():
                self._constant(op)
            case scf.ForOp():
                self._for(op)
            case scf.IfOp():
                self._if(op)
            case arith.SelectOp() if isinstance(op.result.type, MemRefType):
                self._choose(op)
            case memref.LoadOp():
                self._values[op.res] = self._views.element(op)
            case _ if name == "get_block_idx":
                index = self._writer.once("block", BlockIdxOp)
                self._values[op.results[0]] = IndexForm.of(index)
            case _ if name == "pointer_cast":
                self._pointer(op)
            case _ if name is not None:
                values = [self._values[value] for value in op.operands]
                self._instructions.write(name, op, values)
            case _ if name_of(op) == "annotation.mark":
                pass
            case _:
                self._scalar_or_view(op)

    def _scalar_or_view(self, op: Operation) -> None:
        if op.results and isinstance(op.results[0].type, MemRefType):
            self._values[op.results[0]] = self._views.view(op)
            return
        operands = [self._values[value] for value in op.operands]
        scalars = [given for given in operands if isinstance(given, IndexForm | SSAValue)]
        if len(scalars) < len(operands):
            raise HivmImportError("an element of a buffer")
        value = self._scalars.value(op, scalars)
        if value is None:
            raise HivmImportError("no scalar op of ours")
        self._values[op.results[0]] = value

    def _constant(self, op: arith.ConstantOp) -> None:
        given = op.value
        if isinstance(given, FloatAttr):
            key = ("float", given)
            self._values[op.result] = self._writer.once(key, lambda: arith.ConstantOp(given))
        elif isinstance(given, IntegerAttr):
            bits = given.type.width.data if isinstance(given.type, IntegerType) else 64
            number = given.value.data & 1 if bits == 1 else given.value.data
            self._values[op.result] = IndexForm({}, number)
        else:
            raise HivmImportError("a constant that is no number")

    def _for(self, op: scf.ForOp) -> None:
        if op.iter_args:
            raise HivmImportError("scf.for: it carries values from one iteration to the next")
        lower, upper, step = (self._values.number(value) for value in (op.lb, op.ub, op.step))
        copies = period(op)
        stride = step.times(copies)
        body = Block(arg_types=[op.body.block.args[0].type])
        start, end, by = (self._writer.index(form) for form in (lower, upper, stride))
        variable = body.args[0]
        if stride.number is not None:
            self._writer.progressions[variable] = Progression(lower, stride.number)
        span = upper - lower
        full = span.number is not None and stride.number and not span.number % stride.number
        with self._writer.inside(body):
            outer = self._instructions.events
            for copy, events in enumerate(self._events(op, copies)):
                self._instructions.events = {**outer, **events}
                index = IndexForm.of(variable) + step.times(copy)
                self._copy(op, index, upper, always=not copy or bool(full))
            self._instructions.events = outer
        body.add_op(scf.YieldOp())
        self._writer.put(scf.ForOp(start, end, by, [], body))

    def _events(self, op: scf.ForOp, copies: int) -> Sequence[Renamed]:
        if not self._reading.own_events:
            return [{}] * copies
        return self._own_events.of_copies(op, copies)

    def _copy(self, op: scf.ForOp, index: IndexForm, upper: IndexForm, *, always: bool) -> None:
        """One iteration of an unrolled loop's body; the ones behind the first may not run."""
        self._values[op.body.block.args[0]] = index
        if always:
            self._ops(op.body.block)
            return
        number = self._writer.index(index)
        runs = self._writer.add(arith.CmpiOp(number, self._writer.index(upper), "slt"))
        self._branch(runs, op.body.block)

    def _branch(self, condition: SSAValue, block: Block) -> None:
        copy = Block()
        with self._writer.inside(copy):
            self._ops(block)
        copy.add_op(scf.YieldOp())
        self._writer.put(scf.IfOp(condition, [], Region(copy)))

    def _if(self, op: scf.IfOp) -> None:
        if op.results or op.false_region.blocks:
            raise HivmImportError("scf.if: it has results, or an else")
        condition = self._values[op.cond]
        assert isinstance(condition, IndexForm | SSAValue)
        if isinstance(condition, IndexForm) and condition.number is not None:
            if condition.number:
                self._ops(op.true_region.block)
            return
        self._branch(self._scalars.truth(condition), op.true_region.block)

    def _here(self) -> tuple[Block, Operation | None]:
        return self._writer.block, self._writer.block.last_op

    def _pointer(self, op: Operation) -> None:
        """A buffer at an address; of several the one of this copy of the loop's body."""
        addresses = [self._values.number(value).number for value in op.operands]
        type_ = op.results[0].type
        assert isinstance(type_, MemRefType)
        address = addresses[0]
        if len(addresses) > 1:
            address = addresses[self._turn(op, len(addresses))]
        if address is None or DYNAMIC_INDEX in type_.get_shape():
            raise HivmImportError("an address or a size that is no constant")
        pointer = Pointer(type_, address, self._room, self._here())
        self._values[op.results[0]] = fractals(pointer) if space(type_) != "ub" else pointer

    def _turn(self, op: Operation, count: int) -> int:
        """Which of several addresses an iteration has: its number modulo their count."""
        loop = op.parent_op()
        while loop is not None and not isinstance(loop, scf.ForOp):
            loop = loop.parent_op()
        if loop is None:
            raise HivmImportError("several addresses outside of a loop")
        step = self._values.number(loop.step).number
        index = self._values.number(loop.body.block.args[0]) - self._values.number(loop.lb)
        if step is None:
            raise HivmImportError("several addresses in a loop of unknown steps")
        turn = self._scalars.divide(index, step, "floordiv")
        number = self._scalars.divide(turn, count, "mod").number
        if number is None:
            raise HivmImportError("several addresses that no number of iterations tells apart")
        return number

    def _choose(self, op: arith.SelectOp) -> None:
        condition = self._values[op.cond]
        number = condition.number if isinstance(condition, IndexForm) else None
        if number is None:
            raise HivmImportError("a buffer that no number of iterations tells")
        chosen = self._values[op.lhs if number else op.rhs]
        if isinstance(chosen, Pointer | Fractals):
            chosen = chosen.moved_to(self._here())
        self._values[op.result] = chosen
