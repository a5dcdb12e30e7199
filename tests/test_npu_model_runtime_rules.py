"""The rules that a run decides, each in both directions: kernels that just break or keep it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
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
    memref_type,
    randoms,
    run,
    store,
    trap_of,
    ub,
    unary,
    view,
)  # fmt: skip

from hawk_xdsl.dialects.npu import AllocOp, KernelOp
from hawk_xdsl.npu_target import TrapCode
from hawk_xdsl.npu_target.scopes import Scopes
from hawk_xdsl.npu_target.traps import Fault

U, G = ub(8, 64), gm(8, 64)
LOADED = alloc("a", U) + load("x", "a", G, U)
CONSTANTS = "".join(f"%c{n} = arith.constant {n} : index\n" for n in (0, 1, 2, 4, 5, 7, 8, 60))


def program(body: str, *, x: str = G, y: str = G) -> KernelOp:
    """Runs in program order: what is tested does not depend on addresses or flags."""
    return kernel(CONSTANTS + body, {"x": x}, {"y": y})


def strided(rows: int, columns: int, scope: str, row: int = 64) -> str:
    return memref_type((rows, columns), "f32", scope, f"strided<[{row}, 1], offset: ?>")


def rows_of_x(first: str) -> KernelOp:
    part = strided(4, 64, "global")
    return program(
        LOADED + alloc("b", ub(4, 64)) + view("x", "s", G, f"{first}, 0", "4, 64", part)
        + load("s", "b", part, ub(4, 64)) + store("a", "y", U, G)
    )  # fmt: skip


def columns(first: int) -> KernelOp:
    part = strided(8, 8, "ub")
    return program(
        LOADED + view("a", "s", U, f"0, {first}", "8, 8", part) + unary("vexp", "s", "s", part)
        + store("a", "y", U, G)
    )  # fmt: skip


def shifted(rows: int) -> KernelOp:
    """An elementwise instruction from rows 0 to 3 into rows further down."""
    part = strided(4, 64, "ub")
    return program(
        LOADED + view("a", "s", U, "0, 0", "4, 64", part)
        + view("a", "d", U, f"%c{rows}, 0", "4, 64", part) + unary("vexp", "s", "d", part)
        + store("a", "y", U, G)
    )  # fmt: skip


def written_rows(count: int) -> KernelOp:
    part = strided(count, 64, "ub")
    source = strided(count, 64, "global")
    return program(
        alloc("a", U) + view("a", "d", U, "0, 0", f"{count}, 64", part)
        + view("x", "s", G, "0, 0", f"{count}, 64", source) + load("s", "d", source, part)
        + store("a", "y", U, G)
    )  # fmt: skip


def across_iterations(where: str) -> KernelOp:
    """Only the first iteration loads; the buffer lives inside or outside the loop."""
    first = "%f = arith.cmpi eq, %i, %c0 : index\nscf.if %f {\n" + load("x", "a", G, U) + "}\n"
    outside, inside = (alloc("a", U), "") if where == "outside" else ("", alloc("a", U))
    return program(
        outside + "scf.for %i = %c0 to %c2 step %c1 {\n" + inside + first
        + store("a", "y", U, G) + "}"
    )  # fmt: skip


def short_row(width: int) -> KernelOp:
    """Loads the first columns of every row of a full tile, then stores the tile."""
    part, source = strided(8, width, "ub"), strided(8, width, "global")
    return program(
        LOADED + view("a", "d", U, "0, 0", f"8, {width}", part)
        + view("x", "s", G, "0, 0", f"8, {width}", source) + load("s", "d", source, part)
        + store("a", "y", U, G)
    )  # fmt: skip


def column_to(layout: str) -> KernelOp:
    """Loads a column of x to a row in ub, or to rows of their own."""
    source = "memref<8x1xf32, strided<[64, 1]>, #npu.scope<global>>"
    dest = ub(8, 1) if layout == "rows" else ub(8)
    return program(
        view("x", "s", G, "0, 0", "8, 1", source) + alloc("b", dest) + load("s", "b", source, dest)
        + store("b", "y", dest, gm(8)),
        y=gm(8),
    )  # fmt: skip


def bursts(count: int) -> KernelOp:
    source, dest = gm(count, 16), ub(count, 8)
    part = f"memref<{count}x8xf32, strided<[16, 1]>, #npu.scope<global>>"
    return program(
        view("x", "s", source, "0, 0", f"{count}, 8", part) + alloc("b", dest)
        + load("s", "b", part, dest) + store("b", "y", dest, gm(count, 8)),
        x=source, y=gm(count, 8),
    )  # fmt: skip


def extents(rows: str) -> KernelOp:
    """Loads a dynamic number of rows into four."""
    part, dest = strided(-1, 64, "global").replace("-1x", "?x"), ub(4, 64)
    return program(
        alloc("b", dest) + view("x", "s", G, "0, 0", f"%c{rows}, 64", part)
        + f"%d = memref.subview %b[0, 0] [%c4, 64] [1, 1] : {dest} to {DYNAMIC}\n"
        + load("s", "d", part, DYNAMIC) + store("b", "y", dest, gm(4, 64)),
        y=gm(4, 64),
    )  # fmt: skip


DYNAMIC = "memref<?x64xf32, strided<[64, 1]>, #npu.scope<ub>>"


def gather(last: int) -> KernelOp:
    table, index, out = ub(64), ub(8, dtype="i32"), ub(8)
    return program(
        alloc("t", table) + load("x", "t", gm(64), table) + alloc("i", index)
        + f"%n = arith.constant {last} : i32\nnpu.vbrc ins(%n : i32) outs(%i : {index})\n"
        + alloc("o", out) + f"npu.vgather ins(%t, %i : {table}, {index}) outs(%o : {out})\n"
        + store("o", "y", out, gm(8)),
        x=gm(64), y=gm(8),
    )  # fmt: skip


def read(index: str) -> KernelOp:
    return program(
        LOADED + f"%v = npu.read %x[%c{index}, %c{index}] : {G} -> f32\n" + store("a", "y", U, G)
    )


def divided(by: str) -> KernelOp:
    return program(LOADED + f"%q = arith.divsi %c8, %c{by} : index\n" + store("a", "y", U, G))


def logarithm(of: str) -> KernelOp:
    """Of values on either side of zero, stored as they are, or only where they are above zero."""
    mask = ub(8, 64, dtype="i8")
    chosen = (
        alloc("p", mask)
        + "%zero = arith.constant 0.0 : f32\n"
        + f"npu.vcmp <gt> ins(%a, %zero : {U}, f32) outs(%p : {mask})\n"
        + unary("vln", "a", "b", U)
        + f"npu.vsel ins(%p, %b, %zero : {mask}, {U}, f32) outs(%a : {U})\n"
    )
    body = chosen if of == "selected" else unary("vln", "a", "b", U)
    stored = "a" if of == "selected" else "b"
    return program(LOADED + alloc("b", U) + body + store(stored, "y", U, G))


def accumulate(init: str) -> KernelOp:
    a, b, c = l1(16, 16), l1(16, 16), l0c(16, 16)
    return kernel(
        alloc("a", a) + alloc("b", b) + alloc("c", c) + load("x", "a", gm(16, 16), a)
        + load("x", "b", gm(16, 16), b) + f"%t = arith.constant {init}\n"
        + f"npu.mmad ins(%a, %b : {a}, {b}) outs(%c : {c}) init %t : i1\n"
        + f"npu.fixpipe %c into %y : {c} into {gm(16, 16)}",
        {"x": gm(16, 16)}, {"y": gm(16, 16)}, core="cube",
    )  # fmt: skip


def matrix_view(column: int) -> KernelOp:
    """A part of a matrix in l1 that starts at a column."""
    a, part = l1(16, 32), "memref<16x16xf32, strided<[32, 1], offset: ?>, #npu.scope<l1>>"
    return kernel(
        alloc("a", a) + load("x", "a", gm(16, 32), a)
        + view("a", "s", a, f"0, {column}", "16, 16", part) + alloc("b", l1(16, 16))
        + load("z", "b", gm(16, 16), l1(16, 16)) + alloc("c", l0c(16, 16))
        + "%t = arith.constant true\n"
        + f"npu.mmad ins(%s, %b : {part}, {l1(16, 16)}) outs(%c : {l0c(16, 16)}) init %t : i1\n"
        + f"npu.fixpipe %c into %y : {l0c(16, 16)} into {gm(16, 16)}",
        {"x": gm(16, 32), "z": gm(16, 16)}, {"y": gm(16, 16)}, core="cube",
    )  # fmt: skip


def stored(rows: int) -> KernelOp:
    part, to = strided(rows, 64, "ub"), strided(rows, 64, "global")
    return program(
        LOADED + view("a", "s", U, "0, 0", f"{rows}, 64", part)
        + view("y", "d", G, "0, 0", f"{rows}, 64", to) + store("s", "d", part, to)
    )  # fmt: skip


def read_back(order: str) -> KernelOp:
    first, second = store("a", "y", U, G), alloc("b", U) + load("y", "b", G, U)
    return program(LOADED + (first + second if order == "after" else second + first))


def blocks_that_meet(step: int) -> KernelOp:
    """Each of two blocks stores four rows, the second one from a row on."""
    part, to = strided(4, 64, "ub"), strided(4, 64, "global")
    return kernel(
        LOADED + "%b = npu.block_idx : index\n"
        + f"%r = affine.apply affine_map<(d0) -> (d0 * {step})> (%b)\n"
        + view("a", "s", U, "%r, 0", "4, 64", part) + view("y", "d", G, "%r, 0", "4, 64", to)
        + store("s", "d", part, to),
        {"x": G}, {"y": gm(8, 64)}, blocks=2,
    )  # fmt: skip


@dataclass(frozen=True)
class Rule:
    name: str
    code: TrapCode
    broken: Callable[[], KernelOp]
    kept: Callable[[], KernelOp]


RULES = [
    Rule("view beyond global", TrapCode.OUT_OF_BOUNDS,
         lambda: rows_of_x("%c5"), lambda: rows_of_x("%c4")),
    Rule("gather beyond the tile", TrapCode.OUT_OF_BOUNDS,
         lambda: gather(64), lambda: gather(63)),
    Rule("gather before the tile", TrapCode.OUT_OF_BOUNDS,
         lambda: gather(-1), lambda: gather(0)),
    Rule("scalar read beyond the buffer", TrapCode.OUT_OF_BOUNDS,
         lambda: read("8"), lambda: read("7")),
    Rule("operand inside a block", TrapCode.MISALIGNED, lambda: columns(4), lambda: columns(8)),
    Rule("burst inside a block", TrapCode.MISALIGNED,
         lambda: column_to("row"), lambda: column_to("rows")),
    Rule("view inside a fractal", TrapCode.MISALIGNED,
         lambda: matrix_view(4), lambda: matrix_view(8)),
    Rule("destination partly on the source", TrapCode.OVERLAP,
         lambda: shifted(2), lambda: shifted(4)),
    Rule("rows never written", TrapCode.UNINITIALISED_READ,
         lambda: written_rows(7), lambda: written_rows(8)),
    Rule("contents of the iteration before", TrapCode.UNINITIALISED_READ,
         lambda: across_iterations("inside"), lambda: across_iterations("outside")),
    Rule("tail of a copy", TrapCode.UNINITIALISED_READ,
         lambda: short_row(20), lambda: short_row(24)),
    Rule("accumulator", TrapCode.UNINITIALISED_READ,
         lambda: accumulate("false"), lambda: accumulate("true")),
    Rule("output read before it is written", TrapCode.UNINITIALISED_READ,
         lambda: read_back("before"), lambda: read_back("after")),
    Rule("bursts", TrapCode.FIELD_RANGE, lambda: bursts(4096), lambda: bursts(4095)),
    Rule("extents of a move", TrapCode.SHAPE, lambda: extents("5"), lambda: extents("4")),
    Rule("result outside of a domain", TrapCode.UNDEFINED,
         lambda: logarithm("stored"), lambda: logarithm("selected")),
    Rule("division by zero", TrapCode.ARITHMETIC, lambda: divided("0"), lambda: divided("1")),
    Rule("output not written", TrapCode.UNWRITTEN_OUTPUT, lambda: stored(7), lambda: stored(8)),
    Rule("blocks that write the same bytes", TrapCode.CORE_RACE,
         lambda: blocks_that_meet(2), lambda: blocks_that_meet(4)),
]  # fmt: skip


def inputs_of(found: KernelOp) -> list[np.ndarray]:
    shapes = [argument.type.get_shape() for argument in found.inputs]  # pyright: ignore[reportAttributeAccessIssue]
    return [randoms(*shape) for shape in shapes]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_kernel_that_just_breaks_the_rule_traps(rule: Rule) -> None:
    found = rule.broken()
    trap = trap_of(found, *inputs_of(found), mode="program-order")
    assert trap is not None and trap.code is rule.code


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_kernel_that_just_keeps_the_rule_passes(rule: Rule) -> None:
    found = rule.kept()
    assert trap_of(found, *inputs_of(found), mode="program-order") is None


def test_a_reduction_may_not_write_into_its_source() -> None:
    """Both live in the same bytes, and their live ranges only meet in the instruction itself."""
    column = ub(8, 1)

    def found(address: int) -> KernelOp:
        return kernel(
            alloc("a", U, 0) + alloc("m", column, address) + load("x", "a", G, U)
            + flag("mte2", "vector")
            + f"npu.vreduce <max> ins(%a : {U}) outs(%m : {column}) axes [1]\n"
            + flag("vector", "mte3") + store("m", "y", column, gm(8)),
            {"x": G}, {"y": gm(8)},
        )  # fmt: skip

    trap = trap_of(found(0), randoms(8, 64))
    assert trap is not None and trap.code is TrapCode.OVERLAP
    assert trap_of(found(2048), randoms(8, 64)) is None


def test_an_elementwise_instruction_may_work_in_place() -> None:
    body = LOADED + unary("vexp", "a", "a", U) + store("a", "y", U, G)
    x = randoms(8, 64)
    np.testing.assert_array_equal(run(program(body), x, mode="program-order").outputs[0], np.exp(x))


def test_an_empty_part_of_a_buffer() -> None:
    part = strided(-1, 64, "global").replace("-1x", "?x")
    body = LOADED + "%n = arith.subi %c1, %c1 : index\n"
    body += view("x", "s", G, "0, 0", "%n, 64", part) + store("a", "y", U, G)
    trap = trap_of(program(body), randoms(8, 64), mode="program-order")
    assert trap is not None and trap.code is TrapCode.SHAPE


def test_a_destination_may_take_over_the_bytes_of_a_dead_source() -> None:
    """b is a larger buffer in the same place, of which only the part over a is written."""
    large, part = ub(16, 64), strided(8, 64, "ub")
    found = kernel(
        alloc("a", U, 0) + alloc("b", large, 0) + load("x", "a", G, U) + flag("mte2", "vector")
        + view("b", "d", large, "0, 0", "8, 64", part)
        + f"npu.vexp ins(%a : {U}) outs(%d : {part})\n" + flag("vector", "mte3")
        + store("d", "y", part, G),
        {"x": G}, {"y": G},
    )  # fmt: skip
    x = randoms(8, 64)
    np.testing.assert_array_equal(run(found, x).outputs[0], np.exp(x))


@pytest.mark.parametrize("instruction, fitting, other", [
    ("npu.vexp ins(%s : {d}) outs(%d : {d})", 4, 1),
    ("npu.vadd ins(%s, %s : {d}, {d}) outs(%d : {d})", 1, 2),
    ("npu.vreduce <max> ins(%s : {d}) outs(%d : {c}) axes [1]", 4, 2),
    ("npu.vcast <rint> ins(%s : {d}) outs(%d : {h})", 4, 1),
    ("npu.vtranspose ins(%s : {d}) outs(%d : {d}) permutation [0, 1]", 4, 1),
])  # fmt: skip
def test_extents_of_the_moment_must_go_together(instruction: str, fitting: int, other: int) -> None:
    """Four rows of the destination, and a source with another number of rows."""
    d, c = DYNAMIC, "memref<?x1xf32, strided<[64, 1]>, #npu.scope<ub>>"
    h = "memref<?x64xf16, strided<[64, 1]>, #npu.scope<ub>>"
    text = instruction.format(d=d, c=c, h=h)
    dest, buffer, width = (
        (c, U, 1) if c in text else (h, ub(8, 64, dtype="f16"), 64) if h in text else (d, U, 64)
    )

    def found(rows: int) -> KernelOp:
        return program(
            LOADED + alloc("b", buffer) + f"%n = arith.constant {rows} : index\n"
            + f"%s = memref.subview %a[0, 0] [%n, 64] [1, 1] : {U} to {d}\n"
            + f"%d = memref.subview %b[0, 0] [%c4, {width}] [1, 1] : {buffer} to {dest}\n"
            + text + "\n" + store("a", "y", U, G)
        )  # fmt: skip

    assert trap_of(found(fitting), randoms(8, 64), mode="program-order") is None
    trap = trap_of(found(other), randoms(8, 64), mode="program-order")
    assert trap is not None and trap.code is TrapCode.SHAPE


def test_a_buffer_loses_its_contents_to_one_that_shares_its_bytes() -> None:
    """No kernel gets here: the live ranges already forbid it. The run does not rely on that."""
    allocs = kernel(
        alloc("a", U, 0) + alloc("b", U, 2016) + alloc("c", U, 4096), {"x": G}, {"y": G}
    )
    scopes = Scopes(TARGET, planned=True)
    a, b, c = (scopes.allocate(op) for op in allocs.walk() if isinstance(op, AllocOp))
    a.claim(0, poison=True)
    c.claim(0, poison=True)
    a.check_initialised(0)
    b.claim(0, poison=True)
    c.check_initialised(0)
    with pytest.raises(Fault) as caught:
        a.check_initialised(0)
    assert caught.value.code is TrapCode.OVERLAP
