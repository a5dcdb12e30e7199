"""Finds an instruction for every term: rewrites, wider dtypes, casts in steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from hawk_xdsl.codegen.cast_steps import NoInstructionError, Supports, casts_in_steps
from hawk_xdsl.codegen.instruction_pattern import InstructionPattern
from hawk_xdsl.codegen.statement_pattern import parse_statement
from hawk_xdsl.codegen.vector.widths import (
    in_f32,
    operand_dtype,
    raised,
    rounds_twice,
    stored_dtype,
    stored_terms,
)
from hawk_xdsl.dialects.dtype import (
    BUFFER_DTYPES,
    CONDITION,
    WIDE_FLOAT,
    WIDE_INTEGER,
    DType,
)
from hawk_xdsl.knowledge_store.entry import Entry, EntryKind, Trigger
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.semantics.interval import range_of
from hawk_xdsl.semantics.intervals import EXACT_IN_F32, Intervals
from hawk_xdsl.semantics.matching import Match, match
from hawk_xdsl.semantics.pattern import parse_pattern
from hawk_xdsl.semantics.result_regions import unified
from hawk_xdsl.semantics.rewriting import Rule, rewritten
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk

FUNCTION_OF_REDUCTION = {
    "sum": "add",
    "prod": "mul",
    "max": "max",
    "min": "min",
    "and": "and",
    "or": "or",
}
"""The function of two values that a reduction repeats."""


@dataclass(frozen=True)
class Composer:
    """The rewrites and instructions of a knowledge base, for one target."""

    rules: tuple[Rule, ...]
    instructions: tuple[InstructionPattern, ...]
    supports: Supports

    @staticmethod
    def for_target(entries: Sequence[Entry], target: Target) -> "Composer":
        """From the entries of kind rewrite and instruction, for what a target has."""
        return Composer.of(entries, lambda mnemonic, dtype: supports(target, mnemonic, dtype))

    @staticmethod
    def of(entries: Sequence[Entry], supports: Supports) -> "Composer":
        """From the entries of kind rewrite and instruction, in their order."""
        rules: list[Rule] = []
        instructions: list[InstructionPattern] = []
        for entry in entries:
            before, after = entry.artifact.before, entry.artifact.after
            if before is None or after is None:
                continue
            pattern = parse_pattern(before, file=entry.origin or None)
            if entry.kind is EntryKind.REWRITE:
                replacement = parse_pattern(after, file=entry.origin or None)
                when = entry.trigger
                if not _is_needed(when, supports):
                    continue
                rules.append(
                    Rule(
                        entry.name,
                        pattern,
                        replacement,
                        when.dtypes,
                        when.results,
                        {} if entry.artifact.outside else dict(entry.artifact.domain),
                        when.operands,
                        frozenset(entry.artifact.nan),
                        entry.artifact.error is None,
                        entry.artifact.identity,
                        optional=entry.artifact.optional,
                    )
                )
            elif entry.kind is EntryKind.INSTRUCTION:
                statement = parse_statement(after, file=entry.origin or None)
                made = InstructionPattern(entry.name, pattern, statement, entry.trigger.dtypes)
                instructions.append(made)
        return Composer(tuple(rules), tuple(instructions), supports)

    def compose(
        self,
        specification: Specification,
        names: Mapping[Term, str] = MappingProxyType({}),
        *,
        optional: bool = False,
    ) -> "Composition":
        """The specification in terms that are one instruction each.

        ``names`` are wanted for the buffers of some of the specification's terms. With
        any, every statement of a kernel makes a new buffer. ``optional``: rules are applied that
        time decides about.
        Raises ``NoInstructionError`` if a term has none.
        """
        wanted = [term for term in walk(specification.roots) if term in names]
        specification, named = unified(specification, wanted)
        count = len(specification.roots)
        plain = raised(stored_terms([*specification.roots, *named]))
        rules = [rule for rule in self._classified if _is_for(rule, specification, optional)]
        intervals = Intervals.of_specification(specification)
        every, applied = rewritten(plain, rules, holds=intervals.within)
        if rounds_twice(every[:count]):
            every, applied = rewritten(in_f32(plain), rules, holds=intervals.within)
            terms = Terms()
            pairs = zip(every[:count], plain[:count], strict=True)
            every[:count] = [terms.cast(root, before.dtype) for root, before in pairs]
        every = casts_in_steps(self._widened(every, intervals), intervals, self.supports)
        roots = every[:count]
        chosen: dict[Term, tuple[InstructionPattern, Match]] = {}
        combiners: dict[tuple[str, str], str] = {}
        without_instruction: set[Term] = set()
        for term in walk(roots):
            combiner = self._by_combiner(term)
            if combiner is not None:
                chosen[term] = (combiner, Match())
                without_instruction.add(term)
            elif term.value != term.value or (term.args and term.op != "gather"):
                chosen[term] = self._select(term)
            if (term.is_reduction or term.is_scan) and term.kind in FUNCTION_OF_REDUCTION:
                self._add_combiner(combiners, term)
        used = sorted({instruction.name for instruction, _ in chosen.values()} | set(applied))
        results = tuple(
            replace(result, term=root)
            for result, root in zip(specification.results, roots, strict=True)
        )
        composed = replace(specification, results=results)
        kept: dict[Term, str] = {}
        for term, after in zip(wanted, every[count:], strict=True):
            kept.setdefault(after, names[term])
        return Composition(
            composed,
            roots,
            chosen,
            tuple(used),
            combiners,
            self,
            names=kept,
            without_instruction=frozenset(without_instruction),
        )

    def with_optional(self, specification: Specification) -> "Composition | None":
        """The composition with the optional rules; ``None`` where none of them applies."""
        names = {rule.name for rule in self.rules if rule.optional}
        ops = {term.op for term in walk(specification.roots)}
        if not any(rule.before.op in ops for rule in self.rules if rule.optional):
            return None
        try:
            found = self.compose(specification, optional=True)
        except NoInstructionError:
            return None
        return found if names & set(found.entries) else None

    @cached_property
    def _classified(self) -> tuple[Rule, ...]:
        """The rules; those that give up digits of what could be computed as it is are shortcuts.

        So are those for results of few digits.
        """
        direct = {instruction.before.op for instruction in self.instructions}
        return tuple(
            replace(rule, shortcut=bool(rule.results) or rule.before.functions <= direct)
            if not rule.exact
            else rule
            for rule in self.rules
        )

    def _add_combiner(self, combiners: dict[tuple[str, str], str], term: Term) -> None:
        """The instruction that puts two parts of a reduction together, if there is one."""
        instruction = self._combiner(term)
        if instruction is not None:
            key = (FUNCTION_OF_REDUCTION[term.kind], term.dtype)
            combiners.setdefault(key, instruction.mnemonic)

    def _combiner(self, term: Term) -> InstructionPattern | None:
        terms = Terms()
        parts = tuple(terms.read(f"part{i}", (Affine(i),), term.dtype) for i in range(2))
        together = terms.apply(FUNCTION_OF_REDUCTION[term.kind], parts, term.dtype)
        for instruction, _ in self._candidates(together):
            if self._has(instruction, stored_dtype(term.dtype)):
                return instruction
        return None

    def _by_combiner(self, term: Term) -> InstructionPattern | None:
        """The instruction that combines two parts, where the target cannot reduce or scan them.

        It combines halves with one another, and scans from row to row.
        """
        if not (term.is_reduction or term.is_scan):
            return None
        if term.kind not in FUNCTION_OF_REDUCTION or term.dtype.is_condition:
            return None
        dtype = operand_dtype(term)
        if any(self._has(instruction, dtype) for instruction, _ in self._candidates(term)):
            return None
        return self._combiner(term)

    def _candidates(self, term: Term) -> list[tuple[InstructionPattern, Match]]:
        found: list[tuple[InstructionPattern, Match]] = []
        for instruction in self.instructions:
            if instruction.dtypes and stored_dtype(term.dtype) not in instruction.dtypes:
                continue
            matched = match(instruction.before, term)
            if matched is not None and instruction.takes(matched):
                found.append((instruction, matched))
        return found

    def _select(self, term: Term) -> tuple[InstructionPattern, Match]:
        for instruction, matched in self._candidates(term):
            if self._has(instruction, operand_dtype(term)):
                return instruction, matched
        raise NoInstructionError(
            f"nothing says how to compute {term.op} of {operand_dtype(term)} on this target", term
        )

    def _has(self, instruction: InstructionPattern, dtype: str) -> bool:
        """Whether the target has it; a statement that is no vector instruction every target has."""
        if not instruction.is_vector:
            return not instruction.works_in or dtype in instruction.works_in
        return self.supports(instruction.row, dtype)

    def _widened(self, roots: Sequence[Term], intervals: Intervals) -> list[Term]:
        """Terms whose dtype the instruction lacks, computed in another one and cast back."""
        terms = Terms()
        done: dict[Term, Term] = {}
        for term in walk(roots):
            args = tuple(done[arg] for arg in term.args)
            new = terms.rebuild(term, args)
            wide = self._wider(term, intervals)
            if wide is not None:
                values = tuple(
                    arg if arg.dtype.is_condition else terms.cast(arg, wide) for arg in new.args
                )
                if term.is_reduction or term.is_scan:
                    new = terms.rebuild(new, values)
                else:
                    new = terms.apply(
                        term.op, values, CONDITION if term.dtype.is_condition else wide
                    )
                new = terms.cast(new, term.dtype)
            done[term] = new
        return [done[root] for root in roots]

    def _wider(self, term: Term, intervals: Intervals) -> str | None:
        """The dtype to compute a term in, if the target lacks the instruction for its own.

        Integers go through f32 only where all that happens stays among those that it holds.
        """
        if not term.args or term.op in ("cast", "gather", "and", "or", "xor"):
            return None
        dtype = operand_dtype(term)
        lacking = [instruction for instruction, _ in self._candidates(term)]
        if not lacking or any(self._has(instruction, dtype) for instruction in lacking):
            return None
        if DType(dtype).is_float:
            return WIDE_FLOAT if dtype != WIDE_FLOAT else None
        in_floats = any(self._has(instruction, WIDE_FLOAT) for instruction in lacking)
        if in_floats and (DType(dtype).is_condition or _exact_in_f32(term, intervals)):
            return WIDE_FLOAT
        in_integers = any(self._has(instruction, WIDE_INTEGER) for instruction in lacking)
        return WIDE_INTEGER if in_integers and dtype != WIDE_INTEGER else None


def _is_needed(when: Trigger, supports: Supports) -> bool:
    """Whether a target lacks what a rewrite is the way out of, if it says so.

    ``lacking = ["vneg"]``: the target has that instruction for none of the rewrite's operands.
    """
    dtypes = when.operands or BUFFER_DTYPES
    missing = (not any(supports(row, dtype) for dtype in dtypes) for row in when.lacking)
    return not when.lacking or any(missing)


def _is_for(rule: Rule, specification: Specification, optional: bool) -> bool:
    """Whether every result is of a dtype that the rule is precise enough for, and it is wanted."""
    if rule.optional and not optional:
        return False
    return not rule.results or all(r.dtype in rule.results for r in specification.outputs)


def _exact_in_f32(term: Term, intervals: Intervals) -> bool:
    """Whether f32 gives what integers do: nothing is too large for it, and nothing wraps."""
    if any(not intervals.within(arg, -EXACT_IN_F32, EXACT_IN_F32) for arg in term.args):
        return False
    if term.dtype.is_float or term.dtype.is_condition:
        return True
    exact, own = intervals.exact(term), range_of(term.dtype)
    return exact.within(-EXACT_IN_F32, EXACT_IN_F32) and exact.within(own.low, own.high)


@dataclass(frozen=True)
class Composition:
    """A specification with an instruction for every term; ``entries`` are those it came from.

    ``combiners`` gives the instruction that combines parts of a reduction, by function and dtype.
    ``partial_axes`` are axes whose reductions are of one tile only: each tile stores its partial
    result. ``beside`` gives axes that never meet another one in a term, and stand in its dimension
    of tiles. ``names`` are wanted for the buffers of some terms. ``without_instruction`` are the
    reductions and scans that the target has no instruction for: their combiners do them.
    """

    specification: Specification
    roots: Sequence[Term]
    chosen: Mapping[Term, tuple[InstructionPattern, Match]]
    entries: tuple[str, ...]
    combiners: Mapping[tuple[str, str], str]
    composer: Composer
    partial_axes: frozenset[str] = field(default_factory=frozenset[str])
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[Term, str] = field(default_factory=dict[Term, str])
    without_instruction: frozenset[Term] = frozenset()
