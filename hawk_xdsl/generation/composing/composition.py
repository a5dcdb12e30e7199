"""Finds an instruction for every term: rewrites, wider dtypes, casts in steps."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hawk_xdsl.dialects.npu import VECTOR_OPS
from hawk_xdsl.generation.composing.pieces import unified
from hawk_xdsl.knowledge_store.entry import Entry, EntryKind
from hawk_xdsl.semantics.intervals import Intervals
from hawk_xdsl.semantics.rewriting import Match, Pattern, Rule, match, parse_pattern, rewritten
from hawk_xdsl.semantics.specification import STORED_AS, Specification
from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk

_MNEMONICS = frozenset(op.name.removeprefix("npu.") for op in VECTOR_OPS)

FUNCTION_OF_FOLD = {
    "sum": "add",
    "prod": "mul",
    "max": "max",
    "min": "min",
    "and": "and",
    "or": "or",
}
"""The function of two values that a fold repeats."""

NARROW = ("f16", "bf16")
"""Float dtypes in which a second rounding is one too many."""

EXACT = frozenset(
    {"const", "read", "gather", "index", "max", "min", "neg", "abs", "select", "relu", "cast"}
    | {"and", "or", "xor", "not", "eq", "ne", "lt", "le", "gt", "ge", "full"}
    | {"reduce_max", "reduce_min", "reduce_argmax", "reduce_argmin", "scan_max", "scan_min"}
)
"""What rounds nothing."""

HOLDS = {
    "f32": frozenset({"f16", "bf16", "i16", "i8"}),
    "f16": frozenset({"i8"}),
    "i32": frozenset({"i16", "i8"}),
    "i16": frozenset({"i8"}),
}
"""For a dtype the others whose values it has all of."""


class NoInstructionError(Exception):
    """No knowledge says how to compute a term; the message names it."""


@dataclass(frozen=True)
class Instruction:
    """An instruction entry: what it computes, its statement, the result dtypes it is for.

    ``works_in`` are the dtypes that a statement which is no vector instruction takes; all without.
    """

    name: str
    before: Pattern
    statement: str
    dtypes: tuple[str, ...]
    works_in: tuple[str, ...] = ()

    @property
    def mnemonic(self) -> str:
        """The instruction's name in kernel text."""
        return self.statement.split(maxsplit=1)[0]

    def takes(self, matched: Match) -> bool:
        """Whether its operands may be these: the first one of a vector instruction is a tile.

        Those of a statement that works in some dtypes only are all tiles.
        """
        if self.works_in and any(value.is_const for value in matched.terms.values()):
            return False
        first = re.search(r"\$(\w+)", self.statement)
        value = matched.terms.get(first[1]) if first is not None else None
        return value is None or not value.is_const or self.mnemonic not in _MNEMONICS

    @property
    def row(self) -> str:
        """The instruction in a target's tables: ``vreduce_sum`` of a ``vreduce sum``."""
        words = self.statement.split()
        return "_".join(words[:2]) if words[0] in ("vreduce", "vcumulate") else words[0]


Supports = Callable[[str, str], bool]
"""Whether the target has an instruction (mnemonic) for a dtype."""


