"""Certificates: right kernels get one, and no wrong one does, however small its mistake."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from kernel_files import read_kernel, read_module
from undecided import NORM, SOFTMAX, SOFTMAX_KERNEL, elementwise, undecided
from xdsl.parser import Parser

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.certificate import Certificate, Integers, Prover
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.semantics import rewriting
from hawk_xdsl.semantics.matching import Match
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.terms import Term, Terms
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")
RULES = Composer.of(load_seed_entries(), lambda mnemonic, dtype: True).rules

ANY_POSITIVE = read_module("ops/any_positive")

TO_F16_AND_BACK = "h = vcast p to f16 round rint\no = vcast h to f32 round rint"

NORM_KERNEL = read_kernel("ops/row_norm_by_vrsqrt").text

ONLINE_SOFTMAX = read_kernel("ops/online_softmax").text


def certificate(
    op: UndecidedOp,
    text: str,
    rules: Sequence[Rule] = (),
    indices: Mapping[str, Integers] | None = None,
) -> Certificate:
    specification = specify(op)
    program = build(text, signature_of(specification, "k", TARGET.name), TARGET.cores.__getitem__)
    kernels = [stage.op.clone() for stage in program.kernels]
    for kernel in kernels:
        finish_kernel(kernel, TARGET)
    prover = Prover(specification, rules, lambda draw: indices or {})
    return prover.prove(program, kernels)


def across(body: str) -> str:
    """A kernel of 512 elements in tiles of 64: ``a`` is loaded, ``r`` stored."""
    lines = "\n".join(line.strip() for line in body.strip().splitlines())
    head = "across i in 0..512 step 64 {\na = load x0[i:64] into ub\n"
    return f"{head}{lines}\nstore r into y0[i:64]\n}}\n"


def verdict(scalar: str, body: str, dtype: str = "f32", rules: Sequence[Rule] = ()) -> Trust:
    """What becomes of a kernel for an elementwise op."""
    return certificate(
        undecided(elementwise("8x64", scalar, dtype=dtype)), across(body), rules
    ).trust


def test_a_softmax_is_proved_whatever_the_order_of_its_sums() -> None:
    found = certificate(undecided(SOFTMAX), SOFTMAX_KERNEL)
    assert found.trust is Trust.PROVED and not found.rewrites
    assert found.error < -50  # the base-2 logarithm of a probability


def test_a_rescaled_running_sum_is_proved() -> None:
    assert certificate(undecided(SOFTMAX), ONLINE_SOFTMAX).trust is Trust.PROVED


LESS = "for c in 0..24 step 8 {\na = load x0[r:8, c:8] into ub\np"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("f = vsub m, n", "f = vsub n, m"),
        ("s = vmul s, f", "s = vmul s, 1.0"),
        ("m = vmul n, 1.0", "m = vmul p, 1.0"),
        ("n = vmax m, p", "n = vmin m, p"),
        ("for c in 0..32 step 8 {\na = load x0[r:8, c:8] into ub\np", LESS),
    ],
)  # fmt: skip
def test_a_rescaled_running_sum_with_one_mistake_is_not(old: str, new: str) -> None:
    assert old in ONLINE_SOFTMAX
    assert certificate(undecided(SOFTMAX), ONLINE_SOFTMAX.replace(old, new)).trust is Trust.TRIED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m = vreduce max a axis 1", "m = vreduce max a[0:8, 0:31] axis 1"),
        ("m = vreduce max a axis 1", "m = vreduce min a axis 1"),
        ("s = vreduce sum e axis 1", "s = vreduce sum e[0:8, 1:31] axis 1"),
        ("d = vsub a, m", "d = vadd a, m"),
        ("o = vdiv e, s", "o = vmul e, s"),
        ("o = vdiv e, s", "o = vdiv e, s\no = vadd o, 1e-30"),
        ("o = vdiv e, s", "q = vdiv e, s\np = vcmp gt q, 5e-6\no = vsel p, q, 0.0"),
        ("o = vdiv e, s", f"p = vdiv e, s\n{TO_F16_AND_BACK}"),
    ],
)  # fmt: skip
def test_a_softmax_with_one_mistake_gets_no_certificate(old: str, new: str) -> None:
    assert old in SOFTMAX_KERNEL
    assert certificate(undecided(SOFTMAX), SOFTMAX_KERNEL.replace(old, new)).trust is Trust.TRIED


def test_a_norm_is_proved_and_one_without_its_epsilon_is_not() -> None:
    assert certificate(undecided(NORM), NORM_KERNEL).trust is Trust.PROVED
    without = NORM_KERNEL.replace("v = vadd v, 1e-05\n", "")
    assert certificate(undecided(NORM), without).trust is Trust.TRIED


SIN = "%1 = math.sin %in : f32"
MAXIMUM = "%c = arith.constant 2.0 : f32\n%1 = arith.maximumf %in, %c : f32"
SQUARE_F16 = "%2 = arith.mulf %in, %in : f16\n%1 = arith.mulf %2, %in : f16"
LOG = "%1 = math.log %in : f32"


def test_precision_may_rise_but_not_fall() -> None:
    in_f32 = """
        b = vcast a to f32 round rint
        c = vmul b, b
        c = vmul c, b
        r = vcast c to f16 round rint
    """
    assert verdict(SQUARE_F16, in_f32, "f16") is Trust.PROVED
    assert verdict(SQUARE_F16, "r = vmul a, a\nr = vmul r, a", "f16") is Trust.PROVED
    elsewhere = "b = vmul a, a\nr = vmul a, b\nr = vadd r, b\nr = vsub r, b"
    assert verdict(SQUARE_F16, elsewhere, "f16") is Trust.TRIED
    lower = "b = vcast a to f16 round rint\nr = vcast b to f32 round rint\nr = vln r"
    assert verdict(LOG, lower) is Trust.TRIED
    assert verdict(LOG, "r = vln a") is Trust.PROVED


def test_extrema_are_sets_and_their_literals_count() -> None:
    assert verdict(MAXIMUM, "r = vmax a, 2.0") is Trust.PROVED
    assert verdict(MAXIMUM, "r = vmax a, 1.5\nr = vmax r, 2.0\nr = vmax r, a") is Trust.PROVED
    assert verdict(MAXIMUM, "r = vmax a, 1.5") is Trust.TRIED
    assert verdict(MAXIMUM, "r = vmin a, 2.0") is Trust.TRIED
    assert verdict(MAXIMUM, "r = vmax a, 2.0\nr = vmin r, 129.0") is Trust.TRIED


def test_a_function_is_only_itself() -> None:
    assert verdict(LOG, "r = vsqrt a") is Trust.TRIED
    assert verdict(LOG, "r = vabs a\nr = vln r") is Trust.TRIED
    assert verdict(LOG, "r = vexp a\nr = vln r\nr = vln r") is Trust.TRIED


INTEGERS = "%2 = arith.addi %in, %in : i32\n%1 = arith.muli %2, %in : i32"
POSITIVE = (
    "%c = arith.constant 0 : i32\n%2 = arith.addi %in, %in : i32\n%1 = arith.maxsi %2, %c : i32"
)


def test_integers_wrap_where_the_op_does() -> None:
    assert verdict(INTEGERS, "r = vadd a, a\nr = vmul r, a", "i32") is Trust.PROVED
    assert verdict(INTEGERS, "r = vmul a, 2\nr = vmul r, a", "i32") is Trust.PROVED
    assert verdict(INTEGERS, "r = vmul a, a\nr = vadd r, a", "i32") is Trust.TRIED
    assert verdict(POSITIVE, "r = vadd a, a\nr = vmax r, 0", "i32") is Trust.PROVED
    # The maximum before the sum is another number where the sum wraps.
    assert verdict(POSITIVE, "r = vmax a, 0\nr = vadd r, r", "i32") is Trust.TRIED
    through_f32 = """
        b = vcast a to f32 round rint
        b = vadd b, b
        b = vmax b, 0.0
        r = vcast b to i32 round rint
    """
    assert verdict(POSITIVE, through_f32, "i32") is Trust.TRIED


def test_an_integer_that_left_its_range_and_came_back_is_what_it_was() -> None:
    there_and_back = "b = vadd a, 30000\nb = vsub b, 30000\nb = vadd b, b\nr = vmax b, 0"
    assert verdict(POSITIVE, there_and_back, "i32") is Trust.PROVED
    farther = there_and_back.replace("vsub b, 30000", "vsub b, 29999")
    assert verdict(POSITIVE, farther, "i32") is Trust.TRIED
    of_one = "%c = arith.constant 0 : i32\n%1 = arith.maxsi %in, %c : i32"
    back = "b = vadd a, 30000\nb = vsub b, 30000\nr = vmax b, 0"
    assert verdict(of_one, back, "i32") is Trust.PROVED
    # The maximum sees the wrapped sum, which is another number.
    between = "b = vadd a, 30000\nb = vmax b, 30000\nr = vsub b, 30000"
    assert verdict(of_one, between, "i32") is Trust.TRIED


SELECTED = """
%c = arith.constant 0.0 : f32
%p = arith.cmpf ogt, %in, %c : f32
%2 = arith.mulf %in, %in : f32
%1 = arith.select %p, %2, %in : f32
"""


def test_both_branches_of_a_selection_count() -> None:
    right = "p = vcmp gt a, 0.0\nb = vmul a, a\nr = vsel p, b, a"
    assert verdict(SELECTED, right) is Trust.PROVED
    turned = "p = vcmp le a, 0.0\nb = vmul a, a\nr = vsel p, a, b"  # another thing for NaN
    assert verdict(SELECTED, turned) is Trust.TRIED
    for old, new in (
        ("gt", "ge"),
        ("gt", "lt"),
        ("b, a", "b, b"),
        ("b, a", "a, a"),
        ("0.0", "1e-30"),
    ):
        assert verdict(SELECTED, right.replace(old, new)) is Trust.TRIED


def test_a_maximum_of_numbers_that_conditions_choose_counts_each_condition() -> None:
    op = undecided(ANY_POSITIVE)
    text = """o = fill 1.0 f32[1, 64] in ub
