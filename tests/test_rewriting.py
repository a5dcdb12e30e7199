"""Term rewriting: what a knowledge entry's before and after do."""

import math

import pytest

from hawk_xdsl.errors import HawkError
from hawk_xdsl.semantics import rewriting
from hawk_xdsl.semantics.matching import match
from hawk_xdsl.semantics.pattern import parse_pattern
from hawk_xdsl.semantics.rewriting import RewriteStep, Rule, rewritten
from hawk_xdsl.semantics.spelling import spell
from hawk_xdsl.semantics.terms import Affine, Term, Terms


def rule(before: str, after: str) -> Rule:
    return Rule("r", parse_pattern(before), parse_pattern(after))


def apply(term: Term, *rules: Rule) -> str:
    [root], _ = rewritten([term], rules)
    return " | ".join(spell([("y", (), root)]))


@pytest.fixture
def terms() -> Terms:
    return Terms()


@pytest.fixture
def x(terms: Terms) -> Term:
    return terms.read("x", (Affine.axis("i"),), "f32")


def test_a_literal_variable_matches_only_literals(terms: Terms, x: Term) -> None:
    by_literal = terms.apply("div", (x, terms.const(4.0, "f32")), "f32")
    by_tile = terms.apply("div", (x, x), "f32")
    reciprocal = rule("a / c", "a * (1 / c)")
    assert apply(by_literal, reciprocal) == "y[] = x[i] * 0.25"
    assert match(reciprocal.before, by_tile) is None


def test_the_same_variable_matches_the_same_term(terms: Terms, x: Term) -> None:
    z = terms.read("z", (Affine.axis("i"),), "f32")
    square = parse_pattern("a * a")
    assert match(square, terms.apply("mul", (x, x), "f32")) is not None
    assert match(square, terms.apply("mul", (x, z), "f32")) is None


def test_commutative_functions_match_in_both_orders(terms: Terms, x: Term) -> None:
    root = terms.apply("add", (x, terms.apply("exp", (x,), "f32")), "f32")
    assert match(parse_pattern("exp(a) + b"), root) is not None


def test_a_reduction_keeps_its_axes(terms: Terms, x: Term) -> None:
    lowest = terms.apply("eq", (x, terms.const(float("-inf"), "f32")), "i1")
    everything = terms.reduce("and", lowest, frozenset({"i"}))
    text = apply(everything, rule("reduce_and(a == -inf)", "reduce_max(a) == -inf"))
    assert text == "t0[] = max(i) x[i] | y[] = t0[] == -inf"


def test_a_replacement_is_rewritten_in_turn(terms: Terms, x: Term) -> None:
    root = terms.apply("sigmoid", (x,), "f32")
    text = apply(root, rule("sigmoid(x)", "1 / (1 + exp(neg(x)))"), rule("c / a", "full(c) / a"))
    assert text == "y[] = full(1.0) / (exp(neg(x[i])) + 1.0)"


def test_a_rule_is_not_applied_to_what_it_made_larger(terms: Terms, x: Term) -> None:
    text = apply(terms.apply("exp", (x,), "f32"), rule("exp(a)", "exp(neg(a))"))
    assert text == "y[] = exp(neg(x[i]))"


def test_two_rules_that_undo_each_other_end_where_they_began(terms: Terms, x: Term) -> None:
    root = terms.apply("lt", (x, terms.apply("exp", (x,), "f32")), "i1")
    text = apply(root, rule("a < b", "b > a"), rule("a > b", "b < a"))
    assert text == "y[] = x[i] < exp(x[i])"


def test_a_rule_goes_on_while_its_terms_get_smaller(terms: Terms, x: Term) -> None:
    root = x
    for _ in range(40):
        root = terms.apply("half", (root,), "f32")
    text = apply(root, rule("half(half(a))", "half(a)"))
    assert text == "y[] = half(x[i])"


def test_rules_that_grow_in_turn_end_too(
    terms: Terms, x: Term, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "MOST_STEPS", 2000)
    rules = [rule(f"f{i}(a)", f"f{j}(neg(a)) + f{j}(a + 1)") for i in range(30) for j in (i + 1,)]
    [root], names = rewritten([terms.apply("f0", (x,), "f32")], [*rules, rule("f30(a)", "f0(a)")])
    assert names == ["r"] and sum(1 for _ in root.walk()) > 30


