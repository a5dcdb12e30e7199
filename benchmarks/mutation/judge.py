"""Whether an accepted mutant is the kernel that it was made from: by its IR, or by what it does."""

import io
import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp, i64
from xdsl.ir import Operation
from xdsl.printer import Printer
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import cse

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.dialects.kernel_text import GlobalOperand, KernelProgram
from hawk_xdsl.dialects.npu import KernelOp, SetFlagOp, WaitFlagOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.universe import context
from mutation.ordering import Order
from mutation.trace import Event, IllegalError, Memory, Tracer

SCHEDULES = 200
"""Random legal schedules that an equivalent mutant is run in."""

INPUTS = 4
"""Sets of inputs, none of them the gate's, over which the schedules are spread."""


@dataclass(frozen=True)
class Stage:
    """A finished kernel with the names of the global operands it reads and writes."""

    kernel: KernelOp
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """How a mutant behaves otherwise than its kernel.

    ``values``: it is a legal kernel in every schedule, and only what it computes has other bits.
    """

    why: str
    values: bool = False


def stages_of(program: KernelProgram, finished: Sequence[KernelOp]) -> tuple[Stage, ...]:
    """The finished kernels of a built program."""
    return tuple(
        Stage(kernel, stage.reads, stage.writes)
        for stage, kernel in zip(program.kernels, finished, strict=True)
    )


def canonical(stages: Sequence[Stage]) -> str:
    """The stages' IR without what has no meaning.

    Constants are folded, equal and unused scalar ops removed, names and notes dropped, and event
    ids numbered by pair of pipes in the order in which they first occur.
    """
    module = ModuleOp([stage.kernel.clone() for stage in stages])
    CanonicalizePass().apply(context(), module)
    cse(module)
    for kernel in module.body.block.ops:
        ids: dict[tuple[object, ...], int] = {}
        for op in kernel.walk():
            _strip(op)
            if isinstance(op, SetFlagOp | WaitFlagOp):
                pair = op.source.data, op.target.data
                taken = sum(known[:2] == pair for known in ids)
                number = ids.setdefault((*pair, op.event.value.data), taken)
                op.event = IntegerAttr(number, i64)
    stream = io.StringIO()
    Printer(stream).print_op(module)
    return stream.getvalue()


def _strip(op: Operation) -> None:
    op.attributes.clear()
    for value in (*op.results, *(a for r in op.regions for b in r.blocks for a in b.args)):
        value.name_hint = None


