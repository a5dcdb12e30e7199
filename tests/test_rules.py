"""Every rule of docs/rules.md in both directions: a kernel that just breaks it, and one that just
keeps it. Rules that a single kernel text shows are in the tables of test_npu_model_static_rules
and test_npu_model_runtime_rules; what cannot go wrong is in test_by_construction; here are order,
other targets and the verifiers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import test_by_construction as construction
import test_npu_model_runtime_rules as runtime
import test_npu_model_static_rules as static
from mixed_kernels import handed_over
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
    set_flag,
    store,
    ub,
    unary,
    view,
    wait_flag,
)  # fmt: skip
from row_kernels import ALLOC, BARRIER, EXP, LOAD, LOADED, STORE, STORED, G, U, vector
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu import KernelOp, Scope
from hawk_xdsl.npu_target import (
    Target,
    Trap,
    TrapCode,
    simulate,
    verify_kernel,
)

RULES_PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")

COPIED = ALLOC + LOAD + flag("mte2", "mte3") + STORE
INDICES = "".join(f"%c{n} = arith.constant {n} : index\n" for n in (0, 21, 24))


@dataclass(frozen=True)
class Rule:
    """Kernels run as on the hardware; a rule of another target names it."""

    name: str
    code: TrapCode
    broken: Callable[[], KernelOp]
    kept: Callable[[], KernelOp]
    target: Target = TARGET


def fill() -> str:
    return f"%z = arith.constant 0.0 : f32\nnpu.vbrc ins(%z : f32) outs(%a : {U})\n"


def scalar_beside_a_copy(column: int) -> KernelOp:
    """A copy of 20 columns of each row overwrites 24, which the scalar unit may be reading."""
    part = memref_type((8, 20), "f32", "ub", "strided<[64, 1], offset: ?>")
    source = memref_type((8, 20), "f32", "global", "strided<[64, 1], offset: ?>")
    return vector(
        INDICES + ALLOC + LOAD + "npu.barrier <all>\n" + view("a", "d", U, "0, 0", "8, 20", part)
        + view("x", "s", G, "0, 0", "8, 20", source)
        + f"%v = npu.read %a[%c0, %c{column}] : {U} -> f32\n" + load("s", "d", source, part)
        + "npu.barrier <all>\n" + LOAD + "npu.barrier <all>\n" + STORE
    )  # fmt: skip


def copied_rows(count: int) -> KernelOp:
    tile, wide = ub(count, 64), gm(count, 64)
    return kernel(
        alloc("a", tile, 0) + load("x", "a", wide, tile) + flag("mte2", "mte3")
        + store("a", "y", tile, wide),
        {"x": wide}, {"y": wide},
    )  # fmt: skip


def copied_columns(count: int) -> KernelOp:
    """A copy within ub of the first columns, into a tile that is stored whole."""
    part = memref_type((8, count), "f32", "ub", "strided<[64, 1], offset: ?>")
    return vector(
        ALLOC + alloc("b", U, 4096) + LOAD + load("x", "b", G, U) + flag("mte2", "vector")
        + view("a", "s", U, "0, 0", f"8, {count}", part)
        + view("b", "d", U, "0, 0", f"8, {count}", part)
        + f"npu.copy %s into %d : {part} into {part}\n" + flag("vector", "mte3")
        + store("b", "y", U, G)
    )  # fmt: skip


def stored_columns(count: int) -> KernelOp:
    part = memref_type((8, count), "f32", "ub", "strided<[64, 1], offset: ?>")
    to = memref_type((8, count), "f32", "global", "strided<[64, 1], offset: ?>")
    return vector(
        ALLOC + LOAD + flag("mte2", "mte3") + view("a", "s", U, "0, 0", f"8, {count}", part)
        + view("y", "d", G, "0, 0", f"8, {count}", to) + store("s", "d", part, to)
    )  # fmt: skip


def below_a_product(rows: int) -> KernelOp:
    """A product of 32 rows, then one of the first rows only; all 32 are moved out."""
    a, c, y = l1(32, 16), l0c(32, 16), gm(32, 16)
    part_a = memref_type((rows, 16), "f32", "l1", "strided<[16, 1], offset: ?>")
    part_c = memref_type((rows, 16), "f32", "l0c", "strided<[16, 1], offset: ?>")
    return kernel(
        alloc("a", a, 0) + alloc("w", l1(16, 16), 4096) + alloc("c", c, 0)
        + load("x", "a", gm(32, 16), a) + load("z", "w", gm(16, 16), l1(16, 16))
        + "npu.barrier <all>\n%t = arith.constant true\n"
        + f"npu.mmad ins(%a, %w : {a}, {l1(16, 16)}) outs(%c : {c}) init %t : i1\n"
        + "npu.barrier <all>\n" + view("a", "s", a, "0, 0", f"{rows}, 16", part_a)
        + view("c", "d", c, "0, 0", f"{rows}, 16", part_c)
        + f"npu.mmad ins(%s, %w : {part_a}, {l1(16, 16)}) outs(%d : {part_c}) init %t : i1\n"
        + f"npu.barrier <all>\nnpu.fixpipe %c into %y : {c} into {y}",
        {"x": gm(32, 16), "z": gm(16, 16)}, {"y": y}, core="cube",
    )  # fmt: skip


def to_l1() -> KernelOp:
    a, c = l1(16, 16), l0c(16, 16)
    return kernel(
        alloc("a", a, 0) + alloc("c", c, 0) + load("x", "a", gm(16, 16), a) + "npu.barrier <all>\n"
        + f"%t = arith.constant true\nnpu.mmad ins(%a, %a : {a}, {a}) outs(%c : {c}) init %t : i1\n"
        + f"npu.barrier <all>\nnpu.fixpipe %c into %a : {c} into {a}\n"
        + f"npu.fixpipe %c into %y : {c} into {gm(16, 16)}",
        {"x": gm(16, 16)}, {"y": gm(16, 16)}, core="cube",
    )  # fmt: skip


def matrix_at(address: int) -> KernelOp:
    a, c = l1(16, 16), l0c(16, 16)
    return kernel(
        alloc("a", a, address) + alloc("c", c, 0) + load("x", "a", gm(16, 16), a)
        + f"npu.barrier <all>\n%t = arith.constant true\n"
        f"npu.mmad ins(%a, %a : {a}, {a}) outs(%c : {c}) init %t : i1\nnpu.barrier <all>\n"
        + f"npu.fixpipe %c into %y : {c} into {gm(16, 16)}",
        {"x": gm(16, 16)}, {"y": gm(16, 16)}, core="cube",
    )  # fmt: skip


NO_L0C_TO_L1 = replace(
    TARGET, paths={e: p for e, p in TARGET.paths.items() if e != (Scope.L0C, Scope.L1)}
)
FOUR_EVENTS = replace(TARGET, sync=replace(TARGET.sync, events=4))
LOADS = TARGET.paths[Scope.GLOBAL, Scope.UB]
SHORT_BURSTS = replace(
    TARGET, paths={**TARGET.paths, (Scope.GLOBAL, Scope.UB): replace(LOADS, max_burst_bytes=2048)}
)
BACK, AGAIN = flag("vector", "mte2", 1), flag("mte2", "vector")

NO_CROSS = replace(TARGET, cross=None)
SIGNAL, AWAIT = "signal 0 after store\n", "await 0 before load\n"

RULES = [
    Rule("read after write", TrapCode.RACE,
         lambda: vector(ALLOC + LOAD + EXP + STORED), lambda: vector(LOADED + EXP + STORED)),
    Rule("write after read", TrapCode.RACE,
         lambda: vector(COPIED + AGAIN + EXP),
         lambda: vector(COPIED + flag("mte3", "vector") + EXP)),
    Rule("write after write", TrapCode.RACE,
         lambda: vector(ALLOC + LOAD + fill() + STORED),
         lambda: vector(LOADED + fill() + STORED)),
    Rule("dependence within a pipe", TrapCode.RACE,
         lambda: vector(LOADED + EXP + EXP + STORED),
         lambda: vector(LOADED + EXP + BARRIER + EXP + STORED)),
    Rule("tail of a copy beside another pipe", TrapCode.RACE,
         lambda: scalar_beside_a_copy(21), lambda: scalar_beside_a_copy(24)),
    Rule("wait that never comes", TrapCode.DEADLOCK,
         lambda: vector(COPIED + wait_flag("mte2", "vector")),
         lambda: vector(COPIED + flag("mte2", "vector"))),
    Rule("pipes that wait for each other", TrapCode.DEADLOCK,
         lambda: vector(COPIED + wait_flag("mte2", "vector") + set_flag("vector", "mte2", 1)
                        + wait_flag("vector", "mte2", 1) + set_flag("mte2", "vector")),
         lambda: vector(COPIED + wait_flag("mte2", "vector") + set_flag("vector", "mte2", 1)
                        + set_flag("mte2", "vector") + wait_flag("vector", "mte2", 1))),
    Rule("flag set twice", TrapCode.EVENT_MISUSE,
         lambda: vector(COPIED + flag("mte2", "vector") + AGAIN),
         lambda: vector(COPIED + flag("mte2", "vector") + BACK + AGAIN)),
    Rule("flag left set", TrapCode.EVENT_MISUSE,
         lambda: vector(COPIED + set_flag("mte2", "vector")),
         lambda: vector(COPIED + flag("mte2", "vector"))),
    Rule("event id that the target lacks", TrapCode.EVENT_MISUSE,
         lambda: vector(COPIED + flag("mte2", "vector", 4)),
         lambda: vector(COPIED + flag("mte2", "vector", 3)), FOUR_EVENTS),
    Rule("hand-over between cores", TrapCode.RACE,
         lambda: handed_over(await_0_before_load="await 0 before store\n"), handed_over),
    Rule("flag that the other cores never set", TrapCode.DEADLOCK,
         lambda: handed_over(await_0_before_load=2 * AWAIT),
         lambda: handed_over(await_0_before_load=2 * AWAIT, signal_0_after_store=2 * SIGNAL)),
    Rule("flag between cores left set", TrapCode.EVENT_MISUSE,
         lambda: handed_over(signal_0_after_store=2 * SIGNAL), handed_over),
    Rule("counter of a flag between cores", TrapCode.EVENT_MISUSE,
         lambda: handed_over(signal_0_after_store=17 * SIGNAL, await_0_before_load=17 * AWAIT),
         lambda: handed_over(signal_0_after_store=16 * SIGNAL, await_0_before_load=16 * AWAIT)),
    Rule("flag between cores that the target lacks", TrapCode.EVENT_MISUSE,
         lambda: handed_over(signal_0_after_store="signal 11 after store\n",
                             await_0_before_load="await 11 before load\n"),
         lambda: handed_over(signal_0_after_store="signal 10 after store\n",
                             await_0_before_load="await 10 before load\n")),
    Rule("mixed kernel on cores without flags between them", TrapCode.WRONG_CORE,
         handed_over, lambda: vector(COPIED), NO_CROSS),
    Rule("data path that the target lacks", TrapCode.ILLEGAL_PATH,
         to_l1, lambda: matrix_at(0), NO_L0C_TO_L1),
    Rule("length of a burst", TrapCode.FIELD_RANGE,
         lambda: copied_rows(9), lambda: copied_rows(8), SHORT_BURSTS),
    Rule("address in l1", TrapCode.MISALIGNED, lambda: matrix_at(16), lambda: matrix_at(32)),
    Rule("tail of a copy within ub", TrapCode.UNINITIALISED_READ,
         lambda: copied_columns(20), lambda: copied_columns(24)),
    Rule("rows below a product", TrapCode.UNINITIALISED_READ,
         lambda: below_a_product(15), lambda: below_a_product(16)),
    Rule("bytes behind a store", TrapCode.UNWRITTEN_OUTPUT,
         lambda: stored_columns(63), lambda: stored_columns(64)),
    Rule("buffer without an address", TrapCode.UNPLANNED,
         lambda: vector(COPIED.replace("at 0 ", "")), lambda: vector(COPIED)),
    Rule("op of another dialect", TrapCode.UNSUPPORTED,
         lambda: vector(INDICES + COPIED + f"%v = memref.load %x[%c0, %c0] : {G}"),
         lambda: vector(INDICES + COPIED + f"%v = npu.read %x[%c0, %c0] : {G} -> f32")),
]  # fmt: skip


def outcome(found: KernelOp, target: Target) -> TrapCode | None:
    inputs = [randoms(*argument.type.get_shape()) for argument in found.inputs]  # pyright: ignore[reportAttributeAccessIssue]
    try:
        simulate(found, inputs, target)
    except Trap as trap:
        return trap.code
    return None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_kernel_that_just_breaks_the_rule_traps(rule: Rule) -> None:
    assert outcome(rule.broken(), rule.target) is rule.code


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_kernel_that_just_keeps_the_rule_passes(rule: Rule) -> None:
    assert outcome(rule.kept(), rule.target) is None


@dataclass(frozen=True)
class Verified:
    """A rule of a verifier: the broken kernel cannot even be written."""

    name: str
    message: str
    broken: Callable[[], KernelOp]
    kept: Callable[[], KernelOp]


def narrow_rows(stride: int) -> KernelOp:
    return vector(alloc("a", memref_type((8, 60), "f32", "ub", f"strided<[{stride}, 1]>"), 0))


VERIFIED = [
    Verified("operand in the wrong scope", "operand must be in ub, but is in l1",
             lambda: vector(alloc("b", l1(8, 64)) + unary("vexp", "b", "b", l1(8, 64))),
             lambda: vector(alloc("b", U) + unary("vexp", "b", "b", U))),
    Verified("rows of whole blocks", "not a multiple of 32 bytes",
             lambda: narrow_rows(60), lambda: narrow_rows(64)),
    Verified("event id", "event 8 is not in 0..7",
             lambda: vector(flag("mte2", "vector", 8)), lambda: vector(flag("mte2", "vector", 7))),
    Verified("flag within a pipe", "use npu.barrier",
             lambda: vector(flag("vector", "vector")), lambda: vector(BARRIER)),
    Verified("barrier of the scalar pipe", "the scalar pipe has no barrier",
             lambda: vector("npu.barrier <scalar>"), lambda: vector("npu.barrier <all>")),
    Verified("flag to no other core", "only the parts of a mixed kernel have other cores",
             lambda: vector("npu.cross_set <store> flag 0"), handed_over),
    Verified("dtypes of a move", "dtypes differ",
             lambda: vector(alloc("b", ub(8, 64, dtype="f16"))
                            + load("x", "b", G, ub(8, 64, dtype="f16"))),
             lambda: vector(ALLOC + LOAD)),
]  # fmt: skip


@pytest.mark.parametrize("rule", VERIFIED, ids=lambda rule: rule.name)
def test_the_verifier_finds_what_needs_no_target(rule: Verified) -> None:
    with pytest.raises(VerifyException, match=re.escape(rule.message)):
        rule.broken()
    verify_kernel(rule.kept(), TARGET)


# The page and the tests cannot drift apart.

TABLES = (*static.RULES, *runtime.RULES, *RULES)
ROW = re.compile(r"^\| `(?P<code>[a-z-]+)` \|.*\| (?P<tests>[^|]*) \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Code → names of the rules that the page gives for it."""
    page: dict[str, set[str]] = {}
    for row in ROW.finditer(RULES_PAGE):
        page.setdefault(row["code"], set()).update(
            name.strip() for name in row["tests"].split(";") if name.strip()
        )
    return page


def test_every_trap_code_is_documented_and_tested_in_both_directions() -> None:
    assert {rule.code for rule in TABLES} == set(TrapCode)
    assert set(documented()) - {"verifier"} == {str(code) for code in TrapCode}


def test_the_page_names_the_tests_of_each_code() -> None:
    tested: dict[str, set[str]] = {"verifier": {rule.name for rule in VERIFIED}}
    for rule in TABLES:
        tested.setdefault(str(rule.code), set()).add(rule.name)
    assert documented() == tested


def test_what_is_impossible_by_construction_names_its_test() -> None:
    section = RULES_PAGE.partition("## Impossible by construction")[2]
    tested = {name for name in vars(construction) if name.startswith("test_")}
    assert set(re.findall(r"`(test_\w+)`", section)) == tested
    assert len(tested) >= 8