across r in 0..8 step 1 {
a = load x0[r:1, 0:64] into ub
p = vcmp gt a, 0.0
s = vsel p, o, 0.0
m = vreduce max s[0:1, 0:64] axis 1
store m into y0[r:1]
}
"""
    assert certificate(op, text).trust is Trust.PROVED
    assert certificate(op, text.replace("s[0:1, 0:64]", "s[0:1, 0:63]")).trust is Trust.TRIED


def test_a_selection_of_two_equal_values_is_one_of_them() -> None:
    copy = "%1 = arith.addf %in, %in : f32"
    same = "b = vadd a, a\np = vcmp eq b, 7.25\nr = vsel p, {}, b"
    assert verdict(copy, same.format("7.25")) is Trust.PROVED
    assert verdict(copy, same.format("8.25")) is Trust.TRIED


def test_an_integer_comes_back_from_a_float_that_holds_it() -> None:
    add = "%1 = arith.addi %in, %in : i8"
    body = "f = vcast a to f16 round rint\nw = vcast f to i32 round trunc\nw = vadd w, w\n{}"
    end = "w = vshl w, 24\nw = vshr w, {}\n"
    end += "g = vcast w to f16 round rint\nr = vcast g to i8 round trunc"
    assert verdict(add, body.format(end.format(24)), "i8") is Trust.PROVED
    assert verdict(add, body.format(end.format(23)), "i8") is Trust.TRIED


def test_an_extremum_comes_back_from_floats_that_hold_its_integers() -> None:
    least = "%c = arith.constant 40 : i8\n%1 = arith.minsi %in, %c : i8"
    body = "f = vcast a to f16 round rint\nf = vmin f, {}\nr = vcast f to i8 round trunc"
    assert verdict(least, body.format("40.0"), "i8") is Trust.PROVED
    assert verdict(least, body.format("40.5"), "i8") is Trust.TRIED
    assert verdict(least, body.format("41.0"), "i8") is Trust.TRIED
    other = body.format("40.0").replace("vmin", "vmax")
    assert verdict(least, other, "i8") is Trust.TRIED
    changed = body.format("40.0").replace("f = vmin", "f = vmul f, 1.0625\nf = vmin")
    assert verdict(least, changed, "i8") is Trust.TRIED


def test_a_softmax_less_a_maximum_with_a_number_is_not_proved() -> None:
    clipped = SOFTMAX_KERNEL.replace("d = vsub", "m = vmax m, -1000.0\nd = vsub", 1)
    assert clipped != SOFTMAX_KERNEL
    assert certificate(undecided(SOFTMAX), clipped).trust is Trust.TRIED


def test_the_lowest_f32_says_something_but_below_what_it_is_a_maximum_of() -> None:
    lowest = "-3.4028234663852886e38"
    add = "%1 = arith.addf %in, %in : f32"
    assert verdict(add, "r = vadd a, a") is Trust.PROVED
    assert verdict(add, f"r = vadd a, a\nr = vmax r, {lowest}") is Trust.TRIED
    softmax = undecided(SOFTMAX)
    guarded = SOFTMAX_KERNEL.replace("d = vsub", f"m = vmax m, {lowest}\nd = vsub", 1)
    assert guarded != SOFTMAX_KERNEL
    assert certificate(softmax, guarded).trust is Trust.PROVED
    # A difference from the maximum of other elements is another one where these are all -inf.
    assert certificate(softmax, guarded.replace(lowest, "-3.4e38")).trust is Trust.TRIED


def test_a_proof_by_approximations_is_bounded_and_names_them() -> None:
    sine = undecided(elementwise("8x64", SIN))
    assert certificate(sine, across("r = vsub a, 0.0")).trust is Trust.TRIED
    logarithm = undecided(elementwise("8x64", "%1 = math.log2 %in : f32"))
    text = across("r = vln a\nr = vmul r, 1.4426950408889634")
    by_log = [rule for rule in RULES if rule.name == "log2-by-log"]
    found = certificate(logarithm, text, by_log)
    assert (found.trust, found.rewrites) == (Trust.PROVED, ("log2-by-log",)), "an identity"
    approximating = [replace(rule, identity=False) for rule in by_log]
    found = certificate(logarithm, text, approximating)
    assert (found.trust, found.rewrites) == (Trust.BOUNDED, ("log2-by-log",))
    assert certificate(logarithm, text).trust is Trust.TRIED
    assert certificate(logarithm, text.replace("1.44269", "1.44268"), by_log).trust is Trust.TRIED


def test_an_entry_may_cast_to_f32_what_is_a_cast_to_f32_already() -> None:
    scalar = "%1 = math.log2 %in : f16"
    text = """
        b = vcast a to f32 round rint
        b = vln b
        b = vmul b, 1.4426950408889634
        r = vcast b to f16 round rint
    """
    wide = "same(log(f32(x)) * 1.4426950408889634)"
    rules = [Rule("log2", parse_pattern("log2(x)"), parse_pattern(wide), results=("f16",))]
    assert verdict(scalar, text, "f16", rules) is Trust.BOUNDED
    assert verdict(scalar, text.replace("vln b", "vln b\nb = vabs b"), "f16", rules) is Trust.TRIED


def test_a_wrong_binding_of_the_rewriter_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    op = undecided(elementwise("8x64", "%2 = math.exp %in : f32\n%1 = math.log1p %2 : f32"))
    right = rewriting.build

    def wrong(pattern: Pattern, found: Match, dtype: str, terms: Terms) -> Term:
        bound = {name: term.args[0] if term.args else term for name, term in found.terms.items()}
        return right(pattern, Match(bound, found.bound), dtype, terms)

    simple = [Rule("plain", parse_pattern("log1p(x)"), parse_pattern("log(1 + x)"))]
    text = across("r = vexp a\nr = vadd r, 1.0\nr = vln r")
    assert certificate(op, text, simple).trust is Trust.BOUNDED
    monkeypatch.setattr(rewriting, "build", wrong)
    for kernel in (text, across("r = vadd a, 1.0\nr = vln r")):
        assert certificate(op, kernel, simple).trust is Trust.TRIED


def test_an_entry_outside_its_domain_proves_nothing() -> None:
    pattern, after = parse_pattern("abs(x)"), parse_pattern("x")
    always = Rule("always", pattern, after)
    positive = Rule("positive", pattern, after, domain={"x": (0.0, 3.5e38)})
    kernel = across("r = vmul a, 1.0")
    for scalar, holds in (
        ("%1 = math.absf %in : f32", False),
        ("%2 = arith.mulf %in, %in : f32\n%1 = math.absf %2 : f32", False),  # may be NaN
    ):
        op = undecided(elementwise("8x64", scalar))
        text = kernel if "%2" not in scalar else across("r = vmul a, a")
        assert certificate(op, text, [always]).trust is Trust.BOUNDED
        assert (certificate(op, text, [positive]).trust is Trust.BOUNDED) is holds


def test_a_shortcut_below_a_floor_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    quotient = "%c = arith.constant 41.0 : f32\n%2 = arith.divf %in, %c : f32\n"
    op = undecided(elementwise("8x64", quotient + "%1 = math.floor %2 : f32"))
    pattern, after = parse_pattern("a / c"), parse_pattern("a * (1 / c)")
    whole = parse_pattern("floor(x)"), parse_pattern("same(i32_floor(x))")
    rules = [Rule("floor", *whole), Rule("reciprocal", pattern, after, shortcut=True)]
    text = "r = vcast b to i32 round floor\nc = vcast r to f32 round rint"
    right = across(f"b = vdiv a, 41.0\n{text}").replace("store r", "store c")
    wrong = across(f"b = vmul a, {np.float32(1 / 41)!s}\n{text}").replace("store r", "store c")
    assert certificate(op, right, rules).trust is Trust.BOUNDED
    assert certificate(op, wrong, rules).trust is Trust.TRIED
    monkeypatch.setattr(rewriting, "below_steps", lambda roots: frozenset())
    assert certificate(op, wrong, rules).trust is Trust.TRIED


EMBEDDING = read_module("ops/embedding")

ROWS = """
across i in 0..16 step 1 {
k = read x0[i]
b = load x1[k:1, 0:8] into ub
store b into y0[i:1, 0:8]
}
"""


def test_what_an_index_is_computed_to_is_proved_and_not_only_what_was_drawn() -> None:
    module = Parser(context(), EMBEDDING).parse_module()
    op = next(op for op in module.walk() if isinstance(op, UndecidedOp))
    first_rows = {"x0": np.zeros(16, np.int64)}  # on which both kernels are right
    assert certificate(op, ROWS, indices=first_rows).trust is Trust.PROVED
    last_as_first = certificate(op, ROWS.replace("x1[k:1", "x1[k % 49:1"), indices=first_rows)
    assert last_as_first.trust is Trust.TRIED and "indices" in last_as_first.reason