class Judge:
    """Compares accepted mutants with one verified kernel."""

    def __init__(
        self,
        stages: Sequence[Stage],
        inputs: Sequence[GlobalOperand],
        results: Sequence[str],
        target: Target,
        seed: int,
    ) -> None:
        self._results = results
        self._target = target
        self._seed = seed
        self.canonical = canonical(stages)
        self._inputs = [_fresh(inputs, number, seed) for number in range(INPUTS)]
        with np.errstate(all="ignore"):
            self.expected = [self._in_order(stages, given) for given in self._inputs]

    def inputs(self, number: int) -> Mapping[str, Array]:
        """A set of inputs."""
        return self._inputs[number]

    def difference(self, stages: Sequence[Stage]) -> Difference | None:
        """``None`` for an equivalent mutant, else what is different."""
        if canonical(stages) == self.canonical:
            return None
        try:
            with np.errstate(all="ignore"):
                return self._behaviour(stages)
        except IllegalError as error:
            return Difference(str(error))

    def _behaviour(self, stages: Sequence[Stage]) -> Difference | None:
        choose = random.Random(zlib.crc32(canonical(stages).encode()) ^ self._seed)
        other: Difference | None = None
        for given, expected in zip(self._inputs, self.expected, strict=True):
            arrays = dict(given)
            plans: list[tuple[Stage, Mapping[str, Array], list[Order]]] = []
            for stage in stages:
                before = dict(arrays)
                events = _traced(stage, arrays, self._target)
                orders = [Order(block) for block in events]
                for order in orders:
                    if order.mistakes:
                        return Difference(order.mistakes[0])
                if (mistake := _shared(stage, events)) is not None:
                    return Difference(mistake)
                plans.append((stage, before, orders))
            if (mistake := self._compared(arrays, expected)) is not None:
                other = Difference(f"in program order, {mistake}", values=True)
                expected = [arrays[name] for name in self._results]
            for _ in range(SCHEDULES // INPUTS):
                arrays = dict(given)
                for stage, _, orders in plans:
                    _replayed(stage, arrays, orders, choose, self._target)
                if (mistake := self._compared(arrays, expected)) is not None:
                    return Difference(f"in a schedule, {mistake}")
        return other

    def _in_order(self, stages: Sequence[Stage], given: Mapping[str, Array]) -> list[Array]:
        arrays = dict(given)
        for stage in stages:
            _traced(stage, arrays, self._target)
        return [arrays[name] for name in self._results]

    def _compared(self, arrays: Mapping[str, Array], expected: Sequence[Array]) -> str | None:
        for name, wanted in zip(self._results, expected, strict=True):
            wrong = different(arrays[name], wanted)
            if wrong:
                return f"{wrong} elements of {name} differ"
        return None


def different(given: Array, wanted: Array) -> int:
    """How many elements have other bits; any NaN equals any other."""
    raw = np.dtype(f"u{given.itemsize}")
    differ = given.view(raw) != wanted.view(raw)
    both = np.isnan(given.astype(np.float64)) & np.isnan(wanted.astype(np.float64))
    return int((differ & ~both).sum())


def _traced(stage: Stage, arrays: dict[str, Array], target: Target) -> list[list[Event]]:
    """Runs all blocks in program order; the written arrays are added."""
    noise = np.random.default_rng(0)
    memory = _memory(stage, arrays, noise, target)
    blocks: list[list[Event]] = []
    for block in range(stage.kernel.blocks.value.data):
        blocks.append(Tracer(stage.kernel, memory, block).events)
    _collect(stage, arrays, memory)
    return blocks


def _replayed(
    stage: Stage,
    arrays: dict[str, Array],
    orders: Sequence[Order],
    choose: random.Random,
    target: Target,
) -> None:
    """Runs all blocks, in a random order, each in a random legal schedule."""
    memory = _memory(stage, arrays, np.random.default_rng(choose.getrandbits(32)), target)
    for order in choose.sample(list(orders), len(orders)):
        for number in order.random_schedule(choose):
            run = order.events[number].run
            if run is not None:
                run(memory)
    _collect(stage, arrays, memory)


def _memory(
    stage: Stage, arrays: Mapping[str, Array], noise: np.random.Generator, target: Target
) -> Memory:
    """All scopes and the outputs hold noise: whoever reads what nobody wrote is found out."""
    memory: Memory = {
        scope: np.frombuffer(bytearray(noise.bytes(spec.bytes)), np.uint8)
        for scope, spec in target.scopes.items()
        if spec.core == stage.kernel.core.data
    }
    for number, argument in enumerate(stage.kernel.body.block.args):
        type_ = argument.type
        assert isinstance(type_, MemRefType)
        if number < len(stage.reads):
            data = np.ascontiguousarray(arrays[stage.reads[number]])
            memory[number] = data.reshape(-1).view(np.uint8)
        else:
            size = int(np.prod(type_.get_shape())) * _dtype(type_).itemsize
            memory[number] = noise.integers(0, 256, size, np.uint8)
    return memory


def _dtype(type_: MemRefType) -> np.dtype[np.generic]:
    return DType(str(type_.element_type)).numpy


def _collect(stage: Stage, arrays: dict[str, Array], memory: Memory) -> None:
    for number, name in enumerate(stage.writes, start=len(stage.reads)):
        type_ = stage.kernel.body.block.args[number].type
        assert isinstance(type_, MemRefType)
        arrays[name] = memory[number].view(_dtype(type_)).reshape(type_.get_shape())


def _shared(stage: Stage, blocks: Sequence[Sequence[Event]]) -> str | None:
    """Two blocks that touch the same bytes of an output: blocks have no order."""
    for number, name in enumerate(stage.writes, start=len(stage.reads)):
        owner: dict[int, int] = {}
        for block, events in enumerate(blocks):
            for event in events:
                for view in (*event.writes, *event.reads):
                    if view.space == number:
                        for at in view.at.reshape(-1).tolist():
                            if owner.setdefault(at, block) != block:
                                return (
                                    f"blocks {owner[at]} and {block} share element {at} of {name}"
                                )
    return None


def _fresh(inputs: Sequence[GlobalOperand], number: int, seed: int) -> dict[str, Array]:
    """Inputs of another kind for each number; integers are in the range that the gate draws."""
    noise = np.random.default_rng([seed, number, 77])
    arrays: dict[str, Array] = {}
    for name, dtype, shape in inputs:
        kind = np.dtype(ml_dtypes.bfloat16) if dtype == "bf16" else DType(dtype).numpy
        if kind.kind in "iu":
            arrays[name] = noise.integers(-300, 301, shape).astype(kind)
            continue
        values = noise.standard_normal(shape)
        if number == 1:
            values = values * 10.0 ** noise.uniform(-3, 1, (*shape[:-1], 1))
        elif number == 2:
            values = values + noise.choice([-200.0, 200.0], (*shape[:-1], 1))
        elif number == 3:
            values = np.where(noise.random((*shape[:-1], 1)) < 0.3, -np.inf, values)
            values = np.where(noise.random(shape) < 0.1, 0.0, values)
        arrays[name] = values.astype(kind)
    return arrays
