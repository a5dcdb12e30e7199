"""Templates with a hole for statements: loops, loads and stores are fixed, a model computes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from hawk_xdsl.codegen.instruction_pattern import InstructionPattern
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.statement_pattern import StatementPattern
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.codegen.vector.strategies import WHOLE_TILES
from hawk_xdsl.dialects.kernel_text import Signature, statement_grammar
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import statements
from hawk_xdsl.dialects.kernel_text.unparse import line_of, lines_of
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.matching import Match
from hawk_xdsl.semantics.pattern import Pattern
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Term, walk

TILINGS = 2
"""Tilings of a template that are offered, the best estimates."""

_HOLE = "hole"

_LEAVES = ("read", "gather", "index")  # terms that are there without computing


@dataclass(frozen=True)
class Skeleton:
    """A kernel text but for the statements between ``before`` and ``after``."""

    before: str
    after: str
    entry: str
    about: str

    def grammar(self, signature: Signature, words: Collection[str] | None = None) -> str:
        """What a model may write: the fixed text, and statements over tiles in between.

        ``words`` are those that it was taught, ``None`` for all.
        """
        return statement_grammar(signature, self.before, self.after, words)

    def shortened(self, shorthand: Shorthand) -> "Skeleton":
        """The same in shorthand."""
        lines = shorthand.shortened(self.before + self.after).splitlines(keepends=True)
        count = len(self.before.splitlines())
        return replace(self, before="".join(lines[:count]), after="".join(lines[count:]))


def skeletons(
    entries: Sequence[Entry], specification: Specification, composer: Composer, target: Target
) -> list[Skeleton]:
    """The templates of tiles with all computation left open, the best tilings first.

    Also where knowledge does not say how to compute a term. What a template's own text needs and
    nobody fills makes it no skeleton.
    """
    composition = _opaque(specification, composer)
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
        holes = {line_of(each) for each in statements(stage.body) if _is_hole(each)}
        lines = list(lines_of(stage.body))
        places = [place for place, line in enumerate(lines) if line in holes]
        if not places:
            continue
        before = [f"{line}\n" for line in lines[: places[0]]]
        after = [f"{line}\n" for line in lines[places[0] :] if line not in holes]
        about = f"{entry.name}: {candidate.schedule}"
        yield Skeleton("".join(before), "".join(after), entry.name, about)


def _is_hole(statement: ast.Statement) -> bool:
    return isinstance(statement, ast.Assign) and statement.value.mnemonic == _HOLE


def _opaque(specification: Specification, composer: Composer) -> Composition | None:
    """Each result as one unknown function of all that is read.

    ``None`` if nothing is read, or if something else has to be computed: a result without reads, or
    where to read.
    """
    chosen: dict[int, tuple[InstructionPattern, Match]] = {}
    roots: list[Term] = []
    for result in specification.results:
        leaves = tuple(t for t in walk((result.term,)) if t.op in _LEAVES)
        if not leaves:
            roots.append(result.term)
            continue
        read = frozenset[str]().union(*(leaf.axes for leaf in leaves))
        written = frozenset(axis for dim in result.index for axis in dim.axes)
        folded = read - written
        op = f"reduce_{_HOLE}" if folded else _HOLE
        dtype = result.term.dtype
        term = Term(op, dtype, leaves, axes=read & written, bound=folded)
        names = [f"a{i}" for i in range(len(leaves))]
        pattern = Pattern(op, tuple(Pattern("variable", name=name) for name in names))
        instruction = InstructionPattern(_HOLE, pattern, StatementPattern.call(_HOLE, names), ())
        matched = Match(dict(zip(names, leaves, strict=True)), folded)
        chosen[id(term)] = (instruction, matched)
        roots.append(term)
    known = (t.is_const or t.op in _LEAVES or id(t) in chosen for t in walk(tuple(roots)))
    if not chosen or not all(known):
        return None
    results = tuple(
        replace(result, term=root)
        for result, root in zip(specification.results, roots, strict=True)
    )
    opaque = replace(specification, results=results)
    return Composition(opaque, roots, chosen, (), {}, composer)
