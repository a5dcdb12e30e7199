"""Random kernels in kernel text: whatever the builder accepts of random statements."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from kernel_text_corpus import max_blocks, signature

from hawk_xdsl.dialects.kernel_text import KernelTextError, Program, StageBuilder, build
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import (
    BINARY_OPS,
    UNARY_OPS,
    Accumulation,
    Comparison,
    Core,
    Reduction,
    Rounding,
    Scope,
)

HEADER = signature(
    "random",
    {"x": "f32[20,24]", "z": "f32[24]", "h": "f16[3,20,24]", "n": "i32[20]"},
    {"y": "f32[20,24]", "w": "f16[20,24]"},
)
SHAPES = {o.name: o.shape for o in (*HEADER.inputs, *HEADER.outputs)}

names = st.sampled_from(["a", "b", "c", "d", "e"])
variables = st.sampled_from(["r", "s", "i", "k", "q"])
lengths = st.sampled_from([1, 4, 8, 16, 20, 24])
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


starts = st.one_of(st.just(ast.Integer(0)), variables.map(ast.Variable), expressions())
slices = st.builds(ast.Slice, starts, st.one_of(st.none(), lengths), st.sampled_from([1, 1, 1, 2]))


@st.composite
def global_tiles(draw: st.DrawFn) -> ast.Tile:
    name = draw(st.sampled_from(sorted(SHAPES)))
    return ast.Tile(name, tuple(draw(slices) for _ in SHAPES[name]))


tiles = st.one_of(
    names.map(ast.Tile),
    st.builds(ast.Tile, names, st.lists(slices, min_size=2, max_size=2).map(tuple)),
)
operands = st.one_of(tiles, numbers, st.builds(ast.Tile, variables))
shapes = st.lists(lengths, min_size=1, max_size=2).map(tuple)
dtypes = st.sampled_from(["f32", "f16", "i32"])
axes = st.lists(st.integers(0, 1), min_size=1, max_size=2, unique=True).map(tuple)

values = st.one_of(
    st.builds(ast.Load, global_tiles(), st.just(Scope.UB), st.one_of(st.none(), numbers)),
    st.builds(ast.Fill, numbers, dtypes, shapes, st.just(Scope.UB)),
    st.builds(ast.View, names, shapes),
    st.builds(
        ast.Elementwise,
        st.sampled_from([*UNARY_OPS, "copy"]),
        tiles.map(lambda tile: (tile,)),
    ),
    st.builds(ast.Elementwise, st.sampled_from([*BINARY_OPS]), st.tuples(tiles, operands)),
    st.builds(ast.Elementwise, st.just("vsel"), st.tuples(tiles, operands, operands)),
    st.builds(ast.Compare, st.sampled_from(Comparison), tiles, operands),
    st.builds(ast.Cast, tiles, dtypes, st.sampled_from(Rounding)),
    st.builds(ast.Reduce, st.sampled_from(Reduction), tiles, axes),
    st.builds(ast.Cumulate, st.sampled_from(Accumulation), tiles, st.integers(0, 1)),
    st.builds(ast.Transpose, tiles, st.permutations([0, 1]).map(tuple)),
    st.builds(ast.Arange, dtypes, shapes, st.integers(0, 1)),
    st.builds(ast.Broadcast, tiles, shapes),
)
assigns = st.builds(ast.Assign, names, values)
reads = st.builds(
    ast.Assign, st.just("q"), st.builds(ast.Read, st.just("n"), expressions().map(lambda e: (e,)))
)
stores = st.builds(ast.Store, tiles, global_tiles())
loops = st.builds(ast.Loop, variables, expressions(), expressions(), st.sampled_from([1, 4, 8, 16]))
blocks = st.one_of(
    st.builds(ast.For, loops),
    st.builds(ast.If, expressions(), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), expressions()),
)  # fmt: skip
statements = st.one_of(assigns, assigns, assigns, stores, reads, blocks, st.none())
"""A statement, the opening of a block, or None for the end of one."""

LOAD = ast.Assign("a", ast.Load(ast.Tile("x", (ast.Slice(ast.Integer(0), 8),) * 2), Scope.UB))
STORE = ast.Store(ast.Tile("a"), ast.Tile("y", (ast.Slice(ast.Integer(0), 8),) * 2))


@dataclass
class _Open:
    block: ast.Block | None
    body: list[ast.Statement] = field(default_factory=list[ast.Statement])


@st.composite
def kernels(draw: st.DrawFn) -> tuple[ast.KernelText, Program]:
    """A syntax tree that the builder accepts, and the program that it built step by step."""
    builder = StageBuilder("random", Core.VECTOR, HEADER, (), max_blocks(Core.VECTOR))
    builder.append(LOAD)
    stack = [_Open(None, [LOAD])]
    outer = ast.Loop("r", ast.Integer(0), ast.Integer(20), draw(st.sampled_from([4, 8, 16])))
    inner = ast.Loop("s", ast.Integer(0), ast.Integer(24), draw(st.sampled_from([8, 16, 24])))
    across = ast.Across((outer, inner))
    builder.open(across)
    stack.append(_Open(across))
    for statement in draw(st.lists(statements, min_size=10, max_size=40)):
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
    tree = ast.KernelText((), (ast.Stage(Core.VECTOR, tuple(stack[0].body)),))
    return tree, Program((builder.finish(),), ())


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


def rebuilt(tree: ast.KernelText) -> Program:
    """The program of a syntax tree, built at once."""
    return build(tree, HEADER, max_blocks)