def test_quotients_of_literals_are_what_ieee_says(terms: Terms, x: Term) -> None:
    for text, value in (
        ("0 / 0", "nan"),
        ("1 / 0", "inf"),
        ("log(0)", "-inf"),
        ("exp(1000)", "inf"),
    ):
        assert apply(terms.apply("exp", (x,), "f32"), rule("exp(a)", text)) == f"y[] = {value}"
    nothing = terms.apply("max", (terms.const(math.nan, "f32"), terms.const(1.0, "f32")), "f32")
    assert apply(terms.apply("add", (x, nothing), "f32")) == "y[] = x[i] + nan"


def test_a_rule_with_a_domain_applies_only_where_it_is_known_to_hold(terms: Terms, x: Term) -> None:
    near = Rule("near", parse_pattern("sin(a)"), parse_pattern("a * 2"), domain={"a": (-1.0, 1.0)})
    for argument, ends in ((x, "sin(x[i])"), (terms.const(3.0, "f32"), "sin(3.0)")):
        [root], _ = rewritten([terms.apply("sin", (argument,), "f32")], [near])
        assert spell([("y", (), root)]) == [f"y[] = {ends}"]
    asked: list[tuple[Term, float, float]] = []

    def holds(term: Term, low: float, high: float, nan: bool = False) -> bool:
        asked.append((term, low, high))
        return True

    [root], names = rewritten([terms.apply("sin", (x,), "f32")], [near], holds=holds)
    assert (spell([("y", (), root)]), names) == (["y[] = x[i] * 2.0"], ["near"])
    assert [(term.operand, *ends) for term, *ends in asked] == [("x", -1.0, 1.0)]
    known, _ = rewritten([terms.apply("sin", (terms.const(0.5, "f32"),), "f32")], [near])
    assert known[0].value == 1.0


@pytest.mark.parametrize(("after", "domain"), [("b", {}), ("a", {"b": (0.0, 1.0)})])
def test_a_variable_that_is_not_matched_is_an_error(
    after: str, domain: dict[str, tuple[float, float]]
) -> None:
    with pytest.raises(HawkError, match="'near' has no 'b'"):
        Rule("near", parse_pattern("sin(a)"), parse_pattern(after), domain=domain)


def test_steps_tell_each_application_in_order(terms: Terms, x: Term) -> None:
    rules = [rule("sigmoid(x)", "1 / (1 + exp(neg(x)))"), rule("c / a", "full(c) / a")]
    steps: list[RewriteStep] = []
    rewritten([terms.apply("sigmoid", (x,), "f32")], rules, steps=steps)
    assert [step.rule for step in steps] == rules
    assert [step.before.op for step in steps] == ["sigmoid", "div"]
    assert [step.after.op for step in steps] == ["div", "div"]
    assert steps[1].before.args[0].is_const and steps[1].after.args[0].op == "full"


@pytest.mark.parametrize("text", ["exp(", "a +", "A + b", "a ** b", "__import__('os')"])
def test_text_that_is_no_expression_is_an_error(text: str) -> None:
    with pytest.raises(HawkError, match="expression"):
        parse_pattern(text)


def test_a_rule_about_what_another_rule_replaces_comes_first(terms: Terms, x: Term) -> None:
    half = terms.apply("add", (terms.apply("tanh", (x,), "f32"), terms.const(1.0, "f32")), "f32")
    tanh = rule("tanh(x)", "x * 3")
    assert apply(half, tanh, rule("tanh(x) + 1", "exp(x)")) == "y[] = exp(x[i])"
    assert apply(half, tanh) == "y[] = x[i] * 3.0 + 1.0"


def test_reductions_of_one_pattern_run_over_the_same_axes(terms: Terms) -> None:
    x = terms.read("x", (Affine.axis("i"), Affine.axis("j")), "f32")
    centred = parse_pattern("reduce_sum(a - reduce_max(a))")
    same, other = (
        terms.reduce(
            "sum", terms.apply("sub", (x, terms.reduce("max", x, axes)), "f32"), frozenset({"j"})
        )
        for axes in (frozenset({"j"}), frozenset({"i"}))
    )
    assert match(centred, same) is not None
    assert match(centred, other) is None
