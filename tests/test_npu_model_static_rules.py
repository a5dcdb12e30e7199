"""The rules that need no run, each in both directions: a kernel that just breaks it and one that
just keeps it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from npu_model_kernels import (
    TARGET,
    alloc,
    flag,
    gm,
    kernel,
    l0c,
    l1,
    load,
    store,
    ub,
    unary,
)  # fmt: skip

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import Target, Trap, TrapCode, verify_kernel
from hawk_xdsl.npu_target.legality import supports

U, G = ub(8, 64), gm(8, 64)
BYTES = 8 * 64 * 4
END = 192 * 1024


def vector(body: str, *, y: str = G) -> KernelOp:
    return kernel(body, {"x": G}, {"y": y})


def cube(body: str, *, y: str = G) -> KernelOp:
    return kernel(body, {"x": G}, {"y": y}, core="cube")


def cast(source: str, dest: str) -> KernelOp:
    a, b = ub(8, 64, dtype=source), ub(8, 64, dtype=dest)
    instruction = f"npu.vcast <rint> ins(%a : {a}) outs(%b : {b})"
    return vector(alloc("a", a) + alloc("b", b) + instruction)


def mmad(m: int, k: int, n: int, *, acc: str = "f32", dtype: str = "f16") -> KernelOp:
    a, b, c = l1(m, k, dtype=dtype), l1(k, n, dtype=dtype), l0c(m, n, dtype=acc)
    body = alloc("a", a) + alloc("b", b) + alloc("c", c) + "%t = arith.constant true\n"
    return cube(body + f"npu.mmad ins(%a, %b : {a}, {b}) outs(%c : {c}) init %t : i1")


def fixpipe(dtype: str) -> KernelOp:
    y = gm(16, 16, dtype=dtype)
    return cube(alloc("c", l0c(16, 16)) + f"npu.fixpipe %c into %y : {l0c(16, 16)} into {y}", y=y)


def two_buffers(second: int) -> KernelOp:
    """Both are written before either is stored."""
    body = alloc("a", U, 0) + alloc("b", U, second)
    body += load("x", "a", G, U) + load("x", "b", G, U)
    return vector(body + store("a", "y", U, G) + store("b", "y", U, G))


def reduction(temporary: int) -> KernelOp:
    """Rows of two repeats need one of them each; the tile takes the first 4096 bytes."""
    row, column = ub(8, 128), ub(8, 1)
    body = alloc("a", row, 0) + alloc("m", column, 8192)
    body += load("x", "a", gm(8, 128), row)
    body += (
        f"npu.vreduce <max> ins(%a : {row}) outs(%m : {column}) axes [1] temporary {temporary}\n"
    )
    body += store("a", "y", row, gm(8, 128))
    return kernel(body, {"x": gm(8, 128)}, {"y": gm(8, 128)})


def loop(inner: int) -> KernelOp:
    """a is used in every iteration, so b may not have its bytes even after its last use."""
    body = alloc("a", U, 0) + load("x", "a", G, U)
    body += "%c0 = arith.constant 0 : index\n%c4 = arith.constant 4 : index\n"
    body += "%c1 = arith.constant 1 : index\nscf.for %i = %c0 to %c4 step %c1 {\n"
    body += store("a", "y", U, G) + alloc("b", U, inner) + load("x", "b", G, U)
    return vector(body + store("b", "y", U, G) + "}")


@dataclass(frozen=True)
class Rule:
    name: str
    code: TrapCode
    broken: Callable[[], KernelOp]
    kept: Callable[[], KernelOp]


RULES = [
    Rule(
        "bytes beyond the end of ub", TrapCode.CAPACITY,
        lambda: vector(alloc("a", U, END - BYTES + 32)), lambda: vector(alloc("a", U, END - BYTES)),
    ),
    Rule(
        "a buffer larger than ub, before planning", TrapCode.CAPACITY,
        lambda: vector(alloc("a", ub(769, 64))), lambda: vector(alloc("a", ub(768, 64))),
    ),
    Rule(
        "padding to fractals counts", TrapCode.CAPACITY,
        lambda: cube(alloc("a", l0c(1, 2049))), lambda: cube(alloc("a", l0c(1, 2048))),
    ),
    Rule(
        "a temporary beyond the end of ub", TrapCode.CAPACITY,
        lambda: reduction(END - 2048 + 32), lambda: reduction(END - 2048),
    ),
    Rule(
        "address in ub", TrapCode.MISALIGNED,
        lambda: vector(alloc("a", U, 48)), lambda: vector(alloc("a", U, 64)),
    ),
    Rule(
        "address in l0c", TrapCode.MISALIGNED,
        lambda: cube(alloc("a", l0c(16, 16), 64)), lambda: cube(alloc("a", l0c(16, 16), 512)),
    ),
    Rule(
        "scope of the other core", TrapCode.WRONG_CORE,
        lambda: vector(alloc("a", l1(16, 16))), lambda: cube(alloc("a", l1(16, 16))),
    ),
    Rule(
        "pipe of the other core", TrapCode.WRONG_CORE,
        lambda: vector("npu.barrier <cube>"), lambda: vector("npu.barrier <vector>"),
    ),
    Rule(
        "flag to a pipe of the other core", TrapCode.WRONG_CORE,
        lambda: vector(flag("mte2", "fixpipe")), lambda: cube(flag("mte2", "fixpipe")),
    ),
    Rule(
        "pipe of a vector core", TrapCode.WRONG_CORE,
        lambda: cube("npu.barrier <mte3>"),
        lambda: vector("npu.barrier <mte3>"),
    ),
    Rule(
        "dtype of an instruction", TrapCode.DTYPE,
        lambda: vector(alloc("a", ub(8, 64, dtype="i32"))
                       + unary("vexp", "a", "a", ub(8, 64, dtype="i32"))),
        lambda: vector(alloc("a", U) + unary("vexp", "a", "a", U)),
    ),
    Rule(
        "dtype of a buffer", TrapCode.DTYPE,
        lambda: vector("", y=gm(8, dtype="f64")), lambda: vector("", y=gm(8, dtype="i16")),
    ),
    Rule("pair of a cast", TrapCode.DTYPE, lambda: cast("f32", "i8"), lambda: cast("f16", "i8")),
    Rule("cast of the fixpipe", TrapCode.DTYPE, lambda: fixpipe("i8"), lambda: fixpipe("bf16")),
    Rule(
        "dtype of the cube", TrapCode.DTYPE,
        lambda: mmad(16, 16, 16, dtype="i16", acc="i32"),
        lambda: mmad(16, 16, 16, dtype="i8", acc="i32"),
    ),
    Rule(
        "accumulator of the cube", TrapCode.DTYPE,
        lambda: mmad(16, 16, 16, acc="f16"), lambda: mmad(16, 16, 16, acc="f32"),
    ),
    Rule(
        "extent of the cube", TrapCode.FIELD_RANGE,
        lambda: mmad(1, 4096, 1), lambda: mmad(1, 4095, 1),
    ),
    Rule(
        "an input is written", TrapCode.INPUT_WRITTEN,
        lambda: vector(alloc("a", U) + store("a", "x", U, G)),
        lambda: vector(alloc("a", U) + store("a", "y", U, G)),
    ),
    Rule(
        "live at once in the same bytes", TrapCode.OVERLAP,
        lambda: two_buffers(BYTES - 32), lambda: two_buffers(BYTES),
    ),
    Rule(
        "live through a loop", TrapCode.OVERLAP, lambda: loop(0), lambda: loop(BYTES),
    ),
    Rule(
        "a temporary in a live buffer", TrapCode.OVERLAP,
        lambda: reduction(4096 - 32), lambda: reduction(4096),
    ),
]  # fmt: skip


def trap_of(found: KernelOp, target: Target = TARGET) -> Trap | None:
    try:
        verify_kernel(found, target)
    except Trap as trap:
        return trap
    return None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_kernel_that_just_breaks_the_rule_traps(rule: Rule) -> None:
    trap = trap_of(rule.broken())
    assert trap is not None and trap.code is rule.code


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_kernel_that_just_keeps_the_rule_passes(rule: Rule) -> None:
    assert trap_of(rule.kept()) is None


def test_a_trap_names_the_op_its_place_and_the_numbers() -> None:
    trap = trap_of(vector(alloc("a", U, END)))
    assert trap is not None
    assert str(trap) == (
        "npu.alloc (op 1) in @k: %a takes bytes 196608 to 198655 of ub, which has 196608 [capacity]"
    )
    assert dict(trap.facts) == {"address": END, "bytes": BYTES, "capacity": END}


def test_what_a_target_supports() -> None:
    assert supports(TARGET, "vexp", "f16") and not supports(TARGET, "vexp", "bf16")
    assert supports(TARGET, "vreduce", "f32") and not supports(TARGET, "vreduce", "i8")
    assert supports(TARGET, "vcast", "bf16") and not supports(TARGET, "vnone", "f32")