@dataclass(frozen=True)
class Composer:
    """The rewrites and instructions of a knowledge base, for one target."""

    rules: tuple[Rule, ...]
    instructions: tuple[Instruction, ...]
    supports: Supports

    @staticmethod
    def of(entries: Sequence[Entry], supports: Supports) -> "Composer":
        """From the entries of kind rewrite and instruction, in their order."""
        rules: list[Rule] = []
        instructions: list[Instruction] = []
        for entry in entries:
            before, after = entry.artifact.before, entry.artifact.after
            if before is None or after is None:
                continue
            pattern = parse_pattern(before, file=entry.origin or None)
            if entry.kind is EntryKind.REWRITE:
                replacement = parse_pattern(after, file=entry.origin or None)
                when = entry.trigger
                domain = dict(entry.artifact.domain)
                rules.append(
                    Rule(entry.name, pattern, replacement, when.dtypes, when.results, domain)
                )
            elif entry.kind is EntryKind.INSTRUCTION:
                instructions.append(Instruction(entry.name, pattern, after, entry.trigger.dtypes))
        return Composer(tuple(rules), tuple(instructions), supports)

    def compose(
        self, specification: Specification, names: Mapping[int, str] = MappingProxyType({})
    ) -> "Composition":
        """The specification in terms that are one instruction each.

        ``names`` are wanted for the buffers of some of the specification's terms, by identity. With
        any, every statement of a kernel makes a new buffer.
        Raises ``NoInstructionError`` if a term has none.
        """
        wanted = [term for term in walk(specification.roots) if id(term) in names]
        specification, named = unified(specification, wanted)
        count = len(specification.roots)
        plain = _stored_terms([*specification.roots, *named])
        rules = [rule for rule in self.rules if _precise_enough(rule, specification)]
        intervals = Intervals.of_specification(specification)
        every, applied = rewritten(plain, rules, holds=intervals.within)
        if _rounds_twice(every[:count]):
            every, applied = rewritten(_in_f32(plain), rules, holds=intervals.within)
            terms = Terms()
            pairs = zip(every[:count], plain[:count], strict=True)
            every[:count] = [terms.cast(root, before.dtype) for root, before in pairs]
        every = self._in_steps(self._widened(every))
        roots = every[:count]
        chosen: dict[int, tuple[Instruction, Match]] = {}
        combiners: dict[tuple[str, str], str] = {}
        for term in walk(roots):
            if term.args and term.op != "gather":
                chosen[id(term)] = self._select(term)
            if (term.is_reduction or term.is_scan) and term.kind in FUNCTION_OF_FOLD:
                self._add_combiner(combiners, term)
        used = sorted({instruction.name for instruction, _ in chosen.values()} | set(applied))
        results = tuple(
            replace(result, term=root)
            for result, root in zip(specification.results, roots, strict=True)
        )
        composed = replace(specification, results=results)
        kept: dict[int, str] = {}
        for term, after in zip(wanted, every[count:], strict=True):
            kept.setdefault(id(after), names[id(term)])
        return Composition(composed, roots, chosen, tuple(used), combiners, self, names=kept)

    def _add_combiner(self, combiners: dict[tuple[str, str], str], term: Term) -> None:
        """The instruction that puts two parts of a fold together, if there is one."""
        terms = Terms()
        parts = tuple(terms.read(f"part{i}", (Affine(i),), term.dtype) for i in range(2))
        function = FUNCTION_OF_FOLD[term.kind]
        for instruction, _ in self._candidates(terms.apply(function, parts, term.dtype)):
            if self._has(instruction, _stored(term.dtype)):
                combiners.setdefault((function, term.dtype), instruction.mnemonic)

    def _candidates(self, term: Term) -> list[tuple[Instruction, Match]]:
        found: list[tuple[Instruction, Match]] = []
        for instruction in self.instructions:
            if instruction.dtypes and _stored(term.dtype) not in instruction.dtypes:
                continue
            matched = match(instruction.before, term)
            if matched is not None and instruction.takes(matched):
                found.append((instruction, matched))
        return found

    def _select(self, term: Term) -> tuple[Instruction, Match]:
        for instruction, matched in self._candidates(term):
            if self._has(instruction, _operand_dtype(term)):
                return instruction, matched
        raise NoInstructionError(
            f"nothing says how to compute {term.op} of {_operand_dtype(term)} on this target"
        )

    def _has(self, instruction: Instruction, dtype: str) -> bool:
        """Whether the target has it; a statement that is no vector instruction every target has."""
        if instruction.mnemonic not in _MNEMONICS:
            return not instruction.works_in or dtype in instruction.works_in
        return self.supports(instruction.row, dtype)

    def _widened(self, roots: Sequence[Term]) -> list[Term]:
        """Terms whose dtype the instruction lacks, computed in f32 and cast back."""
        terms = Terms()
        done: dict[int, Term] = {}
        for term in walk(roots):
            args = tuple(done[id(arg)] for arg in term.args)
            new = terms.rebuild(term, args)
            dtype = _operand_dtype(term)
            lacking = [instruction for instruction, _ in self._candidates(term)]
            if (
                term.args
                and term.op not in ("cast", "gather", "and", "or", "xor")
                and dtype != "f32"
                and lacking
                and not any(self._has(instruction, dtype) for instruction in lacking)
            ):
                wide = tuple(
                    arg if arg.dtype == "i1" else terms.cast(arg, "f32") for arg in new.args
                )
                if term.is_reduction or term.is_scan:
                    new = terms.rebuild(new, wide)
                else:
                    new = terms.apply(term.op, wide, "i1" if term.dtype == "i1" else "f32")
                new = terms.cast(new, term.dtype)
            done[id(term)] = new
        return [done[id(root)] for root in roots]

    def _in_steps(self, roots: Sequence[Term]) -> list[Term]:
        """Casts that the target has no instruction for as several that it has."""
        terms = Terms()
        done: dict[int, Term] = {}
        for term in walk(roots):
            args = tuple(done[id(arg)] for arg in term.args)
            new = terms.rebuild(term, args)
            if term.op == "cast" and new.op == "cast":
                value = args[0]
                for step in self._casts(_stored(value.dtype), _stored(term.dtype)):
                    value = terms.cast(value, step)
                new = value
            done[id(term)] = new
        return [done[id(root)] for root in roots]

    def _casts(self, source: str, target: str) -> list[str]:
        """The shortest way between two dtypes that loses nothing before its last step."""
        ways: list[list[str]] = [[source]]
        while ways:
            way = ways.pop(0)
            if way[-1] == target:
                return way[1:] or [target]
            for step in (target, "f32", "f16", "i32", "i16", "bf16", "i8"):
                if step in way or not self.supports("vcast", f"{way[-1]}-{step}"):
                    continue
                if step == target or _passes(way[-1], step, target):
                    ways.append([*way, step])
        raise NoInstructionError(f"nothing says how to cast {source} to {target} on this target")


