"""Where kernel text may have blanks, empty lines and comments, and where it may not."""

import pytest
from kernel_files import Kernel
from kernel_text_corpus import CORPUS
from lark import Lark

from hawk_xdsl.dialects.kernel_text import KernelTextError, grammar, parse, text_of
from hawk_xdsl.dialects.kernel_text.grammar import with_blanks
from hawk_xdsl.language_model.shorthand_tree import ShorthandTree, tokens

SIGNS = (":", "..", "+", "-", "*", "//", "%", ",", " = ")
SHORT = """\
across i0 parts 48 {
v0 = load x0[i0:, :, 2*i0:] into ub
store v0 into t0[i0//step:1]
}
"""
LOAD = "b = load x[0:8, 8-4:8] into ub\n"


def spread(text: str, blanks: str) -> str:
    """A text with other blanks between its words, and with blanks around its signs and lines."""
    for number, sign in enumerate(SIGNS):
        text = text.replace(sign.strip(), f" {chr(number)} ")
    lines = (blanks.join(line.split()) for line in text.splitlines())
    text = "".join(f"{blanks}{line}{blanks}\n" for line in lines)
    for number, sign in enumerate(SIGNS):
        text = text.replace(chr(number), sign.strip())
    return text


def of_whole_numbers(kernel: Kernel) -> bool:
    """Whether ``spread`` can take it: neither a minus before a number nor a comparison."""
    return not any(part in kernel.text for part in (" -", "<", ">", "==", "e-"))


SPREAD = [kernel for kernel in CORPUS if of_whole_numbers(kernel)]


@pytest.mark.parametrize("blanks", ["  ", "\t", " \t\u00a0"])
@pytest.mark.parametrize("kernel", SPREAD, ids=[kernel.signature.name for kernel in SPREAD])
def test_blanks_around_signs_words_and_lines_change_nothing(kernel: Kernel, blanks: str) -> None:
    odd = spread(kernel.text, blanks)
    assert odd.split() != kernel.text.split()
    assert parse(odd) == parse(kernel.text), odd


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\n\n", " \n \t\n", "  # } {, x\n", "\n# c\n", "\u2028"]
)
@pytest.mark.parametrize("kernel", CORPUS, ids=[kernel.signature.name for kernel in CORPUS])
def test_empty_lines_comments_and_indentation_change_nothing(kernel: Kernel, end: str) -> None:
    odd = end + "".join(f"\t  {line}{end}" for line in kernel.text.splitlines()) + "  "
    assert text_of(parse(odd)) == kernel.text
    assert text_of(parse(odd.rstrip())) == kernel.text, "the last line needs no end"


@pytest.mark.parametrize("start", ["", " ", "\n", "# c\n", "  # c\n\t", "\n\n # c\n\n"])
def test_statements_know_the_lines_that_they_were_written_in(start: str) -> None:
    body = parse(f"{start}{LOAD}\n  # then\n\t{LOAD}").stages[0].body
    before = start.count("\n")
    assert [statement.line for statement in body] == [before + 1, before + 4]


@pytest.mark.parametrize(
    "line",
    [
        f"{LOAD.strip()} {LOAD}",
        "a = copy b c = copy b",
        "a = copy b }",
        "a = vadd b, 1. 5",
        "a = vadd b, 1 .5",
        "a = vadd b, 1 5",
        "a = vadd b, - 1.5",
        "a = vadd b, 1.5e -3",
        "a = vadd b, 1.5 e-3",
        "a = vadd b, 1e + 5",
        "a = v add b, 1.5",
        "a = vaddb, 1.5",
        "a = vadd b 1.5",
        "a = vadd b,, 1.5",
        "a = load x[0 8] into ub",
        "a = load x[8 / / 2:8] into ub",
        "a = load x[0: :8] into ub",
        "a = load x[0:8] intoub",
        "a = mmad b, c. T, a",
        "for r in 0. .8 step 1 {\na = copy b\n}",
        "for r in 0..8step 1 {\na = copy b\n}",
        "for r in 0..8 step 1\n{\na = copy b\n}",
        "a =\ncopy b",
        "a = vadd b,\n1.5",
    ],
)
def test_what_blanks_neither_join_nor_part(line: str) -> None:
    with pytest.raises(KernelTextError) as caught:
        parse(f"\n{LOAD}  # c\n{line}\n")
    assert caught.value.line in (4, 5)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (" \n\t# nothing\n", 1, "the kernel body is empty"),
        (f"\n  {LOAD}   }}  # end\n", 3, "without its opening line"),
        (f"\n{LOAD}  a = vexp   # of what?\n", 3, "`a = vexp` is incomplete; expected a name"),
        (f"{LOAD}\n\ta = vnone b # c\n", 3, "unexpected `vnone b` in `a = vnone b`"),
        (f"{LOAD}\nfor r in 0..8 step 1 {{\n\t{LOAD}\n # c\n", 4, "the text ends before a `}`"),
        (f"# c\n\n{LOAD}\tload = copy b\n", 4, "`load` is a keyword"),
        ("a = load x[0 8] into ub\n", 1, "expected `+` or `, ` or `-` or `:` or `]`"),
    ],
)
def test_errors_show_the_line_as_it_was_written(text: str, line: int, message: str) -> None:
    with pytest.raises(KernelTextError) as caught:
        parse(text)
    assert message in caught.value.message and caught.value.line == line
    assert "#" not in caught.value.message


def test_blanks_and_comments_do_not_count_as_characters_of_a_line() -> None:
    blank = " " * 600
    assert parse(f"{blank}b = copy{blank}a{blank}# {'c' * 600}\n") == parse("b = copy a\n")


def test_lark_finds_no_conflict_among_blanks() -> None:
    Lark(with_blanks(grammar()), parser="lalr", strict=True)


def test_a_text_in_shorthand_is_canonical_before_words_are_replaced() -> None:
    odd = spread(f"# c\n{SHORT}", "\t ").replace("#", "\n\n #")
    assert odd.count("//\t step") + odd.count("// step") == 1
    tree = ShorthandTree.of(odd)
    assert tree.text == SHORT
    changes = [(token, "96") for token in tokens(tree.root, "INT") if token == "48"]
    assert tree.with_words(changes) == SHORT.replace("48", "96")
