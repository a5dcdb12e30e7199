"""Random kernels in kernel text: whatever the builder accepts of random statements."""

from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st
from kernel_files import signature
from kernel_text_corpus import max_blocks

from hawk_xdsl.dialects.kernel_text import (
    KernelProgram,
    KernelTextError,
    StageBuilder,
    build,
    parse,
)
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import (
    BINARY_OPS,
    UNARY_OPS,
    Accumulation,
    Comparison,
    Core,
    Reduction,
    Rounding,
)

HEADER = signature(
    "random",
    {"x": "f32[20,24]", "z": "f32[24]", "h": "f16[3,20,24]", "n": "i32[20]"},
    {"y": "f32[20,24]", "w": "f16[20,24]"},
)
SHAPES = {o.name: o.shape for o in (*HEADER.inputs, *HEADER.outputs)}

PRELUDE = """\
a = load x[0:8, 0:24] into ub
b = vreduce sum a axis 1
c = vcast a to f16 round rint
d = vcmp gt a, b
e = varange i32[8, 24] axis 1
f = load z[0:24] into ub
"""

T = TypeVar("T")


def weighted(*choices: tuple[int, st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """``one_of`` with weights; it would drop repetitions."""
    chosen = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.sampled_from(chosen).flatmap(lambda strategy: strategy)


names = st.sampled_from(["a", "a", "a", "b", "c", "d", "e", "f", "u0", "u1", "u2"])
targets = st.sampled_from(["a", "b", *(f"u{number}" for number in range(12))])
variables = st.sampled_from(["r", "r", "r", "s", "s", "i", "k", "q"])
lengths = st.sampled_from([1, 4, 8, 8, 8, 16, 24, 24])
numbers = st.one_of(
    st.integers(-9, 9),
    st.floats(width=32, allow_nan=False),
    st.sampled_from([float("inf"), float("-inf"), -0.0, 0.1]),
).map(ast.Number)


def expressions() -> st.SearchStrategy[ast.Expression]:
    leaves = st.one_of(st.integers(0, 30).map(ast.Integer), variables.map(ast.Variable))
    return st.recursive(
        leaves,
        lambda inner: st.builds(
            ast.Arithmetic, st.sampled_from(["+", "-", "*", "//", "%"]), inner, inner
        ),
        max_leaves=4,
    )


starts = weighted(
    (4, st.just(ast.Integer(0))), (2, variables.map(ast.Variable)), (1, expressions())
)
slices = st.builds(ast.Slice, starts, st.one_of(st.none(), lengths), st.sampled_from([1, 1, 1, 2]))


@st.composite
def global_tiles(draw: st.DrawFn) -> ast.Tile:
    name = draw(st.sampled_from(sorted(SHAPES)))
    return ast.Tile(name, tuple(draw(slices) for _ in SHAPES[name]))


tiles = weighted(
    (5, names.map(ast.Tile)),
    (1, st.builds(ast.Tile, names, st.lists(slices, min_size=2, max_size=2).map(tuple))),
)
operands = weighted((3, tiles), (2, numbers), (1, st.builds(ast.Tile, variables)))
shapes = st.lists(lengths, min_size=1, max_size=2).map(tuple)
dtypes = st.sampled_from(["f32", "f32", "f16", "i32"])
floats = st.floats(width=16, allow_nan=False).map(ast.Number)
edges = st.builds(
    lambda name, row, rows: ast.Tile(
        name, (ast.Slice(ast.Variable(row), rows), ast.Slice(ast.Integer(0), 24))
    ),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["r", "r", "s"]),
    st.sampled_from([4, 8, 16]),
)
"""Rows that may be cut at the edge."""
axes = st.lists(st.integers(0, 1), min_size=1, max_size=2, unique=True).map(tuple)

values = weighted(
    (6, st.builds(ast.Load, edges, st.just("ub"), weighted((2, st.none()), (1, floats)))),
    (1, st.builds(ast.Load, global_tiles(), st.just("ub"), st.one_of(st.none(), numbers))),
    (2, st.builds(ast.Fill, numbers, dtypes, shapes, st.just("ub"))),
    (2, st.builds(ast.View, names, shapes)),
    (6, st.builds(ast.Elementwise, st.sampled_from([*UNARY_OPS, "copy"]), st.tuples(tiles))),
    (6, st.builds(ast.Elementwise, st.sampled_from([*BINARY_OPS]), st.tuples(tiles, operands))),
    (3, st.builds(ast.Elementwise, st.just("vsel"), st.tuples(tiles, operands, operands))),
    (2, st.builds(ast.Compare, st.sampled_from(Comparison), tiles, operands)),
    (2, st.builds(ast.Cast, tiles, dtypes, st.sampled_from(Rounding))),
    (3, st.builds(ast.Reduce, st.sampled_from(Reduction), tiles, axes)),
    (2, st.builds(ast.Cumulate, st.sampled_from(Accumulation), tiles, st.integers(0, 1))),
    (2, st.builds(ast.Transpose, tiles, st.permutations([0, 1]).map(tuple))),
    (1, st.builds(ast.Arange, dtypes, shapes, st.integers(0, 1))),
    (2, st.builds(ast.Broadcast, tiles, shapes)),
)
assigns = st.builds(ast.Assign, targets, values)
reads = st.builds(
    ast.Assign, st.just("q"), st.builds(ast.Read, st.just("n"), expressions().map(lambda e: (e,)))
)
stores = st.builds(ast.Store, tiles, weighted((3, edges), (1, global_tiles())))
loops = st.builds(ast.Loop, variables, expressions(), expressions(), st.sampled_from([1, 4, 8, 16]))
relations = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
blocks = st.one_of(
    st.builds(ast.For, loops), st.builds(ast.If, expressions(), relations, expressions())
)
statements = weighted((14, assigns), (2, stores), (1, reads), (2, blocks), (2, st.none()))
"""A statement, the opening of a block, or None for the end of one."""

(STORE,) = parse("store a into y[0:8, 0:24]\n").stages[0].body


@dataclass
class _Open:
    block: ast.Block | None
    body: list[ast.Statement] = field(default_factory=list[ast.Statement])


@st.composite
def kernels(draw: st.DrawFn) -> tuple[ast.KernelText, KernelProgram]:
    """A syntax tree that the builder accepts, and the program that it built step by step."""
    builder = StageBuilder("random", Core.VECTOR, HEADER, (), max_blocks(Core.VECTOR))
    stack = [_Open(None, list(parse(PRELUDE).stages[0].body))]
    for statement in stack[0].body:
        builder.append(statement)
    outer = ast.Loop("r", ast.Integer(0), ast.Integer(20), draw(st.sampled_from([4, 8, 16])))
    inner = ast.Loop("s", ast.Integer(0), ast.Integer(24), draw(st.sampled_from([8, 16, 24])))
    across = ast.Across((outer, inner))
    builder.open(across)
    stack.append(_Open(across))
    for statement in draw(st.lists(statements, min_size=20, max_size=40)):
        try:
            if statement is None:
                if len(stack) > 2 and stack[-1].body:
                    _close(builder, stack)
            elif isinstance(statement, ast.For | ast.If):
                builder.open(statement)
                stack.append(_Open(statement))
            else:
                builder.append(statement)
                stack[-1].body.append(statement)
        except KernelTextError:
            continue
    while len(stack) > 1:
        if not stack[-1].body:
            builder.append(STORE)
            stack[-1].body.append(STORE)
        _close(builder, stack)
    builder.append(STORE)
    stack[0].body.append(STORE)
    tree = ast.KernelText((), (ast.Stage("vector", tuple(stack[0].body)),))
    return tree, KernelProgram((builder.finish(),), ())


def _close(builder: StageBuilder, stack: list[_Open]) -> None:
    builder.close()
    done = stack.pop()
    assert done.block is not None
    body = tuple(done.body)
    match done.block:
        case ast.For(loop):
            stack[-1].body.append(ast.For(loop, body))
        case ast.If(left, relation, right):
            stack[-1].body.append(ast.If(left, relation, right, body))
        case ast.Across(loops):
            stack[-1].body.append(ast.Across(loops, body))


def rebuilt(tree: ast.KernelText) -> KernelProgram:
    """The program of a syntax tree, built at once."""
    return build(tree, HEADER, max_blocks)
