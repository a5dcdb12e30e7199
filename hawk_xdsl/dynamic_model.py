"""A program with a dynamic dimension in, kernels for its range and a callable out.

The program is read at sampled lengths, and what it becomes is made one: the ops between the kernels
(views, constants) over the extent, and each group of ops as one kernel of dynamic shapes.
A call reads the length off its inputs; nothing is compiled then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.codegen.generalise import NotAffineError, generalised_sizes, lengths_compared
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.kernel_text import StageKernel
from hawk_xdsl.dialects.npu import (
    KernelOp,
    LaunchOp,
    NamedExtent,
    UndecidedOp,
    bound_kernel,
    size_at,
)
from hawk_xdsl.errors import OptionError
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.dynamic_program import DynamicProgram
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.npu_target import Target, simulate
from hawk_xdsl.passes.launching import launch_instead
from hawk_xdsl.passes.module_family import ModuleFamily
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.dynamic import DynamicKernel, DynamicProposer, NoDynamicKernelError
from hawk_xdsl.propose.settings import Progress, Settings, Sources
from hawk_xdsl.reference.host import run_main
from hawk_xdsl.universe import context


@dataclass(frozen=True)
class DynamicModel:
    """A compiled model that takes every length of its dimension.

    Attributes:
        program: what was compiled: its dimension, and the model at a length.
        kernels: by symbol.
        target: where they run.
    """

    program: DynamicProgram
    kernels: Mapping[str, DynamicKernel]
    target: Target
    family: ModuleFamily
    parameters: tuple[Array, ...]
    parameter_shapes: Mapping[int, Mapping[int, tuple[int, ...]]]

    @property
    def extent(self) -> NamedExtent:
        """The dimension and its range."""
        return self.program.extent

    @property
    def report(self) -> tuple[str, ...]:
        """A line for each kernel: its range, how it was checked, at which lengths."""
        return tuple(f"{name}: {each.verdict.summary}" for name, each in self.kernels.items())

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        """Runs on the NPU simulator.

        Raises:
            HawkError: the inputs do not agree on the dimension, it is out of its range, or an input
                has another shape or dtype.
        """
        length = self.program.length_of(inputs)
        values = {self.extent.name: length}
        module = self.family.at(length)
        static = Program(self.program.name, module, tuple(self._parameters_at(length)), (), ())
        arguments = static.arguments(inputs)
        for dynamic in self.kernels.values():
            for stage in dynamic.verdict.kernels:
                module.body.block.add_op(bound_kernel(stage.op, values))

        def launch(op: LaunchOp, kernel: KernelOp, arrays: list[Array]) -> Sequence[Array]:
            return simulate(kernel, arrays, self.target).outputs

        return tuple(run_main(module, arguments, launch))

    def _parameters_at(self, length: int) -> list[Array]:
        """Parameters, those that grow with the dimension cut to the length."""
        return [
            np.ascontiguousarray(
                array[
                    tuple(
                        slice(size_at(size, {self.extent.name: length}))
                        for size in generalised_sizes(self.parameter_shapes[number], self.extent)[0]
                    )
                ]
            )
            if number in self.parameter_shapes
            else array
            for number, array in enumerate(self.parameters)
        ]


def compile_dynamic(
    program: DynamicProgram,
    target: str | Target = "ascend910b1",
    settings: Settings | None = None,
    *,
    store: Path | None = None,
    progress: Progress = lambda line: None,
) -> DynamicModel:
    """Compiles a program for the range of its dimension.

    Args:
        program: what a front end delivered.
        target: a target, its name, or the path of its TOML file.
        settings: the seed, and who writes kernels: composition, or templates alone.
        store: the knowledge store's file, for its entries; default: the user's.
        progress: gets a line about what is being done.

    Raises:
        HawkError: one line with the dimension's name.
    """
    settings, extent = settings or Settings(), program.extent
    if settings.sources in (Sources.MODEL, Sources.REPLAY):
        reason = f"kernels for {extent} are written by templates"
        raise OptionError(f"--sources {settings.sources}: {reason}: use all or composition")
    with open_decider(target, settings, store=store) as decider:
        static = cache(lambda length: folded(program.at(length)))
        instances = _Instances(static)
        try:
            written = _write(instances, extent, decider, progress)
        except NoDynamicKernelError as error:
            progress(f"{error.message}: without permutations by the stores of contractions")
            instances = _Instances(static, permutes=False)
            written = _write(instances, extent, decider, progress)
        kernels = {symbol: kernel for symbol, _, kernel in written}
        modules = {
            length: instances.launched(length, written, extent)
            for length in lengths_compared(extent)
        }
        parameters, growing = instances.parameters(extent)
        family = ModuleFamily(modules, extent)
        family.at(extent.low)
        return DynamicModel(program, kernels, decider.target, family, parameters, growing)


_Written = tuple[str, DynamicProposer, DynamicKernel]
"""The kernel of a group of ops: its symbol, who wrote it, and it."""


def _write(
    instances: "_Instances", extent: NamedExtent, decider: Decider, progress: Progress
) -> list[_Written]:
    """A kernel for each group, equal groups share one. Raises ``NoDynamicKernelError``."""
    written: list[_Written] = []
    known: dict[str, tuple[str, DynamicKernel]] = {}
    first = lengths_compared(extent)[0]
    for number, op in enumerate(instances.ops(first)):
        proposer = DynamicProposer(
            instances.op(number, extent),
            decider.composer,
            decider.entries,
            decider.target,
            decider.settings.seed,
            decider.checked_rules,
        )
        digest = proposer.specification(first).digest
        if digest not in known:
            label = op.label.data if op.label else "kernel"
            symbol = f"{''.join(c if c.isalnum() else '_' for c in label)}_{number}"
            progress(f"{label}: a kernel for {extent}")
            (kernel,) = proposer.kernels(extent, symbol, most=1)
            known[digest] = (symbol, kernel)
        symbol, kernel = known[digest]
        written.append((symbol, proposer, kernel))
    return written


class _Instances:
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

    def launched(
        self,
        length: int,
        written: Sequence[_Written],
        extent: NamedExtent,
    ) -> ModuleOp:
        """The module at a length with launches of the kernels, which it does not hold."""
        module = self._at(length)[1].clone()
        ops = [op for op in module.walk() if isinstance(op, UndecidedOp)]
        if len(ops) != len(written):
            raise NotAffineError(f"the ops of the program depend on {extent.name}")
        for op, (_, proposer, kernel) in zip(ops, written, strict=True):
            program = kernel.program
            values = {extent.name: length}
            stages = tuple(
                StageKernel(bound_kernel(stage.op, values), stage.operands)
                for stage in program.kernels
            )
            symbols = [stage.op.sym_name.data for stage in program.kernels]
            specification = proposer.specification(length)
            launch_instead(op, specification, replace(program, kernels=stages), symbols)
        return module

    def parameters(
        self, extent: NamedExtent
    ) -> tuple[tuple[Array, ...], dict[int, dict[int, tuple[int, ...]]]]:
        """The parameters at the longest, and the shapes of those that grow, by length.

        Raises ``NotAffineError`` for one that is not a leading part of the longest.
        """
        longest = self._at(extent.high)[0].parameters
        growing: dict[int, dict[int, tuple[int, ...]]] = {}
        for length in (*lengths_compared(extent), extent.low):
            given = self._at(length)[0].parameters
            if len(given) != len(longest):
                raise NotAffineError(f"the constants of the program depend on {extent.name}")
            for number, (mine, all_) in enumerate(zip(given, longest, strict=True)):
                part = all_[tuple(slice(n) for n in mine.shape)]
                if part.shape != mine.shape or not np.array_equal(part, mine):
                    raise NotAffineError(f"a constant of the program depends on {extent.name}")
                if mine.shape != all_.shape and length != extent.low:
                    growing.setdefault(number, {})[length] = mine.shape
        return longest, growing
