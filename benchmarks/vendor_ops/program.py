"""What the vendor's compiler makes of a kernel: calls of its op library, run here one by one.

The compiler's last step before its closed back end is ``convert-hivm-to-std``: every instruction of
HIVM is then a call of the library, with its temporary as an argument, or a loop of scalar accesses
where the library has nothing. Loads and stores of global memory are done in numpy.
"""

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects import affine, arith, func, memref, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    Builtin,
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    MemRefType,
    UnregisteredOp,
)
from xdsl.ir import Block, Operation, SSAValue
from xdsl.parser import Parser

from vendor_ops.bitcode import OpLibrary
from vendor_ops.machine import Event, HardwareError, Machine
from vendor_ops.scalar_arithmetic import ARITHMETIC, property_of
from vendor_ops.tile import (
    Tile,
    UnknownOperation,
    dense_strides,
    layout_of,
    numpy_type,
    strides_of,
    whole_array,
)

_MOVES = re.compile(r"(load_gm_to_ubuf|store_ubuf_to_gm)_")


@dataclass
class Call:
    """A call of the library, and what the hardware did in it; ``name`` is empty outside of one."""

    name: str
    events: list[Event] = field(default_factory=list)
    shapes: tuple[tuple[int, ...], ...] = ()


@dataclass
class Run:
    """What a kernel did.

    Attributes:
        calls: in order; those without a name have what the kernel does itself.
        temporaries: bytes of each argument that the library has for itself.
        truths: the tiles of truth values, in the order of their declaration.
    """

    calls: list[Call] = field(default_factory=list)
    buffers: list[Tile] = field(default_factory=list)
    truths: list[Tile] = field(default_factory=list)


class Program:
    """A compiled kernel; ``calls`` are the functions of the library that it needs."""

    def __init__(self, text: str) -> None:
        context = Context(allow_unregistered=True)
        for dialect in (Builtin, func.Func, arith.Arith, scf.Scf, memref.MemRef, affine.Affine):
            context.load_dialect(dialect)
        module = Parser(context, text).parse_module()
        functions = [op for op in module.ops if isinstance(op, func.FuncOp)]
        self.entry = next(op for op in reversed(functions) if op.body.blocks)
        self.calls = {
            name
            for op in functions
            if not op.body.blocks and not _MOVES.match(name := op.sym_name.data)
        }

    def run(self, machine: Machine, library: OpLibrary, arguments: list[NDArray]) -> Run:
        """Run it; arguments are global memory, read and written in place."""
        machine.arena.poison()
        machine.reset()
        entry = self.entry.body.block
        made = Run()
        values: dict[SSAValue, Any] = {
            value: whole_array(array) for value, array in zip(entry.args, arguments, strict=True)
        }
        _Interpreter(machine, library, made).block(entry, values)
        if machine.arena.overrun():
            raise HardwareError("wrote beyond the unified buffer")
        return made


