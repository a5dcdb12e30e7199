"""The gate ends: what would run for ages or not fit is refused at once."""

import pytest
from test_gate import EXP, gate
from undecided import elementwise, undecided

FLOATS = elementwise("8x16", "%1 = math.exp %in : f32")
INTEGERS = elementwise("8x16", "%1 = arith.addi %in, %in : i32", dtype="i32")
AGES = "for n in 0..1000000000000 step 1 {\n"
NEVER = "if n == 999999999999 {\nb = vexp a\n}\n"

LATE_BLOCK = """across i in 0..128 step 1 {
a = load x0[i:1] into ub
b = vexp a
if i == 64 {
LOOP}
}
store b into y0[i:1]
}
"""

WIDE_ACROSS = """across i in 0..1000000000000 step 1 {
if i < 2 {
a = load x0[i * 64:64] into ub
b = vexp a
store b into y0[i * 64:64]
}
}
"""

READ_BOUND = """across i in 0..128 step 64 {
q = read x0[i]
a = load x0[i:64] into ub
b = vadd a, a
for n in 0..q * 1000000 step 1 {
BODY}
store b into y0[i:64]
}
"""

KERNELS = {
    "a loop of a late block": (FLOATS, LATE_BLOCK.replace("LOOP", f"{AGES}b = vexp a\n")),
    "a loop of a late block that computes nothing": (
        FLOATS,
        LATE_BLOCK.replace("LOOP", f"{AGES}{NEVER}"),
    ),
    "a loop that computes nothing": (
        FLOATS,
        EXP.replace("b = vexp a", f"b = vexp a\n{AGES}{NEVER}}}"),
    ),
    "loops in loops": (
        FLOATS,
        EXP.replace(
            "b = vexp a",
            "b = vexp a\nfor n in 0..9000 step 1 {\nfor m in 0..9000 step 1 {\nb = vexp a\n}\n}",
        ),
    ),
    "a wide across": (FLOATS, WIDE_ACROSS),
    "a bound that was read": (INTEGERS, READ_BOUND.replace("BODY", "b = vadd a, a\n")),
    "a bound that was read, over nothing": (
        INTEGERS,
        READ_BOUND.replace("BODY", NEVER.replace("vexp a", "vadd a, a")),
    ),
}


@pytest.mark.parametrize("name", KERNELS)
def test_what_would_run_for_ages_is_a_runaway(name: str) -> None:
    op, text = KERNELS[name]
    verdict = gate(undecided(op)).check(text)
    assert verdict.trap_code == "runaway", verdict.trap_message


def test_a_bound_that_was_read_may_be_small() -> None:
    text = READ_BOUND.replace("q * 1000000", "q // 2147483647").replace("BODY", "b = vadd a, a\n")
    assert gate(undecided(INTEGERS)).check(text).accepted


@pytest.mark.parametrize("shape", ["99999999999", "99999, 99999", "131072, 1024"])
def test_temporaries_larger_than_the_op_could_need_are_never_allocated(shape: str) -> None:
    text = f"temp t f32[{shape}]\non vector {{\n{EXP.strip()}\n}}\n"
    checked = gate(undecided(FLOATS))
    assert checked.check(text).trap_code == "capacity"
    assert checked.check(text.replace(shape, "128")).accepted


def test_a_buffer_larger_than_its_scope_is_never_allocated() -> None:
    text = EXP.replace("b = vexp a", "c = fill 0.0 f32[99999999999] in ub\nb = vexp a")
    assert gate(undecided(FLOATS)).check(text).trap_code == "capacity"
