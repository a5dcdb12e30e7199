"""The syntax tree prints the text it was parsed from, and passes over it change what they say."""

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_files import Kernel
from kernel_text_corpus import CORPUS, SOFTMAX
from random_kernel_text import expressions, loops, relations, stores, values

from hawk_xdsl.dialects.kernel_text import parse, text_of
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import (
    names,
    renamed,
    rewritten,
    statements,
    substituted,
    walk,
)
from hawk_xdsl.dialects.kernel_text.unparse import expression_text, line_of

IDS = [kernel.signature.name for kernel in CORPUS]


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_a_canonical_text_is_printed_as_it_was_parsed(kernel: Kernel) -> None:
    assert text_of(parse(kernel.text)) == kernel.text


lines = st.one_of(st.builds(ast.Assign, st.just("b"), values), stores)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> tuple[ast.Statement, ...]:
    """Statements that the grammar accepts, whether or not they make sense."""
    body: list[ast.Statement] = draw(st.lists(lines, min_size=1, max_size=4))
    if depth and draw(st.booleans()):
        inner = draw(bodies(depth - 1))
        block = draw(
            st.one_of(
                st.builds(ast.For, loops, st.just(inner)),
                st.builds(ast.If, expressions(), relations, expressions(), st.just(inner)),
            )
        )
        body.append(block)
    return tuple(body)


stages = st.builds(ast.Stage, st.sampled_from(["vector", "cube"]), bodies())
temps = st.builds(
    ast.Temp, st.just("t0"), st.sampled_from(["f32", "i8"]), st.tuples(st.integers(0, 9))
)
trees = st.builds(
    ast.KernelText,
    st.lists(temps, max_size=2).map(tuple),
    st.lists(stages, min_size=1, max_size=3).map(tuple),
)


def plain_points(node: ast.Node) -> ast.Node:
    """A point has no stride, but random slices do."""
    if isinstance(node, ast.Slice) and node.length is None:
        return ast.Slice(node.start)
    return node


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])  # pyright: ignore[reportArgumentType]
@given(trees)
def test_every_tree_is_parsed_back_from_its_text(tree: ast.KernelText) -> None:
    text = text_of(tree)
    assert text_of(parse(text)) == text
    assert parse(text) == rewritten(tree, plain_points)


@given(expressions())
def test_arithmetic_keeps_its_meaning_with_the_fewest_parentheses(tree: ast.Expression) -> None:
    text = expression_text(tree)
    (statement,) = parse(f"q = read n[{text}]\n").stages[0].body
    assert statement == ast.Assign("q", ast.Read("n", (tree,)))
    for i, sign in enumerate(text):
        if sign == "(":
            depth, j = 0, i
            while True:
                depth += {"(": 1, ")": -1}.get(text[j], 0)
                if not depth:
                    break
                j += 1
            bare = text[:i] + text[i + 1 : j] + text[j + 1 :]
            (other,) = parse(f"q = read n[{bare}]\n").stages[0].body
            assert other != statement


def test_not_a_number_has_no_text() -> None:
    fill = ast.Fill(ast.Number(math.nan), "f32", (8,), "ub")
    with pytest.raises(ValueError, match="no NaN"):
        line_of(ast.Assign("b", fill))


def test_the_walk_enters_blocks() -> None:
    [stage] = parse(SOFTMAX.text).stages
    assert [line_of(s) for s in statements(stage.body)] == [
        line for line in SOFTMAX.text.splitlines() if line != "}"
    ]


def test_a_rewrite_reaches_every_slice() -> None:
    tree = parse("across i in 0..64 step 8 {\na = load x[i:8, 0:8] into ub\nstore a into y[i:8]\n}")

    def longer(node: ast.Node) -> ast.Node:
        return replace(node, length=16) if isinstance(node, ast.Slice) else node

    assert text_of(rewritten(tree, longer)).splitlines()[1:3] == [
        "a = load x[i:16, 0:16] into ub",
        "store a into y[i:16]",
    ]
    assert sum(isinstance(node, ast.Slice) for node in walk(tree)) == 3


def test_variables_are_replaced_by_arithmetic_that_still_binds() -> None:
    tree = parse("q = read n[i * 2]\nstore a into y[i:8]\n")
    sum_ = ast.Arithmetic("+", ast.Variable("j"), ast.Integer(1))
    assert text_of(substituted(tree, {"i": sum_})) == "q = read n[(j+1)*2]\nstore a into y[j+1:8]\n"


def test_names_are_exchanged_at_once() -> None:
    tree = parse("a = load x[0:8] into ub\nb = view a as [8, 1]\nstore b into y[0:8]\n")
    assert text_of(renamed(tree, {"a": "b", "b": "a"})) == (
        "b = load x[0:8] into ub\na = view b as [8, 1]\nstore a into y[0:8]\n"
    )
    assert list(names(tree)) == ["a", "x", "b", "a", "b", "y"]


def test_a_tree_that_does_not_change_is_the_same_one() -> None:
    tree = parse(SOFTMAX.text)
    assert rewritten(tree, lambda node: node) is tree


def test_a_change_of_the_kind_of_a_number_is_a_change() -> None:
    tree = parse("b = vadd a, 1.0\n")

    def whole(node: ast.Node) -> ast.Node:
        return ast.Number(1) if isinstance(node, ast.Number) else node

    assert text_of(rewritten(tree, whole)) == "b = vadd a, 1\n"