class _Interpreter:
    """Runs the operations of a kernel in order."""

    def __init__(self, machine: Machine, library: OpLibrary, made: Run) -> None:
        self.machine, self.library, self.made = machine, library, made
        self.handlers: dict[str, Callable[[Operation, list[Any], dict[SSAValue, Any]], Any]] = {
            "arith.constant": self._constant,
            "hivm.hir.pointer_cast": self._buffer,
            "memref.cast": lambda op, a, _: a[0],
            "memref.memory_space_cast": lambda op, a, _: a[0],
            "memref.collapse_shape": self._reshape,
            "memref.expand_shape": self._reshape,
            "memref.subview": self._subview,
            "memref.reinterpret_cast": self._reinterpret,
            "memref.load": self._load,
            "memref.store": self._store,
            "scf.for": self._for,
            "scf.if": self._if,
            "func.call": self._call,
        }

    def block(self, block: Block, values: dict[SSAValue, Any]) -> list[Any]:
        """Run a block; what its terminator hands on."""
        for op in block.ops:
            operands = [values[value] for value in op.operands]
            name = op.op_name.data if isinstance(op, UnregisteredOp) else op.name
            if name in ("func.return", "scf.yield"):
                return operands
            result = self._run(name, op, operands, values)
            if len(op.results) == 1:
                values[op.results[0]] = result
            elif op.results:
                values.update(zip(op.results, result, strict=True))
        return []

    def _run(
        self, name: str, op: Operation, operands: list[Any], values: dict[SSAValue, Any]
    ) -> Any:
        if name in self.handlers:
            return self.handlers[name](op, operands, values)
        if name in ARITHMETIC:
            self._own(Event(name))
            return ARITHMETIC[name](op, *operands)
        if name.startswith("hivm.hir."):
            self._synchronise(name.removeprefix("hivm.hir."), op)
            return None
        raise UnknownOperation(f"{name} is not run here")

    def _own(self, event: Event) -> None:
        if not self.made.calls or self.made.calls[-1].name:
            self.made.calls.append(Call(""))
        self.made.calls[-1].events.append(event)

    def _synchronise(self, name: str, op: Operation) -> None:
        pipes = tuple(
            _PIPES[found]
            for key in ("set_pipe", "wait_pipe", "pipe")
            for found in re.findall(r"PIPE_\w+", str(property_of(op, key)))
        )
        kinds = {
            "set_flag": "SET.FLAG.IMM",
            "wait_flag": "WAIT.FLAG.IMM",
            "pipe_barrier": "BARRIER",
        }
        if name in kinds:
            self._own(Event(kinds[name], 0, pipes))
        elif name != "set_mask_norm":
            raise UnknownOperation(f"hivm.hir.{name} is not run here")

    def _constant(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Any:
        value = property_of(op, "value")
        if isinstance(value, FloatAttr):
            return numpy_type(value.type)[0].type(value.value.data)
        assert isinstance(value, IntegerAttr)
        return value.value.data

    def _buffer(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Tile:
        kind = op.results[0].type
        assert isinstance(kind, MemRefType)
        dtype, bits = numpy_type(kind.element_type)
        sizes = kind.get_shape()
        found = Tile(
            self.machine.arena.base + operands[0], 0, sizes, strides_of(kind, sizes), bits, dtype
        )
        self.made.buffers.append(found)
        if bits == 1:
            self.made.truths.append(found)
        return found

    def _reshape(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Tile:
        source, kind = operands[0], op.results[0].type
        assert isinstance(kind, MemRefType)
        sizes = kind.get_shape()
        strides = layout_of(kind)
        if strides is None:
            strides = dense_strides(sizes)
        return Tile(
            source.base, source.offset, sizes, strides, source.bits, source.dtype, source.owner
        )

    def _subview(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Tile:
        source: Tile = operands[0]
        rest = iter(operands[1:])
        lists = [
            [next(rest) if n == DYNAMIC else n for n in _numbers(property_of(op, f"static_{key}"))]
            for key in ("offsets", "sizes", "strides")
        ]
        offsets, sizes, steps = lists
        offset = source.offset + sum(n * s for n, s in zip(offsets, source.strides, strict=True))
        strides = [n * s for n, s in zip(steps, source.strides, strict=True)]
        kind = op.results[0].type
        assert isinstance(kind, MemRefType)
        while len(sizes) > len(kind.get_shape()):  # dropped extents are 1
            at = next(i for i, n in enumerate(sizes) if n == 1)
            del sizes[at], strides[at]
        return Tile(
            source.base,
            offset,
            tuple(sizes),
            tuple(strides),
            source.bits,
            source.dtype,
            source.owner,
        )

    def _reinterpret(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Tile:
        source: Tile = operands[0]
        rest = iter(operands[1:])
        offsets, sizes, strides = (
            [next(rest) if n == DYNAMIC else n for n in _numbers(property_of(op, f"static_{key}"))]
            for key in ("offsets", "sizes", "strides")
        )
        return Tile(
            source.base,
            offsets[0],
            tuple(sizes),
            tuple(strides),
            source.bits,
            source.dtype,
            source.owner,
        )

    def _load(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Any:
        self._own(Event("scalar.read"))
        return operands[0].array()[tuple(operands[1:])]

    def _store(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> None:
        self._own(Event("scalar.write"))
        operands[1].array()[tuple(operands[2:])] = operands[0]

    def _for(
        self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]
    ) -> list[Any] | Any:
        low, high, step, *carried = operands
        block = op.regions[0].block
        for index in range(low, high, step):
            inner = dict(values)
            inner.update(zip(block.args, [index, *carried], strict=True))
            carried = self.block(block, inner)
        return carried if len(carried) != 1 else carried[0]

    def _if(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> Any:
        region = op.regions[0 if operands[0] else 1]
        found = self.block(region.block, values) if region.blocks else []
        return found if len(found) != 1 else found[0]

    def _call(self, op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> None:
        name = property_of(op, "callee").root_reference.data
        if _MOVES.match(name):
            source, dest = operands[:2]
            dest.array()[...] = source.array()
            return
        if name not in self.library:
            raise UnknownOperation(f"the library lacks {name}")
        kept, passed = [], []
        takes = self.library.signature(name).takes
        # The compiler hands a shift no temporary, though the function has one, and a reduction of
        # rows with positions a neutral element, which the function has not.
        operands = [*operands, *[_NOTHING] * (len(takes) - len(operands))]
        for operand, kind in zip(operands, takes, strict=False):
            if isinstance(operand, Tile):
                kept.append(operand.descriptor())
                passed.append(ctypes.addressof(kept[-1]))
            elif kind in ("half", "bfloat"):
                passed.append(int(np.asarray(operand).view(np.int16)))
            else:
                passed.append(float(operand) if kind in ("float", "double") else int(operand))
        self.machine.trace = []
        self.library.call(name, passed)
        if self.machine.error is not None:
            raise self.machine.error
        shapes = tuple(tile.sizes for tile in operands if isinstance(tile, Tile))
        self.made.calls.append(Call(name, self.machine.trace, shapes))


DYNAMIC = -(2**63)

_NOTHING = Tile(0, 0, (0,), (1,), 8, np.dtype(np.int8))

_PIPES = {
    "PIPE_S": 0, "PIPE_V": 1, "PIPE_M": 2, "PIPE_MTE1": 3, "PIPE_MTE2": 4, "PIPE_MTE3": 5,
    "PIPE_ALL": 6,
}  # fmt: skip
"""The numbers that flags and barriers of the library have for pipes."""


def _numbers(value: object) -> list[int]:
    if isinstance(value, DenseArrayBase):
        return [int(n) for n in value.get_values()]
    assert isinstance(value, ArrayAttr)
    return [n.value.data for n in value.data]
