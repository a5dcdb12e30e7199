"""Properties of random kernels: building by steps, printing, and the range of index expressions."""

import itertools

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_kernel_text import HEADER, expressions, kernels, rebuilt
from test_kernel_text_roundtrip import assert_same, mlir, parse_mlir
from xdsl.dialects import affine
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block

from hawk_xdsl.dialects.kernel_text import (
    KernelProgram,
    KernelTextError,
    StageKernel,
    build,
    parse,
    print_kernels,
    print_program,
)
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear, bounds, linear

RANDOM = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking a kernel takes minutes
)


@RANDOM
@given(kernels())
def test_rejected_statements_leave_no_trace(pair: tuple[ast.KernelText, KernelProgram]) -> None:
    tree, program = pair
    assert_same(rebuilt(tree), program)


@RANDOM
@given(kernels())
def test_ops_to_text_to_ops(pair: tuple[ast.KernelText, KernelProgram]) -> None:
    _, program = pair
    program.kernels[0].op.verify()
    text = print_program(program)
    again = build(text, HEADER, lambda core: 48)
    assert_same(program, again)
    assert print_program(again) == text


@RANDOM
@given(kernels())
def test_ops_survive_their_own_syntax(pair: tuple[ast.KernelText, KernelProgram]) -> None:
    _, program = pair
    (op,) = parse_mlir(mlir(program))
    assert print_kernels([StageKernel(op, program.kernels[0].operands)]) == print_program(program)


def evaluate(expression: ast.Expression, values: dict[str, int]) -> int:
    match expression:
        case ast.Integer(value):
            return value
        case ast.Variable(name):
            return values[name]
        case ast.Arithmetic(operator, left, right):
            a, b = evaluate(left, values), evaluate(right, values)
            return {"+": a + b, "-": a - b, "*": a * b}.get(operator) if operator in "+-*" else (  # pyright: ignore[reportReturnType]
                a // b if operator == "//" else a % b
            )  # fmt: skip


RANGES = {"r": range(0, 20, 4), "s": range(8, 24, 8), "i": range(3), "k": range(1, 30, 7)}


def index_variables() -> dict[str, IndexVariable]:
    block = Block(arg_types=[IndexType()] * len(RANGES))
    return {
        name: IndexVariable(name, order, order, value, Linear(constant=r.start), r.step, len(r) - 1)
        for order, ((name, r), value) in enumerate(zip(RANGES.items(), block.args, strict=True))
    }


@RANDOM
@given(expressions())
def test_normal_forms_keep_the_value_and_bound_it(expression: ast.Expression) -> None:
    variables = index_variables()
    try:
        normal = linear(expression, variables, None)
    except KernelTextError:
        return
    limits = bounds(normal)
    assert limits is not None
    used = normal.variables
    affine_expression = normal.affine(used)
    found: list[int] = []
    for values in itertools.product(*RANGES.values()):
        named = dict(zip(RANGES, values, strict=True))
        value = evaluate(expression, named)
        assert affine_expression.eval([named[v.name] for v in used], []) == value
        found.append(value)
    assert limits[0] <= min(found) and max(found) <= limits[1]
    if not any(operator in str(affine_expression) for operator in ("mod", "floordiv")):
        assert limits == (min(found), max(found))


def test_bounds_see_through_tiles_of_tiles() -> None:
    for text in ("r//4%3*8", "(s-8)//8*4+r%4", "(r+s)//4*4"):
        (loop,) = parse(f"for v in {text}..99 step 1 {{\na = vexp a\n}}\n").stages[0].body
        assert isinstance(loop, ast.For)
        normal = linear(loop.loop.start, index_variables(), None)
        values = [
            evaluate(loop.loop.start, dict(zip(RANGES, values, strict=True)))
            for values in itertools.product(*RANGES.values())
        ]
        assert bounds(normal) == (min(values), max(values))


def test_text_without_an_apply_uses_the_variable_itself() -> None:
    program = build(
        "for r in 0..16 step 8 {\na = load x[(r+0)*1:8, 0:24] into ub\n"
        "store a into y[r:8, 0:24]\n}\n",
        HEADER,
        lambda core: 48,
    )
    assert not [op for op in program.kernels[0].op.walk() if isinstance(op, affine.ApplyOp)]


@given(st.text(max_size=60))
def test_parsing_never_fails_in_another_way(text: str) -> None:
    for candidate in (text, f"a = {text}", f"a = load x[{text}:8, 0:8] into ub"):
        try:
            parse(candidate)
        except KernelTextError as error:
            assert error.line is not None
