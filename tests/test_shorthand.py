"""The shorthand of kernel models: what it stands for, what it refuses, and back."""

import hashlib
import re

import numpy as np
import pytest
from llguidance import LLMatcher
from undecided import SOFTMAX, elementwise, undecided

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import KernelTextError, narrowed_grammar
from hawk_xdsl.dialects.kernel_text.signature import GlobalOperand, Signature
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.abbreviation import Abbreviation
from hawk_xdsl.language_model.composites import Composite, Composites, composites_of, for_results
from hawk_xdsl.language_model.finer import in_smaller_tiles
from hawk_xdsl.language_model.language import FORM, language
from hawk_xdsl.language_model.literals import known_floats, likely_literals
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.propose.templates import TemplateProposer
from hawk_xdsl.semantics.specification import ResultRegion, Specification, specify
from hawk_xdsl.semantics.steps import steps_of
from hawk_xdsl.semantics.terms import Affine, Terms

SIGNATURE = Signature(
    "kernel",
    (GlobalOperand("x0", "f32", (7168, 64)), GlobalOperand("x1", "f32", (64,))),
    (GlobalOperand("y0", "f32", (7168, 64)),),
    "ascend910b1",
)
TWICE = Composite("twice", 1, ("b0 = vadd x0, 1.0", "y0 = vadd b0, x0"))
SHORTHAND = Shorthand.of(SIGNATURE, {"i0": 7168, "i1": 64}, {"f32": {"twice": TWICE}})


@pytest.fixture(scope="module")
def target() -> Target:
    return load_target("ascend910b1")


@pytest.fixture(scope="module")
def composer(target: Target) -> Composer:
    return Composer.of(load_seed_entries(), lambda m, dtype: supports(target, m, dtype))


@pytest.fixture(scope="module")
def composites(composer: Composer, target: Target) -> Composites:
    return composites_of(load_seed_entries(), composer, target)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("across i0 parts 48 {", "across i0 in 0..7168 step 150 {"),
        ("across i0 step 8, i1 parts 1 {", "across i0 in 0..7168 step 8, i1 in 0..64 step 64 {"),
        ("for j in 3..9 step 2 {", "for j in 3..9 step 2 {"),
        ("temp t0 f32[i0, 8]", "temp t0 f32[7168, 8]"),
        ("b0 = vmul b1, 1/140.0", "b0 = vmul b1, 0.007142857142857143"),
        ("b0 = vmul b1, -1/8", "b0 = vmul b1, -0.125"),
        ("b0 = load x1[:] into ub", "b0 = load x1[0:64] into ub"),
        ("b0 = load x0[:] into ub", "b0 = load x0[0:458752] into ub"),
        ("b0 = fill 0.0 f32[i0, 1] in ub", "b0 = fill 0.0 f32[7168, 1] in ub"),
        ("b0 = view b1 as [i1, 1]", "b0 = view b1 as [64, 1]"),
        ("b0 = vtranspose b1 perm [1, 0]", "b0 = vtranspose b1 perm [1, 0]"),
        ("b2 = twice b1", "c1_b0 = vadd b1, 1.0\nb2 = vadd c1_b0, b1"),
    ],
)
def test_a_line_stands_for_what_follows_from_the_operands(short: str, long: str) -> None:
    assert SHORTHAND.expanded(f"{short}\n") == f"{long}\n"


def test_a_length_is_the_step_of_the_loop_that_the_slice_follows() -> None:
    short = "across i0 parts 48 {\nb0 = load x0[i0:, :] into ub\nstore b0 into y0[i0+1:, :]\n}\n"
    assert SHORTHAND.expanded(short) == (
        "across i0 in 0..7168 step 150 {\nb0 = load x0[i0:150, 0:64] into ub\n"
        "store b0 into y0[i0+1:150, 0:64]\n}\n"
    )


