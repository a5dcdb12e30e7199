"""A program at lengths of its dimension: imported and grouped at each, and launches put in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.codegen.generalise import NotAffineError, lengths_compared
from hawk_xdsl.dialects.kernel_text import StageKernel
from hawk_xdsl.dialects.npu import NamedExtent, UndecidedOp, bound_kernel
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.passes.launching import launch_instead
from hawk_xdsl.passes.module_family import ModuleFamily
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.dynamic import DynamicKernel, DynamicProposer
from hawk_xdsl.universe import context


def symbols_of(kernel: DynamicKernel) -> tuple[str, ...]:
    """The symbols of a kernel's stages."""
    return tuple(stage.op.sym_name.data for stage in kernel.program.kernels)


@dataclass(frozen=True)
class Written:
    """A group of ops with its kernels.

    Attributes:
        label: of the group.
        proposer: who wrote the kernels.
        kernels: in the order of their ranges, which make up the dimension's.
        repeated: whether an earlier group has the same kernels.
        seconds: that writing them took.
    """

    label: str
    proposer: DynamicProposer
    kernels: tuple[DynamicKernel, ...]
    repeated: bool
    seconds: float

    @property
    def extent_name(self) -> str:
        """The name of the dimension."""
        return self.kernels[0].extent.name

    def kernel_at(self, length: int) -> DynamicKernel:
        """The kernel of a length."""
        return next(each for each in self.kernels if each.extent.low <= length <= each.extent.high)


class Instances:
    """The model at lengths, imported by ``static_at`` and grouped, each when it is first needed.

    Unless ``permutes``, contractions store their rows in order: behind a permutation of a batch
    and the dynamic dimension the row is a product of the extent and a loop variable.
    """

    def __init__(self, static_at: Callable[[int], Program], *, permutes: bool = True) -> None:
        @cache
        def at(length: int) -> tuple[Program, ModuleOp]:
            static = static_at(length)
            grouped = static.module.clone()
            NpuOutlinePass(whole_rows=True, permutes=permutes).apply(context(), grouped)
            return static, grouped

        self._at = at

    def ops(self, length: int) -> list[UndecidedOp]:
        """The groups of ops at a length."""
        return [op for op in self._at(length)[1].walk() if isinstance(op, UndecidedOp)]

    def op(self, number: int, extent: NamedExtent) -> Callable[[int], UndecidedOp]:
        """A group at every length.

        Where a length has other groups (a transposition at length 1 only is a view), it is the
        group of the others at that length.
        """

        def labels(ops: Sequence[UndecidedOp]) -> list[str]:
            return [op.label.data if op.label else "" for op in ops]

        def instance(length: int) -> UndecidedOp:
            ops, lengths = self.ops(length), lengths_compared(extent)
            if labels(ops) != labels(self.ops(lengths[0])):
                family = ModuleFamily({each: self._at(each)[1] for each in lengths}, extent)
                ops = [op for op in family.at(length).walk() if isinstance(op, UndecidedOp)]
            return ops[number]

        return instance

    def launched(self, length: int, written: Sequence[Written]) -> ModuleOp:
        """The module at a length with launches of the kernels, which it does not hold."""
        module = self._at(length)[1].clone()
        ops = [op for op in module.walk() if isinstance(op, UndecidedOp)]
        if len(ops) != len(written):
            raise NotAffineError(f"the ops of the program depend on {written[0].extent_name}")
        for op, group in zip(ops, written, strict=True):
            kernel = group.kernel_at(length)
            values = {kernel.extent.name: length}
            stages = tuple(
                StageKernel(bound_kernel(stage.op, values), stage.operands)
                for stage in kernel.program.kernels
            )
            specification = group.proposer.specification(length)
            program = replace(kernel.program, kernels=stages)
            launch_instead(op, specification, program, symbols_of(kernel))
        return module

    def parameters(self, extents: Sequence[NamedExtent]) -> Program:
        """The program at the longest, whose parameters those of every length are cut from.

        Raises ``NotAffineError`` for one that is not a leading part of the longest.
        """
        program, extent = self._at(extents[-1].high)[0], extents[-1]
        lengths = [length for each in extents for length in (*lengths_compared(each), each.low)]
        for length in dict.fromkeys(lengths):
            given = self._at(length)[0].parameters
            if len(given) != len(program.parameters):
                raise NotAffineError(f"the constants of the program depend on {extent.name}")
            for mine, all_ in zip(given, program.parameters, strict=True):
                part = all_[tuple(slice(n) for n in mine.shape)]
                if part.shape != mine.shape or not np.array_equal(part, mine):
                    raise NotAffineError(f"a constant of the program depends on {extent.name}")
        return program
