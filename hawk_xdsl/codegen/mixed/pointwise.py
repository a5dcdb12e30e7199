"""What is computed of a tile point by point, as statements on whole tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.vector.frame import number
from hawk_xdsl.dialects.dtype import TRUTH, WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.dialects.npu import ROWS
from hawk_xdsl.schedule.build_syntax import expression_of
from hawk_xdsl.semantics.bands import simpler
from hawk_xdsl.semantics.specification import Operand, ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk
from hawk_xdsl.semantics.weighted_rows import WeightedRows

SCORES = "scores"
"""What a given tile is called among the operands; several have numbers behind it."""

CONDITION = "condition"
"""What a condition on positions is called among the operands, where it is given as a tile."""


@dataclass(frozen=True)
class Pointwise:
    """A term over tiles of others, which are there: as rewrites and instructions have it.

    ``given`` are these others as the term reads them, in their order.
    """

    composition: Composition
    root: Term
    given: tuple[Term, ...]

    @classmethod
    def of(
        cls,
        specification: Specification,
        parts: WeightedRows,
        composer: Composer,
        *,
        banded: bool = False,
    ) -> "Pointwise":
        """The logits over the scores. Raises ``NoInstructionError`` as composition does.

        Their band, if they have one, is a tile that is given where ``banded``; else all is within.
        """
        terms = Terms()
        axes = (*parts.batch, parts.m, parts.n)
        index = tuple(map(Affine.axis, axes))
        shape = tuple(specification.axes[axis] for axis in axes)
        scores = terms.read(SCORES, index, parts.scores.dtype)
        for scale in parts.scales:
            literal = terms.const(scale.value, parts.scores.dtype)
            scores = terms.apply("mul", (scores, literal), parts.scores.dtype)
        done: dict[Term, Term] = {parts.scores: scores}
        operands = [*specification.operands, Operand(SCORES, parts.scores.dtype, shape, 0)]
        if parts.band is not None and banded:
            condition = parts.band.condition
            done[condition] = terms.read(CONDITION, index, condition.dtype)
            operands.append(Operand(CONDITION, TRUTH, shape, 0))
        elif parts.band is not None:
            condition = parts.band.condition
            done[condition] = terms.const(int(parts.band.within), condition.dtype)
        inside = set(walk((parts.scores,)))
        for term in walk((parts.logits,)):
            if term not in inside and term not in done:
                done[term] = simpler(terms.rebuild(term, tuple(done[arg] for arg in term.args)))
        logits = ResultRegion("logits", parts.logits.dtype, shape, index, done[parts.logits])
        whole = Specification(tuple(operands), (logits,), specification.axes)
        return cls._composed(whole, [SCORES], composer)

    @classmethod
    def over(
        cls,
        specification: Specification,
        root: Term,
        given: Sequence[Term],
        axes: Sequence[str],
        composer: Composer,
    ) -> "Pointwise":
        """A term over some that it is made of, all of the same axes.

        Raises ``NoInstructionError`` as composition does.
        """
        terms = Terms()
        index = tuple(map(Affine.axis, axes))
        shape = tuple(specification.axes[axis] for axis in axes)
        names = [f"{SCORES}{number}" for number in range(len(given))]
        pairs = list(zip(names, given, strict=True))
        done = {term: terms.read(name, index, term.dtype) for name, term in pairs}
        inside = set(walk(tuple(given)))
        for term in walk((root,)):
            if term not in inside:
                done[term] = terms.rebuild(term, tuple(done[arg] for arg in term.args))
        operands = (Operand(name, term.dtype, shape, 0) for name, term in pairs)
        result = ResultRegion("made", root.dtype, shape, index, done[root])
        every = (*specification.operands, *operands)
        return cls._composed(Specification(every, (result,), specification.axes), names, composer)

    @classmethod
    def _composed(
        cls, whole: Specification, names: Sequence[str], composer: Composer
    ) -> "Pointwise":
        composition = composer.compose(whole)
        [root] = composition.roots
        found = {term.operand: term for term in walk((root,)) if term.operand in names}
        return cls(composition, root, tuple(found[name] for name in names))

    @property
    def reads(self) -> list[Term]:
        """The operands that it reads beside what is given."""
        return [term for term in self._terms() if _is_loaded(term)]

    def _terms(self) -> list[Term]:
        below = set(walk(self.given))
        return [term for term in walk((self.root,)) if term not in below]

    def statements(
        self,
        tiles: Sequence[str],
        sides: Mapping[str, ast.Slice],
        prefix: str,
        padded: bool,
        condition: ast.Tile | None = None,
        spare: str = "",
    ) -> tuple[list[ast.Statement], str]:
        """The statements for a tile, and the name of the result.

        A read that is the same along the first of the sides is seen as one row.

        Args:
            tiles: the buffers of what is given; they are overwritten.
            sides: the part of each axis that is in the tile; others are points.
            prefix: of the names of new buffers.
            padded: whether loads may go beyond the end.
            condition: the tile of the condition on positions, where there is one.
            spare: a buffer of f32 as large as the tile that may be overwritten.
        """
        names = dict(zip(self.given, map(ast.Tile, tiles), strict=True))
        body: list[ast.Statement] = []
        uses = [arg for term in self._terms() for arg in term.args]
        for place, term in enumerate(self._terms()):
            if term.is_const:
                continue
            if term.operand == CONDITION:
                assert condition is not None
                names[term] = condition
                continue
            if term.op == "read":
                name = f"{prefix}{place}"
                names[term] = ast.Tile(name)
                load = _load(term, sides, padded)
                body.append(ast.Assign(name, load))
                if len(term.axes & sides.keys()) < len(sides):
                    body.append(ast.Assign(f"{name}v", _row(name, load, len(sides))))
                    names[term] = ast.Tile(f"{name}v")
                continue
            instruction, matched = self.composition.chosen[term]
            operands: dict[str, ast.Operand] = {}
            free = ""
            for name, value in matched.terms.items():
                operands[name] = number(value) if value.is_const else names[value]
                whole = not value.is_const and value.axes == term.axes
                if whole and uses.count(value) == 1 and value.dtype == term.dtype and not free:
                    free = names[value].name
            statement = instruction.statement.filled(operands, term.dtype, ())
            name = free if _may_overwrite(statement) else ""
            if not name and spare and term.dtype == WIDE_FLOAT and term.axes == self.root.axes:
                name, spare = spare, ""
            name = name or f"{prefix}{place}"
            names[term] = ast.Tile(name)
            body.append(ast.Assign(name, statement))
        return body, names[self.root].name


def _may_overwrite(value: ast.Value) -> bool:
    """Whether a source may be the destination, too; not of a function that nobody composes."""
    if not isinstance(value, ast.Elementwise):
        return True
    row = ROWS.get(value.mnemonic)
    return row is not None and row.in_place


def _is_loaded(term: Term) -> bool:
    return term.op == "read" and term.operand != CONDITION


def _load(term: Term, sides: Mapping[str, ast.Slice], padded: bool) -> ast.Load:
    slices = tuple(slice_of(dim, sides) for dim in term.index)
    pad = ast.Number(0.0) if padded else None
    return ast.Load(ast.Tile(term.operand, slices), UB, pad)


def _row(name: str, load: ast.Load, rank: int) -> ast.View:
    """What was loaded, as a tile of one row."""
    length = load.source.slices[-1].length if load.source.slices else None
    assert length is not None
    return ast.View(name, (*(rank - 1) * (1,), length))


def slice_of(dim: Affine, sides: Mapping[str, ast.Slice]) -> ast.Slice:
    """A dimension of a tile: the slice of the side that it is along, moved, or a point."""
    side = next((axis for axis in sides if axis in dim.axes), None)
    if side is None:
        return ast.Slice(expression_of(dim))
    rest = dim + Affine.axis(side).scaled(-1)
    if rest == Affine():
        return sides[side]
    start = ast.Arithmetic("+", sides[side].start, expression_of(rest))
    return ast.Slice(start, sides[side].length)
