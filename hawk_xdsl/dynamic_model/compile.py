"""A program with a dynamic dimension in, kernels for its range out.

The program is read at sampled lengths, and what it becomes is made one: the ops between the kernels
(views, constants) over the extent, and each group of ops as one kernel of dynamic shapes, or as a
few, each for a part of the range.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hawk_xdsl.codegen.generalise import lengths_compared
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.dynamic_model.instances import Instances, Written, symbols_of
from hawk_xdsl.dynamic_model.model import DynamicModel
from hawk_xdsl.errors import OptionError
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.dynamic_program import DynamicProgram
from hawk_xdsl.gate.bound import work_and_bound
from hawk_xdsl.knowledge_store import StorePlace
from hawk_xdsl.npu_target import Target
from hawk_xdsl.passes.module_family import ModuleFamily
from hawk_xdsl.passes.npu_decide import Placed
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.decision import Decision, Effort, Source
from hawk_xdsl.propose.dynamic import (
    MOST_KERNELS,
    DynamicKernel,
    DynamicProposer,
    NoDynamicKernelError,
)
from hawk_xdsl.propose.settings import Progress, Settings, Sources
from hawk_xdsl.report import ReportRow, row_of


def compile_dynamic(
    program: DynamicProgram,
    target: str | Target = "ascend910b1",
    settings: Settings | None = None,
    *,
    store: StorePlace | None = None,
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
        instances, written = _written(program, decider, progress)
        families = tuple(_family(instances, written, part) for part in parts_of(written, extent))
        longest = instances.parameters([family.extent for family in families])
        return DynamicModel(
            program.name,
            program.dimension,
            decider.target,
            decider.target_given,
            families,
            {
                stage.op.sym_name.data: stage.op
                for group in written
                for kernel in group.kernels
                for stage in kernel.verdict.kernels
            },
            longest.parameter_names,
            longest.parameters,
            longest.example_inputs,
            tuple(_row(group, each, decider) for group in written for each in group.kernels),
            longest.reference,
        )


def parts_of(written: Sequence[Written], extent: NamedExtent) -> tuple[NamedExtent, ...]:
    """The parts of the range within which every group has one kernel, in order."""
    lows = sorted({extent.low} | {k.extent.low for group in written for k in group.kernels})
    highs = (*(low - 1 for low in lows[1:]), extent.high)
    return tuple(replace(extent, low=low, high=high) for low, high in zip(lows, highs, strict=True))


def _family(instances: Instances, written: Sequence[Written], extent: NamedExtent) -> ModuleFamily:
    modules = {each: instances.launched(each, written) for each in lengths_compared(extent)}
    family = ModuleFamily(modules, extent)
    family.at(extent.low)
    return family


def _written(
    program: DynamicProgram, decider: Decider, progress: Progress
) -> tuple[Instances, list[Written]]:
    """The program at lengths and kernels for all its groups. Raises ``NoDynamicKernelError``.

    One kernel a group comes first, then the same without permutations by the stores of
    contractions, and several kernels by range last.
    """
    static = cache(lambda length: folded(program.at(length)))
    ways = [
        (most, Instances(static, permutes=p)) for most in (1, MOST_KERNELS) for p in (True, False)
    ]
    known = KnownKernels()
    for number, (most, instances) in enumerate(ways):
        try:
            return instances, _write(instances, program.extent, decider, known, most, progress)
        except NoDynamicKernelError as error:
            if number == len(ways) - 1:
                raise
            progress(f"{error.message}: another way")
    raise AssertionError


class KnownKernels:
    """The kernels that are written already, by what their ops compute."""

    def __init__(self) -> None:
        self._kernels: dict[str, tuple[DynamicKernel, ...]] = {}
        self._names: set[str] = set()

    def get(self, digest: str) -> tuple[DynamicKernel, ...] | None:
        """The kernels of a specification at the first length compared."""
        return self._kernels.get(digest)

    def add(self, digest: str, kernels: tuple[DynamicKernel, ...]) -> tuple[DynamicKernel, ...]:
        """Keeps kernels, and returns them."""
        self._kernels[digest] = kernels
        self._names.update(kernel.signature.name for kernel in kernels)
        return kernels

    def free_name(self, label: str, number: int) -> str:
        """A symbol that no kernel has."""
        base = "".join(c if c.isalnum() else "_" for c in label)
        name = f"{base}_{number}"
        while any(taken == name or taken.startswith(f"{name}_") for taken in self._names):
            name += "x"
        return name


def _write(
    instances: Instances,
    extent: NamedExtent,
    decider: Decider,
    known: KnownKernels,
    most: int,
    progress: Progress,
) -> list[Written]:
    """Kernels for each group, equal groups share them. Raises ``NoDynamicKernelError``."""
    written: list[Written] = []
    seen: set[str] = set()
    first = lengths_compared(extent)[0]
    for number, op in enumerate(instances.ops(first)):
        began = time.monotonic()
        proposer = DynamicProposer(
            instances.op(number, extent),
            decider.composer,
            decider.entries,
            decider.target,
            decider.settings.seed,
            decider.checked_rules,
        )
        digest, label = proposer.specification(first).digest, op.label.data if op.label else "op"
        kernels = known.get(digest)
        if kernels is None:
            progress(f"{label}: a kernel for {extent}")
            name = known.free_name(label, number)
            kernels = known.add(digest, proposer.kernels(extent, name, most))
        seconds = time.monotonic() - began
        written.append(Written(label, proposer, kernels, digest in seen, seconds))
        seen.add(digest)
    return written


def _row(group: Written, kernel: DynamicKernel, decider: Decider) -> ReportRow:
    """A kernel as the report shows it: it at the longest of its range."""
    high = kernel.extent.high
    specification = group.proposer.specification(high)
    work, bound = work_and_bound(specification, decider.target)
    decision = Decision(
        group.label,
        Source.TEMPLATE,
        specification,
        kernel.verdict.verdicts[high],
        bound,
        0.0 if group.repeated else group.seconds / len(group.kernels),
        Effort(attempts=kernel.attempts, first_right=kernel.attempts),
        entries=kernel.entries,
        schedule=kernel.schedule,
        work=work,
    )
    placed = Placed(decision, symbols_of(kernel), group.repeated)
    return replace(row_of(placed, decider.target), lengths=kernel.verdict.summary)