def test_lengths_of_windows_and_strides_follow_from_the_loops() -> None:
    short = (
        "across i0 step 8 {\nfor i1 step 1 {\nb0 = load x0[4*i0+i1:, 2*i1:] into ub\n"
        "b1 = vmul b0[0:i0:4], 1.0\n}\nstore b1 into y0[i0//step:1, :]\n}\n"
    )
    text = SHORTHAND.expanded(short)
    assert "b0 = load x0[4*i0+i1:29, 2*i1:1] into ub\nb1 = vmul b0[0:8:4], 1.0\n" in text
    assert "store b1 into y0[i0//8:1, 0:64]" in text
    assert SHORTHAND.expanded(SHORTHAND.shortened(text)) == text


@pytest.mark.parametrize(
    ("short", "reason"),
    [
        ("across i9 parts 4 {", "`i9` is no axis"),
        ("b0 = load x0[i0:, :] into ub", "follows no loop"),
        ("b0 = load x1[:, :] into ub", "needs an operand"),
        ("b0 = vadd b1[:], b2", "needs an operand"),
        ("store b0 into y0[i0//step:1, :]", "`i0` is no loop"),
        ("b0 = twice b1, b2", "twice takes 1 tiles"),
        ("b0 = vmul b1, 1/0.0", "1/0 is no number"),
        ("b0 = fill 0.0 f32[j] in ub", "`j` is no axis"),
    ],
)
def test_what_nothing_follows_from_is_named_with_its_line(short: str, reason: str) -> None:
    with pytest.raises(KernelTextError, match=reason) as caught:
        SHORTHAND.expanded(f"temp t0 f32[8]\n{short}\n")
    assert caught.value.line == 2


def across(loops: str) -> str:
    """A block over some loops."""
    return f"across {loops} {{\nb0 = load x0[i0:, :] into ub\n}}\n"


def stages(*loops: str) -> str:
    """A stage for the block of each of some loops."""
    return "".join(f"on vector {{\n{across(each)}}}\n" for each in loops)


@pytest.mark.parametrize(
    ("short", "finer"),
    [
        (
            "temp t0 f32[96, 8]\n" + across("i0 parts 96"),
            "temp t0 f32[192, 8]\n" + across("i0 parts 192"),
        ),
        (
            "temp t0 f32[8]\n" + across("i0 parts 48, i1 step 8"),
            "temp t0 f32[8]\n" + across("i0 parts 96, i1 step 8"),
        ),
        (across("i0 in 4..64 step 9"), across("i0 in 4..64 step 4")),
        (
            "temp t0 f32[48, 8]\n" + stages("i0 parts 48", "i0 parts 96"),
            "temp t0 f32[96, 8]\n" + stages("i0 parts 96", "i0 parts 192"),
        ),
        (across("i0 step 1"), None),
        ("b0 = load x0[:, :] into ub\n", None),
        ("across i0 parts 48 {\n", None),
    ],
)
def test_what_needs_too_much_is_written_in_smaller_tiles(short: str, finer: str | None) -> None:
    assert in_smaller_tiles(short) == finer


def test_a_composite_never_overwrites_its_operand() -> None:
    short = "b0 = twice b0\nb0 = twice b0\nstore b0 into y0[0, 0:8]\n"
    assert SHORTHAND.expanded(short) == (
        "c1_b0 = vadd b0, 1.0\nc1_y0 = vadd c1_b0, b0\n"
        "c2_b0 = vadd c1_y0, 1.0\nc2_y0 = vadd c2_b0, c1_y0\nstore c2_y0 into y0[0, 0:8]\n"
    )


def test_the_number_of_a_step_may_stand_in_conditions_and_bounds() -> None:
    short = "across i0 step 64 {\nif i0//step == 0 {\n}\nfor j in 0..i0//step step 1 {\n}\n}\n"
    expanded = SHORTHAND.expanded(short)
    assert "if i0//64 == 0 {" in expanded and "for j in 0..i0//64 step 1 {" in expanded


