"""The statements of instruction entries are patterns of syntax, filled with a term's operands."""

import pytest

from hawk_xdsl.codegen.statement_pattern import StatementPattern, parse_statement
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.unparse import value_text
from hawk_xdsl.errors import HawkError

TILES = {"a": ast.Tile("b0"), "b": ast.Tile("b1"), "p": ast.Tile("b2"), "c": ast.Number(0.5)}


@pytest.mark.parametrize(
    ("text", "operands", "filled"),
    [
        ("vadd $a, $b", "ab", "vadd b0, b1"),
        ("vadd $a, $c", "ac", "vadd b0, 0.5"),
        ("vsel $p, $a, $c", "pac", "vsel b2, b0, 0.5"),
        ("vcmp gt $a, $b", "ab", "vcmp gt b0, b1"),
        ("vreduce sum $a axis $axes", "a", "vreduce sum b0 axis 0, 2"),
        ("vcumulate max $a axis $axes", "a", "vcumulate max b0 axis 0"),
        ("vcast $a to $dtype round rint", "a", "vcast b0 to bf16 round rint"),
        ("vcast $a to i32 round floor", "a", "vcast b0 to i32 round floor"),
        ("fill $c $dtype[1] in ub", "c", "fill 0.5 bf16[1] in ub"),
    ],
)
def test_operands_dtype_and_axes_are_those_of_the_term(
    text: str, operands: str, filled: str
) -> None:
    pattern = parse_statement(text)
    assert pattern.operands == tuple(operands)
    given = {name: TILES[name] for name in operands}
    assert value_text(pattern.filled(given, "bf16", (0, 2))) == filled


def test_a_reduction_has_a_row_of_its_kind() -> None:
    assert parse_statement("vreduce sum $a axis $axes").row == "vreduce_sum"
    assert parse_statement("vexp $a").row == "vexp"


def test_a_function_of_the_knowledge_is_called_as_an_instruction_is() -> None:
    pattern = StatementPattern.call("erf", ["a"])
    assert value_text(pattern.filled({"a": ast.Tile("b0")}, "f32", ())) == "erf b0"


@pytest.mark.parametrize("text", ["vfoo $a", "vadd $a $b", "vadd $", "store $a into y[0:8]"])
def test_what_is_no_value_is_refused_in_one_line_with_its_file(text: str) -> None:
    with pytest.raises(HawkError, match="not a statement") as caught:
        parse_statement(text, file="mine.toml")
    assert caught.value.file == "mine.toml" and "\n" not in str(caught.value)
