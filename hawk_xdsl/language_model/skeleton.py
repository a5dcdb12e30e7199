"""Templates with a hole for statements: loops, loads and stores are fixed, a model computes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from hawk_xdsl.codegen.instruction_pattern import InstructionPattern
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.statement_pattern import StatementPattern
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.codegen.vector.strategies import WHOLE_TILES
from hawk_xdsl.dialects.kernel_text import Signature, statement_grammar
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.lines import Line, line_text, lines_in
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.language_model.remarks import remarked, statements_said
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.matching import Match
from hawk_xdsl.semantics.pattern import Pattern
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Term, walk

TILINGS = 2
"""Tilings of a template that are offered, the best estimates."""

_HOLE = "hole"

_NO_NAMES: Mapping[Term, str] = {}

_LEAVES = ("read", "gather", "index")  # terms that are there without computing


@dataclass(frozen=True)
class Skeleton:
    """A kernel with a hole for statements after the first ``hole`` of its lines.

    Attributes:
        lines: the fixed ones.
        hole: how many of them come before the statements.
        entry: the template's name.
        about: which template it is, at which schedule.
        shorthand: what it is written in; ``None`` for kernel text.
        said: the line of each step that is said before its statements; empty for none.
    """

    lines: tuple[Line, ...]
    hole: int
    entry: str
    about: str
    shorthand: Shorthand | None = None
    said: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def before(self) -> str:
        """The fixed text before the statements."""
        loaded = {name: line for name, line in self.said.items() if name in self._tiles}
        return "".join(f"{line}\n" for line in remarked(self._written[: self.hole], loaded))

    @property
    def after(self) -> str:
        """The fixed text after them."""
        return "".join(f"{line}\n" for line in self._written[self.hole :])

    @cached_property
    def _written(self) -> list[str]:
        written = map(line_text, self.lines)
        if self.shorthand is not None:
            written = self.shorthand.printed(self.lines)
        return list(written)

    def grammar(self, signature: Signature, words: Collection[str] | None = None) -> str:
        """What a model may write: the fixed text, and statements over tiles in between.

        ``words`` are those that it was taught, ``None`` for all.
        """
        tiles = self._tiles
        computed = self.said.keys() - tiles
        statements = statements_said(self.said, computed) if computed else "assign+"
        return statement_grammar(signature, self.before, self.after, tiles, words, statements)

    @cached_property
    def _tiles(self) -> set[str]:
        """The names of what the lines before the statements load."""
        return {line.name for line in self.lines[: self.hole] if isinstance(line, ast.Assign)}

    def shortened(self, shorthand: Shorthand) -> "Skeleton":
        """The same in shorthand."""
        return replace(self, shorthand=shorthand)

    def with_steps(self, said: Mapping[str, str]) -> "Skeleton":
        """The same with each step said before its statements."""
        return replace(self, said=said)


def skeletons(
    entries: Sequence[Entry],
    specification: Specification,
    composer: Composer,
    target: Target,
    names: Mapping[Term, str] = _NO_NAMES,
) -> list[Skeleton]:
    """The templates of tiles with all computation left open, the best tilings first.

    Also where knowledge does not say how to compute a term. What a template's own text needs and
    nobody fills makes it no skeleton. ``names`` are those that terms have as steps: what is loaded
    and what is stored is then called so.
    """
    composition = _opaque(specification, composer, names)
    if composition is None:
        return []
    found: list[Skeleton] = []
    for entry in entries:
        if entry.artifact.strategy == WHOLE_TILES.name:
            found += _of(entry, composition, target)
    return found


def _of(entry: Entry, composition: Composition, target: Target) -> Iterator[Skeleton]:
    try:
        made = candidates(Request(entry, composition.specification, composition, target))
    except HawkError:
        return
    for candidate in made[:TILINGS]:
        [stage] = candidate.syntax.stages
        lines = list(lines_in(stage.body))
        hole = next((place for place, line in enumerate(lines) if _is_hole(line)), None)
        if hole is not None:
            fixed = tuple(line for line in lines if not _is_hole(line))
            yield Skeleton(fixed, hole, entry.name, f"{entry.name}: {candidate.schedule}")


def _is_hole(line: Line) -> bool:
    return isinstance(line, ast.Assign) and line.value.mnemonic == _HOLE


def _opaque(
    specification: Specification, composer: Composer, steps: Mapping[Term, str]
) -> Composition | None:
    """Each result as one unknown function of all that is read.

    ``None`` if nothing is read, or if something else has to be computed: a result without reads, or
    where to read.
    """
    chosen: dict[Term, tuple[InstructionPattern, Match]] = {}
    names = {term: name for term, name in steps.items() if term.op in _LEAVES}
    roots: list[Term] = []
    for result in specification.results:
        leaves = tuple(t for t in walk((result.term,)) if t.op in _LEAVES)
        if not leaves:
            roots.append(result.term)
            continue
        read = frozenset[str]().union(*(leaf.axes for leaf in leaves))
        written = frozenset(axis for dim in result.index for axis in dim.axes)
        reduced = read - written
        op = f"reduce_{_HOLE}" if reduced else _HOLE
        dtype = result.term.dtype
        term = Term(op, dtype, leaves, axes=read & written, bound=reduced)
        holes = [f"a{i}" for i in range(len(leaves))]
        pattern = Pattern(op, tuple(Pattern("variable", name=name) for name in holes))
        instruction = InstructionPattern(_HOLE, pattern, StatementPattern.call(_HOLE, holes), ())
        matched = Match(dict(zip(holes, leaves, strict=True)), reduced)
        chosen[term] = (instruction, matched)
        roots.append(term)
        if result.term in steps:
            names[term] = steps[result.term]
    known = (t.is_const or t.op in _LEAVES or t in chosen for t in walk(tuple(roots)))
    if not chosen or not all(known):
        return None
    results = tuple(
        replace(result, term=root)
        for result, root in zip(specification.results, roots, strict=True)
    )
    opaque = replace(specification, results=results)
    return Composition(opaque, roots, chosen, (), {}, composer, names=names)
