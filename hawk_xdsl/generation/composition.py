"""Writes the statements of a tile by knowledge alone: rewrites, then one instruction a term."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hawk_xdsl.dialects.npu import UB_BLOCK_BYTES, VECTOR_OPS
from hawk_xdsl.generation.tiling import Tiling
from hawk_xdsl.knowledge_store.entry import Entry, EntryKind
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.semantics.rewriting import Match, Pattern, Rule, match, parse_pattern, rewritten
from hawk_xdsl.semantics.specification import Result, Specification
from hawk_xdsl.semantics.spelling import literal
from hawk_xdsl.semantics.terms import Term, Terms, walk

_MNEMONICS = frozenset(op.name.removeprefix("npu.") for op in VECTOR_OPS)

_IN_PLACE = frozenset(op.name.removeprefix("npu.") for op in VECTOR_OPS if op.IN_PLACE)


class NoInstructionError(Exception):
    """No knowledge says how to compute a term; the message names it."""


@dataclass(frozen=True)
class Instruction:
    """An instruction entry: what it computes, its statement, the result dtypes it is for."""

    name: str
    before: Pattern
    statement: str
    dtypes: tuple[str, ...]

    @property
    def mnemonic(self) -> str:
        """The instruction's name in kernel text."""
        return self.statement.split(maxsplit=1)[0]


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
                rules.append(Rule(entry.name, pattern, replacement))
            elif entry.kind is EntryKind.INSTRUCTION:
                instructions.append(Instruction(entry.name, pattern, after, entry.trigger.dtypes))
        return Composer(tuple(rules), tuple(instructions), supports)

    def compose(self, specification: Specification) -> "Composition":
        """The specification in terms that are one instruction each.

        Raises ``NoInstructionError`` if a term has none.
        """
        roots, applied = rewritten(specification.roots, self.rules)
        roots = self._widened(roots)
        chosen: dict[int, tuple[Instruction, Match]] = {}
        for term in walk(roots):
            if term.args:
                chosen[id(term)] = self._select(term)
        used = sorted({instruction.name for instruction, _ in chosen.values()} | set(applied))
        results = tuple(
            replace(result, term=root)
            for result, root in zip(specification.results, roots, strict=True)
        )
        return Composition(replace(specification, results=results), roots, chosen, tuple(used))

    def _candidates(self, term: Term) -> list[tuple[Instruction, Match]]:
        found: list[tuple[Instruction, Match]] = []
        for instruction in self.instructions:
            if instruction.dtypes and _stored(term.dtype) not in instruction.dtypes:
                continue
            matched = match(instruction.before, term)
            if matched is not None:
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
        return instruction.mnemonic not in _MNEMONICS or self.supports(instruction.mnemonic, dtype)

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
                and term.op not in ("cast", "and", "or", "xor")
                and dtype != "f32"
                and lacking
                and not any(self._has(instruction, dtype) for instruction in lacking)
            ):
                wide = tuple(
                    arg if arg.dtype == "i1" else terms.cast(arg, "f32") for arg in new.args
                )
                if term.is_reduction:
                    new = terms.reduce(term.op.removeprefix("reduce_"), wide[0], term.bound)
                else:
                    new = terms.apply(term.op, wide, "i1" if term.dtype == "i1" else "f32")
                new = terms.cast(new, term.dtype)
            done[id(term)] = new
        return [done[id(root)] for root in roots]


def _stored(dtype: str) -> str:
    return "i8" if dtype == "i1" else dtype


def _operand_dtype(term: Term) -> str:
    """The dtype an instruction works in: that of its first value that is not a condition."""
    values = [arg.dtype for arg in term.args if arg.dtype != "i1"]
    return values[0] if values else _stored(term.dtype)


@dataclass(frozen=True)
class Body:
    """The statements of one tiling, and the bytes of ub that its buffers take."""

    invariant: tuple[str, ...]
    load: tuple[str, ...]
    compute: tuple[str, ...]
    store: tuple[str, ...]
    ub_bytes: int