def test_whatever_a_model_writes_is_expanded_or_refused() -> None:
    """Words of one line in the places of another: never an error of Python's."""
    noise = np.random.default_rng(7)
    lines = [
        "b1 = vtranspose b0 perm [1, 0]",
        "b0 = load x0[i0:, :] into ub",
        "b2 = vreduce sum b1[i0:64, 0:8] axis 1",
        "if i0//step == 0 {",
        "b3 = fill 1/8.0 f32[i0, i1] in ub",
        "b4 = twice b3",
        "b5 = view b4 as [i0, 8]",
        "b6 = vcast b5 to f16 round rint",
        "b7 = varange i32[i1, 8] axis 0",
        "b8 = vsel b7, b6, 0.0",
        "for j in 3..9 step 2 {",
        "temp t0 f32[i0, 8]",
        "store b4 into y0[i0:, 0:8]",
        "across i0 parts 48, i1 step 8 {",
    ]
    words = sorted({word for line in lines for word in re.split(r"(\W)", line) if word})
    refused = 0
    for _ in range(3000):
        parts = [part for part in re.split(r"(\W)", lines[noise.integers(len(lines))]) if part]
        for _ in range(noise.integers(1, 3)):
            parts[noise.integers(len(parts))] = words[noise.integers(len(words))]
        try:
            SHORTHAND.expanded("across i0 step 64 {\n" + "".join(parts) + "\n}\n")
        except KernelTextError:
            refused += 1
    assert 0 < refused < 3000


def test_a_composite_of_a_number_is_refused_where_only_tiles_are() -> None:
    lines = ("b0 = vcast x0 to f16 round rint", "y0 = vcast b0 to f32 round rint")
    half = {"f32": {"half": Composite("half", 1, lines)}}
    shorthand = Shorthand.of(SIGNATURE, {"i0": 7168, "i1": 64}, half)
    with pytest.raises(KernelTextError, match="a tile where a number was given"):
        shorthand.expanded("b0 = half 1.0\nstore b0 into y0[0, 0:8]\n")


@pytest.mark.parametrize("module", [elementwise("7168x64", "%1 = math.erf %in : f32"), SOFTMAX])
def test_drafts_in_shorthand_pass_the_gate_and_its_grammar(
    module: str, target: Target, composer: Composer, composites: Composites
) -> None:
    op = undecided(module)
    specification = specify(op)
    signature = signature_of(specification, "kernel", target.name)
    entries = load_seed_entries()
    draft = TemplateProposer(entries, composer, specification, target).next()
    assert draft is not None
    abbreviation = Abbreviation(entries, specification, signature, target, composer, composites)
    short = abbreviation.short(draft.text, draft.entries[0], draft.schedule)
    assert len(short) < len(draft.text)
    text = abbreviation.shorthand.expanded(short)
    gate = Gate(op, specification, signature, target, 0)
    assert gate.check(text).accepted, text
    grammar = abbreviation.shorthand.grammar(narrowed_grammar(signature))
    assert _accepts(grammar, short)
    assert _accepts(grammar, draft.text)
    assert not _accepts(narrowed_grammar(signature), short)
    likely = likely_literals(specification, known_floats(entries))
    assert _accepts(abbreviation.shorthand.grammar(narrowed_grammar(signature), likely), short)


def test_likely_numbers_are_the_ops_and_the_knowledges_own() -> None:
    division = "%c = arith.constant 1.25 : f32\n%1 = arith.divf %in, %c : f32"
    specification = specify(undecided(elementwise("8x8", division)))
    likely = likely_literals(specification, known_floats(load_seed_entries()))
    assert {"1.25", "-1.25", "1/1.25", "0.0", "0.20816237"} <= set(likely.floats)
    signature = signature_of(specification, "kernel", "ascend910b1")
    shorthand = Shorthand.of(signature, specification.axes, {})
    text = (
        "across i0 parts 8 {\nb0 = load x0[i0:, :] into ub\nb1 = vmul b0, NUMBER\n"
        "store b1 into y0[i0:, :]\n}\n"
    )
    likely_grammar = shorthand.grammar(narrowed_grammar(signature), likely)
    any_grammar = shorthand.grammar(narrowed_grammar(signature))
    for number, is_likely in (("1.25", True), ("1/1.25", True), ("7", False), ("1.2579", False)):
        assert _accepts(likely_grammar, text.replace("NUMBER", number)) == is_likely
        assert _accepts(any_grammar, text.replace("NUMBER", number))


