"""A kernel for a range of lengths: what one schedule gives at several of them, made one and judged.

Schedules are chosen near the upper bound, where a kernel takes longest; the best estimate first.
Where no kernel serves the whole range, its halves can be asked for, so that a few kernels share it
and the model picks one by its length.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from hawk_xdsl.codegen.generalise import (
    NotAffineError,
    generalised,
    generalised_sizes,
    lengths_compared,
)
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.kernel_text import GlobalOperand, KernelProgram, Places, Signature
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.build import temps_of
from hawk_xdsl.dialects.npu import NamedExtent, Size, UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.dynamic import DynamicGate, DynamicVerdict
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.npu_target import Target
from hawk_xdsl.propose.witness import composed_witness
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import Operand, ResultRegion, Specification, specify

MOST_KERNELS = 4
"""Kernels that may share the range of an extent."""

MOST_DRAFTS = 4
"""Texts that are run and refused before a range is given up."""

MOST_SCHEDULES = 48
"""Schedules whose texts are generalised and built for one range."""


@dataclass(frozen=True)
class DynamicKernel:
    """A kernel that is right in the range of its extent, as far as its verdict says.

    ``attempts`` is how many texts the gate has judged, the last of them this one.
    """

    verdict: DynamicVerdict
    program: KernelProgram
    signature: Signature
    schedule: Schedule
    entries: tuple[str, ...]
    attempts: int = 1

    @property
    def extent(self) -> NamedExtent:
        """The range that it is for."""
        return self.verdict.extent


class NoDynamicKernelError(HawkError):
    """No kernel was found for a range of lengths."""

    code = "dynamic-shape"


class DynamicProposer:
    """Writes kernels for an op whose shapes depend on one extent.

    Args:
        instance: the op at a length of the extent.
        composer: rewrites and instructions.
        entries: the templates among them say which strategies are asked.
        target: for which target.
        seed: of the trials.
        rules: what certificates may use; default: the composer's.
    """

    def __init__(
        self,
        instance: Callable[[int], UndecidedOp],
        composer: Composer,
        entries: Sequence[Entry],
        target: Target,
        seed: int = 0,
        rules: Sequence[Rule] | None = None,
    ) -> None:
        self._composer = composer
        self._rules = tuple(composer.rules if rules is None else rules)
        self._entries = entries
        self._templates = [entry for entry in entries if entry.kind is EntryKind.TEMPLATE]
        self._target = target
        self._seed = seed
        self._unfilled: dict[str, str] = {}

        @cache
        def at(length: int) -> tuple[UndecidedOp, Specification]:
            op = instance(length)
            return op, specify(op)

        @cache
        def composed(length: int) -> Composition:
            return composer.compose(at(length)[1])

        self._at, self._composed = at, composed

    def specification(self, length: int) -> Specification:
        """What the op computes at a length."""
        return self._at(length)[1]

    def kernels(
        self, extent: NamedExtent, name: str, most: int = MOST_KERNELS
    ) -> tuple[DynamicKernel, ...]:
        """The kernels of a range, at most ``most``, in the order of their ranges.

        Raises:
            NoDynamicKernelError: with the name of the extent and the last reason.
        """
        try:
            return (self._kernel(extent, name),)
        except HawkError as error:
            reasons = [error.message, *(f"{k}: {v}" for k, v in self._unfilled.items())]
            none = NoDynamicKernelError(
                f"{name}: no kernel for {extent}: {'; '.join(dict.fromkeys(reasons))}"
            )
            if most < 2 or extent.high - extent.low < 2 * MOST_KERNELS:
                raise none from error
        middle = (extent.low + extent.high) // 2
        halves = replace(extent, high=middle), replace(extent, low=middle + 1)
        try:
            first, second = (
                self.kernels(half, f"{name}_{number}", most // 2)
                for number, half in enumerate(halves)
            )
        except NoDynamicKernelError as error:
            raise none from error
        return (*first, *second)

    def _kernel(self, extent: NamedExtent, name: str) -> DynamicKernel:
        """One kernel for a whole range. Raises ``HawkError`` with the last reason."""
        gate, lengths = self.gate(extent, name), lengths_compared(extent)
        if len({tuple(self._at(length)[1].axes) for length in lengths}) > 1:
            raise NotAffineError(f"the axes depend on {extent.name}")
        reason: HawkError = NotAffineError("no template writes it at several lengths")
        refused = 0
        for entry, candidate in self._ranked(lengths[0])[:MOST_SCHEDULES]:
            if refused >= MOST_DRAFTS:
                break
            try:
                tree = self._generalised(extent, lengths, entry, candidate)
                verdict = gate.check(tree, candidate.entries)
            except HawkError as error:
                reason = error
                continue
            if verdict.accepted:
                program = KernelProgram(verdict.kernels, temps_of(tree.temps, gate.signature))
                return DynamicKernel(
                    verdict,
                    program,
                    gate.signature,
                    candidate.schedule,
                    candidate.entries,
                    refused + 1,
                )
            refused += 1
            reason = HawkError(verdict.summary)
        raise reason

    def gate(self, extent: NamedExtent, name: str) -> DynamicGate:
        """What judges the kernels of a range. Raises ``NotAffineError`` for the op's operands."""
        return DynamicGate(
            self._at,
            self._signature(extent, name, lengths_compared(extent)),
            self._target,
            self._seed,
            self._rules,
            lambda specification: composed_witness(
                self._composer, self._entries, specification, self._target
            ),
        )

    def _ranked(self, length: int) -> list[tuple[Entry, Candidate]]:
        """The candidates of all templates at a length, the best estimate first.

        Why a template has none is kept for the error, should no other have one.
        """
        found: list[tuple[Entry, Candidate]] = []
        for entry in self._templates:
            try:
                made = candidates(self._request(entry, length))
            except HawkError as error:  # the others go on
                self._unfilled[entry.name] = error.message
                continue
            found += [(entry, each) for each in made]
        return sorted(found, key=lambda pair: pair[1].estimate)

    def _request(self, entry: Entry, length: int) -> Request:
        return Request(entry, self._at(length)[1], self._composed(length), self._target)

    def _generalised(
        self, extent: NamedExtent, lengths: Sequence[int], entry: Entry, first: Candidate
    ) -> ast.KernelText:
        texts: dict[int, ast.KernelText] = {lengths[0]: first.syntax}
        for length in lengths[1:]:
            try:
                made = candidate_at(self._request(entry, length), first.schedule)
            except LookupError:  # the schedule names a loop that this length does not have
                made = None
            if made is None:
                raise NotAffineError(f"the schedule {first.schedule} does not fit {length}")
            texts[length] = made.syntax
        return generalised(texts, extent)

    def _signature(self, extent: NamedExtent, name: str, lengths: Sequence[int]) -> Signature:
        at = {length: self._at(length)[1] for length in lengths}
        sizes: dict[str, tuple[Size, ...]] = {}
        inputs = _operands({n: s.operands for n, s in at.items()}, extent, sizes)
        outputs = _operands({n: s.outputs for n, s in at.items()}, extent, sizes)
        places: Places = self._target.places
        target = self._target.name
        return Signature(name, inputs, outputs, target, places, (extent,), sizes)


def _operands(
    tensors: Mapping[int, Sequence[Operand | ResultRegion]],
    extent: NamedExtent,
    sizes: dict[str, tuple[Size, ...]],
) -> tuple[GlobalOperand, ...]:
    """Operands at their largest; their dimensions over the extent are added to ``sizes``."""
    if len({len(each) for each in tensors.values()}) > 1:
        raise NotAffineError(f"the operands depend on {extent.name}")
    found: list[GlobalOperand] = []
    for same in zip(*tensors.values(), strict=True):
        first = same[0]
        shapes = {length: each.shape for length, each in zip(tensors, same, strict=True)}
        sizes[first.name], most = generalised_sizes(shapes, extent)
        found.append(GlobalOperand(first.name, first.dtype, most))
    return tuple(found)
