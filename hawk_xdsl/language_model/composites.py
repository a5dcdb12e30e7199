"""Composite functions: what the knowledge's rewrites define, as statements of the kernel text.

A rewrite such as ``erf(x) → …`` is composed once for a tile of ``f32``; the statements between its
load and its store are what a model's one statement ``b1 = erf b0`` stands for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.instruction_pattern import InstructionPattern
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.statement_pattern import StatementPattern
from hawk_xdsl.codegen.strategies import candidate_at
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.codegen.vector.strategies import WHOLE_TILES
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text import parse
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import renamed, rewritten, statements, walk
from hawk_xdsl.dialects.kernel_text.unparse import line_of
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.npu_target import Target
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.pattern import Pattern
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import Operand, ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Terms

DTYPE = WIDE_FLOAT
"""What composite functions are of."""

_ELEMENTS, _STEP = 1 << 12, 1 << 6  # more than one tile, so that there is a loop


@dataclass(frozen=True)
class Composite:
    """A function as statements: ``x0``, ``x1``, … are its tiles, ``y0`` its result."""

    name: str
    arity: int
    lines: tuple[str, ...]

    @cached_property
    def body(self) -> tuple[ast.Statement, ...]:
        """The statements."""
        return parse("\n".join(self.lines)).stages[0].body

    @cached_property
    def only_tiles(self) -> frozenset[str]:
        """The operands that stand where a number may not: outside of elementwise instructions."""
        others = (
            s.value
            for s in self.body
            if isinstance(s, ast.Assign) and not isinstance(s.value, ast.Elementwise)
        )
        return frozenset(
            node.name for value in others for node in walk(value) if isinstance(node, ast.Tile)
        )

    def statements(
        self, result: str, operands: Sequence[ast.Operand], prefix: str
    ) -> list[ast.Assign]:
        """The statements for a result and operands; buffers in between get the prefix."""
        given = {f"x{i}": operand for i, operand in enumerate(operands)}
        made = {s.name for s in self.body if isinstance(s, ast.Assign)} - {"y0"}
        names = {name: f"{prefix}{name}" for name in made} | {"y0": result}

        def change(node: ast.Node) -> ast.Node:
            return given.get(node.name, node) if isinstance(node, ast.Tile) else node

        prefixed = (renamed(s, names) for s in self.body)
        return [rewritten(s, change) for s in prefixed if isinstance(s, ast.Assign)]


Composites = Mapping[str, Mapping[str, Composite]]
"""The composite functions by name, for each dtype of an op's results that they are known for."""


def composites_of(entries: Sequence[Entry], composer: Composer, target: Target) -> Composites:
    """The composite functions that the rewrites among the entries define.

    For ``f32``, which does for all results, and for dtypes that some rewrite needs less digits for.
    """
    template = next((e for e in entries if e.kind is EntryKind.TEMPLATE and _is_of_tiles(e)), None)
    if template is None:
        return {}
    narrow = sorted({dtype for rule in composer.rules for dtype in rule.results})
    return {
        dtype: _of_results(dtype, template, composer, target)
        for dtype in dict.fromkeys((DTYPE, *narrow))
    }


def for_results(composites: Composites, dtypes: Iterable[str]) -> Mapping[str, Composite]:
    """Those for an op whose results have these dtypes."""
    wanted = set(dtypes)
    dtype = wanted.pop() if len(wanted) == 1 else DTYPE
    return composites.get(dtype) or composites.get(DTYPE, {})


def _of_results(
    dtype: str, template: Entry, composer: Composer, target: Target
) -> dict[str, Composite]:
    found: dict[str, Composite] = {}
    for rule in composer.rules:
        if _defines_function(rule) and rule.before.op not in found:
            composite = _composed(rule, dtype, template, composer, target)
            if composite is not None and len(composite.lines) > 1:
                found[rule.before.op] = composite
    return found


def composer_with(composites: Mapping[str, Composite], composer: Composer) -> Composer:
    """A composer that writes composite functions as one statement each."""
    rules = tuple(
        rule
        for rule in composer.rules
        if not (_defines_function(rule) and rule.before.op in composites)
    )
    calls = tuple(_call(composite) for composite in composites.values())
    return replace(composer, rules=rules, instructions=(*composer.instructions, *calls))


def _call(composite: Composite) -> InstructionPattern:
    names = [f"a{i}" for i in range(composite.arity)]
    pattern = Pattern(composite.name, tuple(Pattern("variable", name=name) for name in names))
    call = StatementPattern.call(composite.name, names)
    return InstructionPattern(composite.name, pattern, call, (), works_in=(DTYPE,))


def _is_of_tiles(entry: Entry) -> bool:
    return entry.artifact.strategy == WHOLE_TILES.name


def _defines_function(rule: Rule) -> bool:
    """Whether a rule says what a function of any values is, for ``f32`` too."""
    args = rule.before.args
    names = {arg.name for arg in args}
    return (
        bool(args)
        and not rule.before.op.startswith("reduce_")
        and rule.before.op not in ("cast", "select")
        and all(arg.op == "variable" and not arg.only_literals for arg in args)
        and len(names) == len(args)
        and (not rule.dtypes or DTYPE in rule.dtypes)
    )


def _composed(
    rule: Rule, dtype: str, template: Entry, composer: Composer, target: Target
) -> Composite | None:
    """The function for results of a dtype, composed for a tile; ``None`` if it cannot be."""
    terms, index = Terms(), (Affine.axis("i0"),)
    names = [f"x{i}" for i in range(len(rule.before.args))]
    reads = tuple(terms.read(name, index, DTYPE) for name in names)
    shape = (_ELEMENTS,)
    specification = Specification(
        tuple(Operand(name, DTYPE, shape, i) for i, name in enumerate(names)),
        (ResultRegion("y0", dtype, shape, index, terms.apply(rule.before.op, reads, DTYPE)),),
        {"i0": _ELEMENTS},
    )
    try:
        composition = composer.compose(specification)
        request = Request(template, specification, composition, target)
        made = candidate_at(request, Schedule.of(WHOLE_TILES.name, {"i0": _STEP}))
    except (NoInstructionError, HawkError):
        return None
    lines = None if made is None else _statements(made.text, names)
    return None if lines is None else Composite(rule.before.op, len(names), lines)


def _statements(text: str, operands: Sequence[str]) -> tuple[str, ...] | None:
    """The statements of a kernel of one loop, with the operands' names and ``y0`` for its tiles.

    An operand's tile is never written again: what would be written in place gets a new name.
    """
    names: dict[str, str] = {}
    made = 0
    body: list[ast.Assign] = []
    for statement in statements(parse(text).stages[0].body):
        match statement:
            case ast.Assign(name, ast.Load(source)):
                if source.name not in operands:
                    return None
                names[name] = source.name
            case ast.Store(source):
                last = names.get(source.name, source.name)
                if not body or body[-1].name != last:
                    return None
                body[-1] = replace(body[-1], name="y0")
                return tuple(map(line_of, body))
            case ast.Assign(name):
                value = renamed(statement.value, names)
                if names.get(name) in operands or name not in names:
                    names[name] = f"b{made}"
                    made += 1
                body.append(ast.Assign(names[name], value))
            case _:
                pass
    return None