def _accepts(grammar: str, text: str) -> bool:
    from llguidance.hf import from_tokenizer

    from hawk_xdsl.training.tokenizer import make_tokenizer

    tokenizer = make_tokenizer(language().words)
    matcher = LLMatcher(from_tokenizer(tokenizer), LLMatcher.grammar_from_lark(grammar))
    tokens = tokenizer.encode(text)
    return matcher.validate_tokens(tokens) == len(tokens) and _ends(matcher, tokens)


def _ends(matcher: LLMatcher, tokens: list[int]) -> bool:
    matcher.consume_tokens(tokens)
    return matcher.is_accepting()


def test_every_composite_computes_its_function(target: Target, composites: Composites) -> None:
    """Each in a kernel of its own through the gate of the op that is this function alone."""
    checked = 0
    for name, function in (("erf", "erf"), ("tanh", "tanh"), ("floor", "floor"), ("sin", "sin")):
        op = undecided(elementwise("96x64", f"%1 = math.{function} %in : f32"))
        specification = specify(op)
        signature = signature_of(specification, "kernel", target.name)
        shorthand = Shorthand.of(signature, specification.axes, composites)
        gate = Gate(op, specification, signature, target, 0)
        text = (
            "across i0 parts 8 {\nb0 = load x0[i0:] into ub\n"
            f"b0 = {name} b0\nstore b0 into y0[i0:]\n}}\n"
        )
        assert gate.check(shorthand.expanded(text)).accepted, name
        checked += 1
    assert checked == 4


def test_only_functions_of_any_values_are_composites(composites: Composites) -> None:
    wide = composites["f32"]
    assert {"erf", "tanh", "log1p", "pow", "rem"} <= wide.keys()
    assert not wide.keys() & {"exp", "select", "cast", "reduce_or", "add"}
    for composite in (c for known in composites.values() for c in known.values()):
        assert composite.lines[-1].startswith("y0 = ")
        written = {line.split(" = ")[0] for line in composite.lines}
        assert not written & {f"x{i}" for i in range(composite.arity)}


def test_results_in_half_precision_have_shorter_functions(composites: Composites) -> None:
    wide, narrow = (for_results(composites, [dtype]) for dtype in ("f32", "f16"))
    assert len(narrow["sin"].lines) < len(wide["sin"].lines)
    assert for_results(composites, ["f16", "f32"]) == for_results(composites, ["bf16"]) == wide


FORMS = {1: "a5841631e31c"}
RULES = ("NAME", "loop", "slice", "?term", "length", "number", "!number", "!unary", "!binary")
BARE = "\n".join(f'{rule}: "x"' for rule in RULES)


def test_a_model_is_refused_as_soon_as_its_shorthand_or_steps_mean_something_else() -> None:
    """If this fails, add one to FORM: models that were taught the old form are then refused."""
    specimen = """temp t0 f32[i0, 8]
across i0 parts 48 {
b0 = load x0[i0:, :] into ub
b1 = load x1[:] into ub
b2 = vmul b0, 1/140.0
b2 = vmul b2, -1/3.0
b3 = twice b2
b3 = twice b3
store b3 into y0[i0:, :]
}
for j in 0..8 step 2 {
b4 = load t0[2*j:, i0//step] into ub
b5 = fill 0.0 f32[i0, 1] in ub
}
"""
    terms = Terms()
    i0, i1 = Affine.axis("i0"), Affine.axis("i1")
    row = terms.read("x1", (i0.scaled(2) + Affine(1),), "i32")
    taken = terms.gather("x0", (Affine.axis("@0"), i1), (row,), "f32")
    place = terms.cast(terms.index(i1 + Affine(3), "i32"), "f32")
    half = terms.apply("mul", (place, terms.const(0.5, "f32")), "f32")
    total = terms.apply("add", (terms.scan("sum", taken, "i1"), half), "f32")
    results = (ResultRegion("y0", "f32", (4, 8), (i0, i1), total),)
    gathering = Specification((), results, {"i0": 4, "i1": 8})
    taught = (
        SHORTHAND.grammar(BARE),
        SHORTHAND.expanded(specimen),
        *(steps_of(each).text for each in (specify(undecided(SOFTMAX)), gathering)),
    )
    assert hashlib.sha256("\0".join(taught).encode()).hexdigest()[:12] == FORMS[FORM], taught
