"""One grammar file for lark and llguidance, and what narrowing it to one op leaves."""

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_files import Kernel
from kernel_text_corpus import CORPUS, LINEAR_RELU, SOFTMAX
from lark import Lark
from lark.exceptions import UnexpectedInput
from llguidance import LLMatcher, LLTokenizer
from random_kernel_text import HEADER, kernels
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from hawk_xdsl.dialects.kernel_text import (
    KernelProgram,
    KernelTextError,
    grammar,
    is_name,
    keywords,
    narrowed_grammar,
    parse,
    print_program,
)
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.narrow import name_pattern

IDS = [kernel.signature.name for kernel in CORPUS]


@pytest.fixture(scope="module")
def tokenizer() -> LLTokenizer:
    """One token a byte, so that every prefix of a text is a state of the matcher."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    vocabulary["<end>"] = len(vocabulary)
    bytes_ = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytes_.decoder = decoders.ByteLevel()
    return LLTokenizer(bytes_.to_str(), eos_token=vocabulary["<end>"])


def matches(tokenizer: LLTokenizer, lark_grammar: str, text: str) -> bool:
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(lark_grammar))
    assert not matcher.is_error(), matcher.get_error()
    tokens = tokenizer.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def earley_accepts(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    return True


def test_lark_finds_no_conflict() -> None:
    Lark(grammar(), parser="lalr", strict=True)


def test_llguidance_finds_nothing_to_complain_about(tokenizer: LLTokenizer) -> None:
    for text in (grammar(), narrowed_grammar(SOFTMAX.signature)):
        found = LLMatcher.validate_grammar_with_warnings(
            LLMatcher.grammar_from_lark(text), tokenizer
        )
        assert found == (False, [])


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_both_accept_the_corpus(kernel: Kernel, tokenizer: LLTokenizer) -> None:
    parse(kernel.text)
    assert matches(tokenizer, grammar(), kernel.text)


def test_only_lark_lets_blanks_be_where_the_printer_writes_none(tokenizer: LLTokenizer) -> None:
    assert matches(tokenizer, grammar(), SOFTMAX.text)
    for odd in (
        f"\n{SOFTMAX.text}",
        f"{SOFTMAX.text}\n",
        SOFTMAX.text.replace(", ", ","),
        SOFTMAX.text.replace("..", " .. "),
        SOFTMAX.text.replace("\n", " # row by row\n"),
        SOFTMAX.text.replace("\n", "\n  "),
    ):
        parse(odd)
        assert not matches(tokenizer, grammar(), odd), odd


def narrowed(kernel: Kernel) -> str:
    temps = [temp.name for temp in parse(kernel.text).temps]
    return narrowed_grammar(kernel.signature, temps=temps or ("t0",))


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_narrowed_grammars_accept_the_corpus(kernel: Kernel, tokenizer: LLTokenizer) -> None:
    text = narrowed(kernel)
    assert matches(tokenizer, text, kernel.text)
    assert earley_accepts(Lark(text, parser="earley", lexer="dynamic"), kernel.text)


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_a_grammar_of_only_what_a_kernel_uses_accepts_it(
    kernel: Kernel, tokenizer: LLTokenizer
) -> None:
    words = set(re.findall(r"[a-z][a-z0-9]*", kernel.text))
    temps = [temp.name for temp in parse(kernel.text).temps]
    text = narrowed_grammar(
        kernel.signature,
        dtypes=words & {"f16", "bf16", "f32", "i32"} or {"f32"},
        mnemonics=words,
        temps=temps or ("t0",),
        largest=1,
    )
    assert matches(tokenizer, text, kernel.text)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
    phases=[Phase.generate],
)
@given(kernels())
def test_narrowed_grammars_accept_whatever_builds(
    tokenizer: LLTokenizer, pair: tuple[ast.KernelText, KernelProgram]
) -> None:
    text = print_program(pair[1])
    assert matches(tokenizer, narrowed_grammar(HEADER), text)


@pytest.mark.parametrize(
    ("line", "accepted"),
    [
        ("a = load x[0:8, 0:64] into ub", True),
        ("a = load y[0:8, 0:64] into ub", True),
        ("a = load z[0:8, 0:64] into ub", False),
        ("store a into y[0:8, 0:64]", True),
        ("store a into x[0:8, 0:64]", False),
        ("store a into t0[0:8, 0:64]", True),
        ("x = vexp a", False),
        ("load = vexp a", False),
        ("loads = vexp a", True),
        ("a = vadd vexp, a", False),
        ("vex = vadd fo, a", True),
        ("a = vln b", False),
        ("a = vmul b, c", False),
        ("a = vreduce sum b axis 1", True),
        ("a = vcumulate sum b axis 1", False),
        ("a = mmad b, c.T, a", False),
        ("a = fill 0.0 f32[8, 64] in ub", True),
        ("a = fill 0.0 f16[8, 64] in ub", False),
        ("a = fill 0.0 f32[1234567] in ub", True),
        ("a = fill 0.0 f32[12345678] in ub", False),
        ("q = read x[0, 1]", True),
        ("q = read a[0, 1]", True),
    ],
)
def test_a_narrowed_grammar_leaves_only_what_is_asked(
    line: str, accepted: bool, tokenizer: LLTokenizer
) -> None:
    text = narrowed_grammar(
        SOFTMAX.signature, dtypes=["f32"], mnemonics=["vexp", "vadd", "vreduce"]
    )
    assert matches(tokenizer, text, f"{line}\n") is accepted


def test_one_statement_forces_the_next_token(tokenizer: LLTokenizer) -> None:
    text = narrowed_grammar(SOFTMAX.signature, mnemonics=["vexp"])
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(text))
    assert matcher.consume_tokens(tokenizer.tokenize_str("a = loa"))
    assert matcher.compute_ff_bytes() == b"d "


def test_a_grammar_without_words_is_an_error() -> None:
    with pytest.raises(ValueError, match="no word left"):
        narrowed_grammar(SOFTMAX.signature, dtypes=[])


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,7}", fullmatch=True))
def test_the_name_pattern_is_all_names_but_the_reserved(name: str) -> None:
    reserved = {*keywords(), "x", "xy", "A1"}
    found = re.fullmatch(name_pattern(reserved), name) is not None
    assert found is (name not in reserved)


@pytest.mark.parametrize("word", sorted(keywords()))
def test_no_keyword_is_a_name(word: str) -> None:
    assert not is_name(word)
    assert re.fullmatch(name_pattern(keywords()), word) is None
    assert re.fullmatch(name_pattern(keywords()), f"{word}x")
    with pytest.raises(KernelTextError):
        parse(f"{word} = vexp a\n")


def test_keywords_are_the_words_of_the_grammar_and_those_for_places() -> None:
    rules = re.sub(r"^//.*$", "", grammar(), flags=re.MULTILINE)
    words = {word for word in re.findall(r'"([^"]*)"', rules) if re.fullmatch(r"[a-z]\w*", word)}
    assert keywords() == words | {"ub", "l1", "l0c", "vector", "cube"}


def test_temps_have_the_names_they_are_given(tokenizer: LLTokenizer) -> None:
    text = narrowed_grammar(LINEAR_RELU.signature, temps=("s0",))
    assert not matches(tokenizer, text, LINEAR_RELU.text)
    renamed = LINEAR_RELU.text.replace("temp t ", "temp s0 ").replace(" t[", " s0[")
    assert matches(tokenizer, text, renamed)
