"""Runs a planned kernel over symbols: every block, every instruction, no time and no flags.

Each allocation has symbols of its own: that no two live buffers share bytes, that nothing is read
before it is written, and that pipes and blocks have an order, the NPU simulator has checked.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.dialects.dtype import TRUTH, element_name
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    CrossSetOp,
    CrossWaitOp,
    FixpipeOp,
    KernelOp,
    LoadOp,
    MmadOp,
    ReadOp,
    ReturnOp,
    SetFlagOp,
    StoreOp,
    Subview,
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
)
from hawk_xdsl.gate.certificate.algebra import Algebra
from hawk_xdsl.gate.certificate.cross import CORE, CrossCounters, Environment, Step
from hawk_xdsl.gate.certificate.input_view import InputView, SymbolicIndexError
from hawk_xdsl.gate.certificate.symbols import (
    UNWRITTEN,
    Symbols,
    UnprovableError,
    is_float,
    unwritten,
    written_into,
)
from hawk_xdsl.npu_target.scalars import constant_value, scalar_function

ReadInput = Callable[[str, npt.NDArray[np.int64]], Symbols]


class KernelRun:
    """One kernel, decoded once into steps on an environment of values."""

    def __init__(self, kernel: KernelOp, algebra: Algebra, read_input: ReadInput) -> None:
        self._kernel = kernel
        self._algebra = algebra
        self._read_input = read_input
        self._block_index: list[SSAValue] = []
        self._constants: Environment = {}
        self._flags = CrossCounters(kernel)
        self._bodies: list[Step] = []
        for part in kernel.parts:
            self._part = part
            self._bodies.append(self._block(part.block))

    def run(self, arguments: Sequence[Symbols | InputView]) -> None:
        """All blocks in turn, on global arrays. Raises ``UnprovableError``.

        The cores of a block run in turns, as flags between them allow: the simulator has checked
        that any other order gives the same.
        """
        constants = dict(self._constants)
        for argument, value in zip(self._kernel.body.block.args, arguments, strict=True):
            constants[argument] = value
        for block in range(self._kernel.blocks.value.data):
            programs: list[Callable[[], None]] = []
            for part, body in zip(self._kernel.parts, self._bodies, strict=True):
                for place in range(part.cores):
                    environment = dict(constants)
                    number = block * part.cores + place
                    environment.update(dict.fromkeys(self._block_index, number))
                    environment[CORE] = (part.core, place)
                    programs.append(partial(body, environment))
            self._flags.run(programs)

    # --- control

    def _block(self, block: Block) -> Step:
        steps = [step for op in block.ops if (step := self._step(op)) is not None]

        def run(env: Environment) -> None:
            for step in steps:
                step(env)

        return run

    def _step(self, op: Operation) -> Step | None:
        match op:
            case ReturnOp() | scf.YieldOp() | SetFlagOp() | WaitFlagOp() | BarrierOp():
                return None
            case arith.ConstantOp():
                self._constants[op.result] = constant_value(op)
                return None
            case BlockIdxOp():
                self._block_index.append(op.value)
                return None
            case BlockCountOp():
                self._constants[op.value] = self._kernel.blocks.value.data * self._part.cores
                return None
            case CrossSetOp():
                return self._flags.set(op.flag.value.data)
            case CrossWaitOp():
                return self._flags.wait(op.flag.value.data)
            case scf.ForOp():
                return self._for(op)
            case scf.IfOp():
                return self._if(op)
            case AllocOp():
                return self._alloc(op)
            case memref.SubviewOp():
                return self._subview(op)
            case memref.ReinterpretCastOp():
                return self._recast(op)
            case _:
                function = scalar_function(op)
                return self._instruction(op) if function is None else _scalar(op, function)

    def _for(self, op: scf.ForOp) -> Step:
        body, last = self._block(op.body.block), op.body.block.last_op
        assert last is not None
        variable, *carried = op.body.block.args

        def step(env: Environment) -> None:
            values = [env[value] for value in op.iter_args]
            for index in range(_whole(env[op.lb]), _whole(env[op.ub]), _whole(env[op.step])):
                env[variable] = index
                env.update(zip(carried, values, strict=True))
                body(env)
                values = [env[value] for value in last.operands]
            env.update(zip(op.results, values, strict=True))

        return step

    def _if(self, op: scf.IfOp) -> Step:
        branches: list[tuple[Step, Sequence[SSAValue]] | None] = []
        for region in (op.false_region, op.true_region):
            if not region.blocks:
                branches.append(None)
                continue
            last = region.block.last_op
            branches.append((self._block(region.block), () if last is None else last.operands))

        def step(env: Environment) -> None:
            condition = env[op.cond]
            if isinstance(condition, Symbols):
                condition = condition.number()
            branch = branches[bool(condition)]
            if branch is None:
                return
            body, yielded = branch
            body(env)
            env.update(zip(op.results, [env[value] for value in yielded], strict=True))

        return step

    # --- buffers

    def _alloc(self, op: AllocOp) -> Step:
        type_ = op.buffer.type
        assert isinstance(type_, MemRefType)
        dtype, shape = element_name(type_), tuple(type_.get_shape())
        planes, result = self._algebra.field.planes, op.buffer

        def step(env: Environment) -> None:
            env[result] = unwritten(dtype, planes, shape)

        return step

    def _subview(self, op: memref.SubviewOp) -> Step:
        subview = Subview.of(op)

        def step(env: Environment) -> None:
            starts, counts, steps = (
                [_value(env, place) for place in places]
                for places in (subview.offsets, subview.sizes, subview.strides)
            )
            slices = subview.index(starts, counts, steps)
            source = env[op.source]
            if isinstance(source, Symbols):
                _expect_within(slices, source.shape)
            env[op.result] = source.at(slices)

        return step

    def _recast(self, op: memref.ReinterpretCastOp) -> Step:
        shape = tuple(op.static_sizes.get_values())

        def step(env: Environment) -> None:
            source = env[op.source]
            view = source.reshaped(shape)
            if isinstance(view, Symbols) and not np.shares_memory(view.planes, source.planes):
                raise UnprovableError("another shape of a part of a buffer")
            env[op.result] = view

        return step

    # --- instructions

    def _instruction(self, op: Operation) -> Step:
        match op:
            case LoadOp() | StoreOp() | CopyOp() | FixpipeOp():
                return self._move(op)
            case MmadOp():
                return self._mmad(op)
            case ReadOp():
                return self._read(op)
            case VectorOp():
                return self._computation(op)
            case _:
                raise UnprovableError(f"{op.name} in a kernel")

    def _get(self, value: Any, dtype: str) -> Symbols:
        """The symbols of an operand: of a buffer, an input, or a number."""
        if isinstance(value, InputView):
            return self._read_input(value.name, value.places())
        if isinstance(value, Symbols):
            if (value.flags & UNWRITTEN).any():
                raise UnprovableError("reads what was never written")
            return value.settled()
        return self._algebra.literal(float(value), dtype)

    def _move(self, op: LoadOp | StoreOp | CopyOp | FixpipeOp) -> Step:
        source_type, dest_type = element_name(op.source.type), element_name(op.dest.type)
        relu = isinstance(op, FixpipeOp) and op.relu is not None
        pad = op.pad if isinstance(op, LoadOp) else None

        def step(env: Environment) -> None:
            dest: Symbols = env[op.dest]
            values = self._get(env[op.source], source_type)
            if relu:
                values = self._algebra.apply("relu", [values], source_type)
            if source_type != dest_type:
                values = self._algebra.cast(values, dest_type)
            if pad is None:
                written_into(dest, values.reshaped(dest.shape))
                return
            filler = self._get(env[pad], dest_type)
            written_into(dest, filler.broadcast(dest.shape))
            written_into(dest.at(tuple(slice(0, n) for n in values.shape)), values)

        return step

    def _mmad(self, op: MmadOp) -> Step:
        lhs_type, acc_type = element_name(op.lhs.type), element_name(op.acc.type)
        bias_type = acc_type if op.bias is None else element_name(op.bias.type)

        def step(env: Environment) -> None:
            left, right = (self._get(env[value], lhs_type) for value in (op.lhs, op.rhs))
            left = left.transposed((1, 0)) if op.transpose_lhs is not None else left
            right = right.transposed((1, 0)) if op.transpose_rhs is not None else right
            product = self._algebra.matmul(left, right)
            acc: Symbols = env[op.acc]
            if not env[op.init]:
                product = self._algebra.apply("add", [self._get(acc, acc_type), product], acc_type)
            elif op.bias is not None:
                row = self._algebra.cast(self._get(env[op.bias], bias_type), acc_type)
                product = self._algebra.apply("add", [product, row.broadcast(acc.shape)], acc_type)
            written_into(acc, product)

        return step

    def _read(self, op: ReadOp) -> Step:
        dtype = element_name(op.source.type)

        def step(env: Environment) -> None:
            place = tuple(_whole(env[index]) for index in op.indices)
            element = self._get(env[op.source].at(place), dtype)
            if not is_float(dtype):
                env[op.value] = int(element.number())
            else:
                env[op.value] = element

        return step

    def _computation(self, op: VectorOp) -> Step:
        function, destination = self._vector(op), op.destination
        inputs = [(value, element_name(value.type)) for value in op.inputs]

        def step(env: Environment) -> None:
            dest: Symbols = env[destination]
            result = function([self._get(env[value], dtype) for value, dtype in inputs], dest)
            written_into(dest, result.broadcast(dest.shape))

        return step

    def _vector(self, op: VectorOp) -> Callable[[list[Symbols], Symbols], Symbols]:
        algebra = self._algebra
        match op:
            case VcmpOp():
                relation = str(op.predicate.data)
                return lambda args, dest: algebra.apply(relation, args, TRUTH)
            case VselOp():
                return lambda args, dest: algebra.apply("select", args, dest.dtype)
            case VcastOp():
                mode = str(op.rounding.data)
                return lambda args, dest: algebra.cast(args[0], dest.dtype, mode)
            case VbrcOp():
                return lambda args, dest: args[0]
            case VreduceOp():
                kind, axes = str(op.kind.data), tuple(op.axes.get_values())
                return lambda args, dest: algebra.reduce(kind, args[0], axes)
            case VcumulateOp():
                kind, axis = str(op.kind.data), op.axis.value.data
                return lambda args, dest: algebra.scan(kind, args[0], axis)
            case VtransposeOp():
                permutation = tuple(op.permutation.get_values())
                return lambda args, dest: args[0].transposed(permutation)
            case VarangeOp():
                axis = op.axis.value.data
                return lambda args, dest: _arange(algebra, dest, axis)
            case VgatherOp():
                return lambda args, dest: _gathered(args[0], args[1])
            case _:
                name = op.ROW.computes
                return lambda args, dest: algebra.apply(name, args, dest.dtype)


def _expect_within(slices: Sequence[slice | int], shape: Sequence[int]) -> None:
    for part, extent in zip(slices, shape, strict=True):
        start, stop = (part, part + 1) if isinstance(part, int) else (part.start, part.stop)
        if start < 0 or stop > extent:
            raise SymbolicIndexError


def _whole(value: Any) -> int:
    return int(value.number()) if isinstance(value, Symbols) else int(value)


def _value(env: Environment, index: int | SSAValue) -> int:
    return index if isinstance(index, int) else _whole(env[index])


def _scalar(op: Operation, function: Callable[..., Any]) -> Step:
    operands, result = tuple(op.operands), op.results[0]

    def step(env: Environment) -> None:
        values = [env[operand] for operand in operands]
        if any(isinstance(value, Symbols) for value in values):
            raise UnprovableError("scalar arithmetic on symbols")
        env[result] = function(*values)

    return step


def _arange(algebra: Algebra, dest: Symbols, axis: int) -> Symbols:
    shape = [1] * len(dest.shape)
    shape[axis] = dest.shape[axis]
    return algebra.reals(np.arange(dest.shape[axis], dtype=np.float64).reshape(shape), dest.dtype)


def _gathered(source: Symbols, indices: Symbols) -> Symbols:
    if indices.value is None or not indices.known.all():
        raise UnprovableError("an index that depends on symbols")
    at = indices.value.astype(np.int64)
    if at.min(initial=0) < 0 or at.max(initial=0) >= source.size:
        raise SymbolicIndexError
    return source.taken(at).settled()