@dataclass(frozen=True)
class Composition:
    """A specification with an instruction for every term; ``entries`` are those it came from."""

    specification: Specification
    roots: Sequence[Term]
    chosen: Mapping[int, tuple[Instruction, Match]]
    entries: tuple[str, ...]

    def body(self, tiling: Tiling) -> Body:
        """The statements for one tiling. Raises ``UntileableError``."""
        return _Writer(self, tiling).write()


@dataclass
class _Buffer:
    name: str
    dtype: str
    axes: tuple[str | None, ...]


@dataclass
class _Writer:
    """Writes each term once, into a new buffer or over one that is not needed any more."""

    composition: Composition
    tiling: Tiling
    invariant: list[str] = field(default_factory=list[str])
    load: list[str] = field(default_factory=list[str])
    compute: list[str] = field(default_factory=list[str])
    store: list[str] = field(default_factory=list[str])
    buffers: dict[int, _Buffer] = field(default_factory=dict[int, _Buffer])
    sizes: dict[str, int] = field(default_factory=dict[str, int])

    def write(self) -> Body:
        order = list(walk(self.composition.roots))
        last_use = {id(arg): id(term) for term in order for arg in term.args}
        last_use.update({id(root): 0 for root in self.composition.roots})
        for term in order:
            if term.op == "read":
                self._load(term)
            elif term.op == "index":
                self._count(term)
            elif term.args:
                self._compute(term, last_use)
        for result in self.composition.specification.results:
            self._store(result)
        return Body(
            tuple(self.invariant),
            tuple(self.load),
            tuple(self.compute),
            tuple(self.store),
            sum(self.sizes.values()),
        )

    def _is_invariant(self, term: Term) -> bool:
        return not any(axis in self.tiling.sizes for axis in term.axes)

    def _new(self, term: Term, axes: tuple[str | None, ...]) -> _Buffer:
        buffer = _Buffer(f"b{len(self.sizes)}", _stored(term.dtype), axes)
        width = NUMPY_DTYPES[buffer.dtype].itemsize
        extents = [1 if a is None else self.tiling.covers(a) for a in axes]
        row = -(-extents[-1] * width // UB_BLOCK_BYTES) * UB_BLOCK_BYTES
        for extent in extents[:-1]:
            row *= extent
        self.sizes[buffer.name] = row
        self.buffers[id(term)] = buffer
        return buffer

    def _shape(self, axes: Sequence[str | None]) -> str:
        extents = ", ".join(str(1 if a is None else self.tiling.covers(a)) for a in axes)
        return f"[{extents}]"

    def _load(self, term: Term) -> None:
        operands = self.composition.specification.operands
        operand = next(o for o in operands if o.name == term.operand)
        text, axes = self.tiling.slice_of(term.operand, term.index, operand.shape)
        lines = self.invariant if self._is_invariant(term) else self.load
        buffer = self._new(term, axes)
        lines.append(f"{buffer.name} = load {text} into ub")
        present = [axis for axis in axes if axis is not None]
        wanted = self._aligned(sorted(present, key=self.tiling.tile_axes().index))
        self.buffers[id(term)] = self._arranged(term, buffer, wanted, lines)

    def _arranged(
        self, term: Term, buffer: _Buffer, wanted: tuple[str | None, ...], lines: list[str]
    ) -> _Buffer:
        """The tile with its dimensions in the order and rank wanted; leading unit ones may stay."""
        present = tuple(axis for axis in buffer.axes if axis is not None)
        target = tuple(axis for axis in wanted if axis is not None)
        if present != target:
            if present != buffer.axes:
                buffer = self._view(buffer, present, lines)
            source, permutation = buffer.name, [present.index(axis) for axis in target]
            buffer = self._new(term, target)
            lines.append(f"{buffer.name} = vtranspose {source} perm {permutation}")
        leading = len(buffer.axes) - len(wanted)
        if leading < 0 or buffer.axes[leading:] != wanted or any(buffer.axes[:leading]):
            buffer = self._view(buffer, wanted, lines)
        return buffer

    def _view(self, buffer: _Buffer, axes: tuple[str | None, ...], lines: list[str]) -> _Buffer:
        view = _Buffer(f"v{buffer.name}", buffer.dtype, axes)
        lines.append(f"{view.name} = view {buffer.name} as {self._shape(axes)}")
        return view

    def _aligned(self, axes: Sequence[str]) -> tuple[str | None, ...]:
        """The axes as dimensions right-aligned to the tile's, unit ones where one is missing."""
        order = self.tiling.tile_axes()
        if not axes:
            return (None,)
        tail = order[order.index(axes[0]) :]
        return tuple(axis if axis in axes else None for axis in tail)

    def _count(self, term: Term) -> None:
        axes = self._aligned(sorted(term.axes, key=self.tiling.tile_axes().index))
        buffer = self._new(term, axes)
        along = next(i for i, axis in enumerate(axes) if axis is not None)
        self.compute.append(
            f"{buffer.name} = varange {buffer.dtype}{self._shape(axes)} axis {along}"
        )

    def _axes_of(self, term: Term) -> tuple[str | None, ...]:
        """The dimensions of a term's tile: those its operands broadcast to, folded ones unit."""
        ranks = [self.buffers[id(arg)].axes for arg in term.args if id(arg) in self.buffers]
        rank = max((len(axes) for axes in ranks), default=1)
        merged: list[str | None] = [None] * rank
        for axes in ranks:
            for position, axis in enumerate(axes, start=rank - len(axes)):
                merged[position] = merged[position] or axis
        return tuple(None if axis in term.bound else axis for axis in merged)

    def _compute(self, term: Term, last_use: Mapping[int, int]) -> None:
        instruction, matched = self.composition.chosen[id(term)]
        lines = self.invariant if self._is_invariant(term) else self.compute
        values = {name: self._operand(value, lines) for name, value in matched.terms.items()}
        axes = self._axes_of(term)
        reused = self._reusable(term, axes, instruction, last_use)
        if reused is not None:
            self.buffers[id(term)] = reused
        buffer = reused or self._new(term, axes)
        holes = {**values, "dtype": buffer.dtype, "axes": self._folded(term)}
        statement = re.sub(r"\$(\w+)", lambda hole: holes[hole[1]], instruction.statement)
        lines.append(f"{buffer.name} = {statement}")

    def _folded(self, term: Term) -> str:
        if not term.is_reduction:
            return ""
        axes = self.buffers[id(term.args[0])].axes
        return ", ".join(str(i) for i, axis in enumerate(axes) if axis in term.bound)

    def _operand(self, term: Term, lines: list[str]) -> str:
        if term.is_const:
            if term.dtype == "i1":
                return str(int(bool(term.value)))
            return literal(term.value)
        return self.buffers[id(term)].name

    def _reusable(
        self,
        term: Term,
        axes: tuple[str | None, ...],
        instruction: Instruction,
        last_use: Mapping[int, int],
    ) -> _Buffer | None:
        """A buffer of the same shape that this term is the last to read, if it may run in place."""
        if instruction.mnemonic not in _IN_PLACE:
            return None
        for arg in term.args:
            buffer = self.buffers.get(id(arg))
            if (
                buffer is not None
                and buffer.name in self.sizes
                and last_use[id(arg)] == id(term)
                and (buffer.dtype, buffer.axes) == (_stored(term.dtype), axes)
                and self._is_invariant(arg) == self._is_invariant(term)
            ):
                return buffer
        return None

    def _store(self, result: Result) -> None:
        text, axes = self.tiling.slice_of(result.name, result.index, result.shape)
        term = result.term
        if term.is_const:
            value = f"{literal(term.value)} {_stored(term.dtype)}{self._shape(axes)}"
            self.compute.append(f"{self._new(term, axes).name} = fill {value} in ub")
        buffer = self.buffers[id(term)]
        wanted = tuple(axis for axis in axes if axis is not None)
        if {axis for axis in buffer.axes if axis is not None} != set(wanted):
            full = self._aligned(sorted(wanted, key=self.tiling.tile_axes().index))
            source, buffer = buffer.name, self._new(term, full)
            self.compute.append(f"{buffer.name} = vbrc {source} to {self._shape(full)}")
        if tuple(axis for axis in buffer.axes if axis is not None) != wanted:
            buffer = self._arranged(term, buffer, wanted, self.compute)
        self.store.append(f"store {buffer.name} into {text}")
