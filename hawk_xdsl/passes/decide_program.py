"""From the ops of a program to decided kernels: grouped, joined where one kernel does it faster."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.tensor import PadOp

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.mixed.finished_strategy import FINISHED_SUMS
from hawk_xdsl.codegen.mixed.strategies import RUNNING_ROWS
from hawk_xdsl.codegen.strategies import BORDERED, candidates
from hawk_xdsl.codegen.strategy import Request, Strategy
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.knowledge_store import AnswerKey, AnswerRecord, EntryKind
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.passes.join_sums import join_sums
from hawk_xdsl.passes.npu_decide import Placed, decide_module
from hawk_xdsl.passes.npu_join_rows import NpuJoinRowsPass
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.decide import Decider, UndecidableError
from hawk_xdsl.propose.settings import Progress
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure, structures
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of

LONG = 1024
"""Columns from which on cores without a row are worth looking for another way."""


@dataclass(frozen=True)
class Listeners:
    """Who is told meanwhile.

    Attributes:
        progress: gets a line for each stage.
        on_outlined: gets how many ops are undecided, again if they are grouped again.
        on_decision: gets each decision.
    """

    progress: Progress
    on_outlined: Callable[[int], None]
    on_decision: Callable[[Placed], None]


def decide_program(
    ctx: Context, program: ModuleOp, decider: Decider, told: Listeners
) -> tuple[ModuleOp, list[Placed]]:
    """A program with a kernel for every op, and what was decided; the program stays as it is.

    Paddings are borders of windows, unless nobody has a kernel for that. Rows that were joined, and
    that nobody writes a mixed kernel for, or one on few cores, are decided op by op too; the faster
    way stays. Raises ``UndecidableError`` for an op that has no kernel either way.
    """
    estimates = Estimates(decider)
    if not _has_borders(ctx, program, decider):
        return _decided(ctx, program, estimates, told, borders=False)
    with suppress(UndecidableError):
        found = _decided(ctx, program, estimates, told, borders=True)
        if not any(map(_is_left_bordered, found[1])):
            return found
    told.progress("grouping ops again, with paddings of their own")
    return _decided(ctx, program, estimates, told, borders=False)


def _decided(
    ctx: Context, program: ModuleOp, estimates: "Estimates", told: Listeners, *, borders: bool
) -> tuple[ModuleOp, list[Placed]]:
    """All joined, then less while a mixed kernel is missing, or on few cores; the fastest."""
    decider = estimates.decider
    wanted = [each for each in (RUNNING_ROWS, FINISHED_SUMS) if _joins(decider, each)]
    found: list[tuple[float, ModuleOp, list[Placed]]] = []
    counts: set[int] = set()
    trouble: UndecidableError | None = None
    grouped = _grouped(ctx, program, decider, borders=borders)
    for left_out in range(len(wanted) + 1):
        told.progress("grouping ops" if not found else "grouping ops again, with fewer joined")
        module = grouped.clone()
        _join(ctx, module, wanted[left_out:], estimates)
        count = _undecided(module)
        if count in counts:
            continue
        counts.add(count)
        told.on_outlined(count)
        try:
            placed = decide_module(module, decider, told.on_decision)
        except UndecidableError as error:
            trouble = error
            continue
        found.append((_cycles(placed, decider), module, placed))
        if not any(
            _is_left_joined(each) or _is_on_few_cores(each, decider.target) for each in placed
        ):
            break
    if not found:
        assert trouble is not None
        raise trouble
    _, module, placed = min(found, key=lambda each: each[0])
    return module, placed


def _join(
    ctx: Context, module: ModuleOp, strategies: Sequence[Strategy], estimates: "Estimates"
) -> None:
    """Join what these strategies write one mixed kernel of."""
    if RUNNING_ROWS in strategies:
        NpuJoinRowsPass().apply(ctx, module)
    if FINISHED_SUMS in strategies:
        join_sums(module, estimates.is_faster)


def _cycles(placed: Sequence[Placed], decider: Decider) -> float:
    """What kernels take one after the other; infinite with an op on the host.

    Where kernels become stages of one launch, that both kinds of cores begin is paid for once.
    """
    launch = decider.target.launch
    begins = 0.0 if launch.barrier is None else launch.mixed or 0.0
    total = 0.0
    for each in placed:
        verdict = each.decision.verdict
        total += inf if verdict is None else verdict.cycles + launch.gap
        total -= begins if _is_mixed(each) else 0.0
    return total


def _is_mixed(placed: Placed) -> bool:
    verdict = placed.decision.verdict
    program = verdict.program if verdict is not None else None
    return program is not None and any(kernel.op.is_mixed for kernel in program.kernels)


def _grouped(ctx: Context, program: ModuleOp, decider: Decider, *, borders: bool) -> ModuleOp:
    module = program.clone()
    NpuOutlinePass(
        decider.target.cube.biases("f32"), epilogues=decider.settings.epilogues, borders=borders
    ).apply(ctx, module)
    return module


def _has_borders(ctx: Context, program: ModuleOp, decider: Decider) -> bool:
    """Whether paddings can be borders of windows, and somebody who is asked loads them so."""
    settings, target = decider.settings, decider.target
    asked = settings.sources.joins
    known = any(entry.artifact.strategy in BORDERED for entry in decider.entries)
    if not (settings.epilogues and asked and known and target.vector.ops.get("vtranspose")):
        return False
    if not any(isinstance(op, PadOp) for op in program.walk()):
        return False
    apart, joined = (_grouped(ctx, program, decider, borders=b) for b in (False, True))
    return _undecided(joined) < _undecided(apart)


def _is_left_bordered(placed: Placed) -> bool:
    """Whether it has borders and no kernel."""
    decision = placed.decision
    specification = decision.specification
    return decision.verdict is None and (specification is None or specification.has_borders)


def _undecided(module: ModuleOp) -> int:
    return sum(op.name == UndecidedOp.name for op in module.walk())


def _is_left_joined(placed: Placed) -> bool:
    """Whether it is joined, without a mixed kernel, which alone makes joining worth while."""
    decision = placed.decision
    if decision.specification is None or not _is_joined(decision.specification):
        return False
    return not _is_mixed(placed)


def _is_on_few_cores(placed: Placed, target: Target) -> bool:
    """Whether a mixed kernel has long rows on half of the cores or fewer.

    A query of one token, or of a group of heads, with a long cache: its products apart are
    distributed over the columns too.
    """
    decision = placed.decision
    parts = None if decision.specification is None else weighted_rows_of(decision.specification)
    program = decision.verdict.program if decision.verdict is not None else None
    if parts is None or program is None or decision.specification is None:
        return False
    groups = target.cores[target.matrix_core]
    few = any(k.op.is_mixed and 2 * k.op.blocks.value.data <= groups for k in program.kernels)
    return few and decision.specification.axes[parts.n] >= LONG


def _is_joined(specification: Specification) -> bool:
    return any(
        structure in (Structure.WEIGHTED_ROWS, Structure.FINISHED_SUMS)
        for structure in structures(specification)
    )


def _joins(decider: Decider, strategy: Strategy) -> bool:
    """Whether somebody who is asked writes such mixed kernels, and the target runs them."""
    settings = decider.settings
    asked = settings.sources.joins
    known = any(entry.artifact.strategy == strategy.name for entry in decider.entries)
    return settings.join_rows and asked and known and decider.target.cross is not None


@dataclass(frozen=True)
class Estimates:
    """The cycles that templates promise of ops, each searched once and kept in the store."""

    decider: Decider
    _known: dict[str, float] = field(default_factory=dict[str, float])

    def is_faster(self, joined: Specification, apart: Sequence[Specification]) -> bool:
        """Whether a mixed kernel takes less than several, with barriers of all cores between.

        That both kinds of cores run is paid for either way.
        """
        launch = self.decider.target.launch
        mixed = self.cycles(joined, only=FINISHED_SUMS.name) - (launch.mixed or 0.0)
        if mixed == inf:
            return False
        return mixed < sum(map(self.cycles, apart)) + (len(apart) - 1) * launch.gap

    def cycles(self, specification: Specification, only: str | None = None) -> float:
        """Of the best candidate of all templates, or of those of one strategy."""
        name = f"{only} {specification.digest}"
        if name not in self._known:
            self._known[name] = self._kept(specification, only)
        return self._known[name]

    def _kept(self, specification: Specification, only: str | None) -> float:
        """What this very code has estimated before with the same knowledge, or does now."""
        decider = self.decider
        asked = digest_of((decider.entries_digest, decider.settings.sources, only))
        digests = (specification.digest, decider.target.digest, code_digest(), asked)
        key = AnswerKey("estimate", *digests)
        known = None if decider.settings.fresh else decider.known.answer(key)
        if known is not None:
            return float(json.loads(known.answer))
        cycles = min(self._candidates(specification, only), default=inf)
        decider.store.put_answer(
            AnswerRecord(**vars(key), verdict="estimated", answer=json.dumps(cycles))
        )
        return cycles

    def _candidates(self, specification: Specification, only: str | None) -> Iterator[float]:
        decider = self.decider
        with suppress(HawkError, NoInstructionError):
            composition = decider.composer.compose(specification)
            for entry in decider.entries:
                if entry.kind is not EntryKind.TEMPLATE:
                    continue
                if only is not None and entry.artifact.strategy != only:
                    continue
                found = candidates(Request(entry, specification, composition, decider.target))
                yield from (each.estimate for each in found)