def _precise_enough(rule: Rule, specification: Specification) -> bool:
    """Whether every result is of a dtype that the rule is precise enough for."""
    return not rule.results or all(r.dtype in rule.results for r in specification.outputs)


def _passes(source: str, step: str, target: str) -> bool:
    """Whether a value on its way from one dtype to another may go through a third."""
    if source in HOLDS.get(step, ()):
        return True
    fraction_lost = source.startswith("i") or step.startswith("i") or not target.startswith("i")
    return fraction_lost and target in HOLDS.get(step, ())


def stored_dtype(dtype: str) -> str:
    """The dtype that a tile of terms of a dtype has."""
    return _stored(dtype)


def _stored(dtype: str) -> str:
    return STORED_AS.get(dtype, dtype)


def _operand_dtype(term: Term) -> str:
    """The dtype an instruction works in: that of its first value that is not a condition."""
    values = [_stored(arg.dtype) for arg in term.args if arg.dtype != "i1"]
    return values[0] if values else _stored(term.dtype)


def _stored_terms(roots: Sequence[Term]) -> list[Term]:
    """The same terms with the dtypes that a kernel holds them in; conditions stay conditions."""
    return _converted(roots, lambda dtype: dtype if dtype == "i1" else _stored(dtype))


def _converted(roots: Sequence[Term], kept: Callable[[str], str]) -> list[Term]:
    terms = Terms()
    done: dict[int, Term] = {}
    for term in walk(roots):
        args = tuple(done[id(arg)] for arg in term.args)
        dtype = kept(term.dtype)
        if dtype == term.dtype or term.op == "cast":
            new = terms.cast(args[0], dtype) if term.op == "cast" else terms.rebuild(term, args)
        elif term.is_reduction or term.is_scan:
            new = terms.rebuild(term, args)
        else:
            new = terms.rebuild(replace(term, dtype=dtype, args=args), args)
        done[id(term)] = new
    return [done[id(root)] for root in roots]


def _rounds_twice(roots: Sequence[Term]) -> bool:
    """Whether a narrow float is rounded more than once on the way to a result, or summed."""
    roundings: dict[int, int] = {}
    for term in walk(roots):
        before = max((roundings[id(arg)] for arg in term.args), default=0)
        inexact = term.dtype in NARROW and term.op not in EXACT
        if inexact and (term.is_reduction or term.is_scan):
            return True
        if term.op == "cast" and term.dtype not in NARROW:
            before = 0
        roundings[id(term)] = before + inexact
        if roundings[id(term)] > 1:
            return True
    return False


def _in_f32(roots: Sequence[Term]) -> list[Term]:
    """The same with narrow floats as f32 between what is read and what is written."""
    terms = Terms()
    done: dict[int, Term] = {}
    for term in walk(roots):
        args = tuple(done[id(arg)] for arg in term.args)
        if term.op in ("read", "gather"):
            new = terms.rebuild(term, args)
            new = terms.cast(new, "f32") if term.dtype in NARROW else new
        elif term.op == "cast" and term.dtype in NARROW:
            was_narrow = term.args[0].dtype in NARROW
            new = args[0] if was_narrow else terms.cast(terms.cast(args[0], term.dtype), "f32")
        elif term.dtype in NARROW and not (term.is_reduction or term.is_scan):
            new = terms.rebuild(replace(term, dtype="f32", args=args), args)
        else:
            new = terms.rebuild(term, args)
        done[id(term)] = new
    return [done[id(root)] for root in roots]


@dataclass(frozen=True)
class Composition:
    """A specification with an instruction for every term; ``entries`` are those it came from.

    ``combiners`` gives the instruction that puts parts of a fold together, by function and dtype.
    ``parts`` are axes whose folds are of one tile only: each tile stores a part. ``beside`` gives
    axes that never meet another one in a term, and stand in its dimension of tiles. ``names`` are
    wanted for the buffers of some terms, by identity.
    """

    specification: Specification
    roots: Sequence[Term]
    chosen: Mapping[int, tuple[Instruction, Match]]
    entries: tuple[str, ...]
    combiners: Mapping[tuple[str, str], str]
    composer: Composer
    parts: frozenset[str] = field(default_factory=frozenset[str])
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[int, str] = field(default_factory=dict[int, str])
