"""Order in the NPU simulator: races within a core and on global memory, flags, deadlocks."""

import numpy as np
import pytest
from npu_model_kernels import (
    alloc,
    flag,
    gm,
    kernel,
    load,
    memref_type,
    randoms,
    run,
    set_flag,
    store,
    trap_of,
    ub,
    unary,
    view,
    wait_flag,
)  # fmt: skip

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import TrapCode

U, G = ub(8, 64), gm(8, 64)
BYTES = 8 * 64 * 4
ALLOC = alloc("a", U, 0)
LOAD, STORE = load("x", "a", G, U), store("a", "y", U, G)
EXP, BARRIER = unary("vexp", "a", "a", U), "npu.barrier <vector>\n"
X = randoms(8, 64)


def planned(body: str, *, y: str = G) -> KernelOp:
    return kernel(body, {"x": G}, {"y": y})


def code_of(body: str) -> TrapCode | None:
    trap = trap_of(planned(body), X)
    return None if trap is None else trap.code


def test_a_synchronised_kernel_runs() -> None:
    body = ALLOC + LOAD + flag("mte2", "vector") + EXP + BARRIER + EXP + flag("vector", "mte3")
    found = run(planned(body + STORE), X)
    np.testing.assert_array_equal(found.outputs[0], np.exp(np.exp(X)))


@pytest.mark.parametrize("missing, hazard", [
    (flag("mte2", "vector"), ("mte2", "vector", "RAW")),
    (BARRIER, ("vector", "vector", "RAW")),
    (flag("vector", "mte3"), ("vector", "mte3", "RAW")),
])  # fmt: skip
def test_each_missing_edge_is_a_race(missing: str, hazard: tuple[str, str, str]) -> None:
    body = ALLOC + LOAD + flag("mte2", "vector") + EXP + BARRIER + EXP + flag("vector", "mte3")
    trap = trap_of(planned(body.replace(missing, "") + STORE), X)
    assert trap is not None and trap.code is TrapCode.RACE
    assert (trap.facts["first"], trap.facts["waiting"], trap.facts["hazard"]) == hazard


def test_a_barrier_of_all_pipes_orders_everything() -> None:
    everything = "npu.barrier <all>\n"
    body = ALLOC + LOAD + everything + EXP + everything + STORE
    np.testing.assert_array_equal(run(planned(body), X).outputs[0], np.exp(X))


def test_a_barrier_of_one_pipe_does_not_order_another() -> None:
    assert code_of(ALLOC + LOAD + "npu.barrier <mte2>\n" + EXP + STORE) is TrapCode.RACE


def test_a_flag_carries_what_its_setter_knew() -> None:
    """mte3 never hears from mte2 itself, only from vector, which had waited for mte2."""
    other = alloc("b", U, BYTES) + load("x", "b", G, U)
    body = ALLOC + other + LOAD + flag("mte2", "vector") + EXP + flag("vector", "mte3")
    stores = store("b", "z", U, G) + STORE
    assert trap_of(kernel(body + stores, {"x": G}, {"y": G, "z": G}), X) is None


def test_a_flag_carries_only_what_came_before_it() -> None:
    body = ALLOC + set_flag("mte2", "vector") + LOAD + wait_flag("mte2", "vector") + EXP
    assert code_of(body + flag("vector", "mte3") + STORE) is TrapCode.RACE


def test_write_after_read_across_iterations() -> None:
    """The next iteration's load must wait until this one's store has read the buffer."""
    part, to = memref_type((4, 64), "f32", "global", "strided<[64, 1], offset: ?>"), ub(4, 64)

    def found(back: bool) -> KernelOp:
        first, wait, again, last = (
            (set_flag("mte3", "mte2"), wait_flag("mte3", "mte2"), set_flag("mte3", "mte2"),
             wait_flag("mte3", "mte2")) if back else ("", "", "", "")
        )  # fmt: skip
        return planned(
            "%c0 = arith.constant 0 : index\n%c4 = arith.constant 4 : index\n"
            "%c8 = arith.constant 8 : index\n" + first + "scf.for %i = %c0 to %c8 step %c4 {\n"
            + alloc("a", to, 0) + view("x", "s", G, "%i, 0", "4, 64", part)
            + view("y", "d", G, "%i, 0", "4, 64", part)
            + wait + load("s", "a", part, to) + flag("mte2", "mte3") + store("a", "d", to, part)
            + again + "}\n" + last
        )  # fmt: skip

    trap = trap_of(found(back=False), X)
    assert trap is not None and trap.code is TrapCode.RACE and trap.facts["hazard"] == "WAR"
    assert trap_of(found(back=True), X) is None


def test_a_write_after_a_read_is_a_race() -> None:
    body = ALLOC + LOAD + flag("mte2", "mte3") + STORE + flag("mte2", "vector") + EXP
    trap = trap_of(planned(body), X)
    assert trap is not None and trap.code is TrapCode.RACE and trap.facts["hazard"] == "WAR"


def test_two_loads_of_different_bytes_need_no_barrier() -> None:
    body = ALLOC + alloc("b", U, BYTES) + LOAD + load("x", "b", G, U) + flag("mte2", "mte3")
    assert (
        trap_of(kernel(body + STORE + store("b", "z", U, G), {"x": G}, {"y": G, "z": G}), X) is None
    )


def test_two_loads_of_the_same_bytes_do() -> None:
    body = ALLOC + LOAD + "{}" + LOAD + flag("mte2", "mte3") + STORE
    assert code_of(body.format("")) is TrapCode.RACE
    assert code_of(body.format("npu.barrier <mte2>\n")) is None


def test_columns_of_one_buffer_that_do_not_meet_are_no_race() -> None:
    """The bounding ranges of the two halves overlap; their bytes do not."""
    half = memref_type((8, 32), "f32", "ub", "strided<[64, 1], offset: ?>")
    source = memref_type((8, 32), "f32", "global", "strided<[64, 1], offset: ?>")

    def found(second: int) -> KernelOp:
        return planned(
            ALLOC + LOAD + "npu.barrier <all>\n" + view("a", "l", U, "0, 0", "8, 32", half)
            + view("a", "r", U, f"0, {second}", "8, 32", half)
            + view("x", "s", G, "0, 0", "8, 32", source) + load("s", "l", source, half)
            + unary("vexp", "r", "r", half) + "npu.barrier <all>\n" + STORE
        )  # fmt: skip

    assert trap_of(found(32), X) is None
    trap = trap_of(found(24), X)
    assert trap is not None and trap.code is TrapCode.RACE


def test_the_temporary_of_a_reduction_is_an_access() -> None:
    row, column, x = ub(8, 128), ub(8, 1), gm(8, 128)

    def found(between: str) -> KernelOp:
        reduce_to = (
            f"npu.vreduce <max> ins(%a : {row}) outs(%{{}} : {column}) axes [1] temporary 8192\n"
        )
        return kernel(
            alloc("a", row, 0) + alloc("m", column, 4096) + alloc("n", column, 4352)
            + load("x", "a", x, row) + flag("mte2", "vector") + reduce_to.format("m") + between
            + reduce_to.format("n") + flag("vector", "mte3") + store("m", "y", column, gm(8))
            + store("n", "z", column, gm(8)),
            {"x": x}, {"y": gm(8), "z": gm(8)},
        )  # fmt: skip

    trap = trap_of(found(""), randoms(8, 128))
    assert trap is not None and trap.code is TrapCode.RACE
    assert trap_of(found(BARRIER), randoms(8, 128)) is None


def test_global_memory_within_a_core() -> None:
    """What is stored and loaded again needs a flag, as buffers do."""
    body = ALLOC + alloc("b", U, BYTES) + LOAD + flag("mte2", "mte3") + STORE + "{}"
    body += load("y", "b", G, U)
    assert code_of(body.format("")) is TrapCode.RACE
    assert code_of(body.format(flag("mte3", "mte2"))) is None


def test_an_output_read_back_and_written_again() -> None:
    body = ALLOC + alloc("b", U, BYTES) + LOAD + flag("mte2", "mte3") + STORE
    body += flag("mte3", "mte2") + load("y", "b", G, U) + "npu.barrier <mte3>\n{}" + STORE
    assert code_of(body.format("")) is TrapCode.RACE
    assert code_of(body.format(flag("mte2", "mte3"))) is None


@pytest.mark.parametrize("reads", [False, True])
def test_blocks_have_no_order(reads: bool) -> None:
    """Block 0 writes rows 0 to 3, block 1 rows 4 to 7 and, if asked, reads block 0's."""
    part = memref_type((4, 64), "f32", "global", "strided<[64, 1], offset: ?>")
    to = ub(4, 64)
    back = "scf.if %second {\n" + load("o", "b", part, to) + "}\n" if reads else ""
    found = kernel(
        "%i = npu.block_idx : index\n%c1 = arith.constant 1 : index\n"
        "%r = affine.apply affine_map<(d0) -> (d0 * 4)> (%i)\n"
        "%second = arith.cmpi eq, %i, %c1 : index\n" + alloc("a", to, 0) + alloc("b", to, BYTES)
        + view("x", "s", G, "%r, 0", "4, 64", part) + view("y", "d", G, "%r, 0", "4, 64", part)
        + view("y", "o", G, "0, 0", "4, 64", part) + load("s", "a", part, to)
        + flag("mte2", "mte3") + store("a", "d", to, part) + flag("mte3", "mte2") + back,
        {"x": G}, {"y": G}, blocks=2,
    )  # fmt: skip
    trap = trap_of(found, X)
    assert (trap is None) if not reads else (trap is not None and trap.code is TrapCode.CORE_RACE)


def test_a_pipe_runs_ahead_of_the_order_of_the_text() -> None:
    """The wait is issued before the set: vector sleeps, mte2 goes on and wakes it."""
    body = ALLOC + wait_flag("mte2", "vector") + EXP + LOAD + set_flag("mte2", "vector")
    found = run(planned(body + flag("vector", "mte3") + STORE), X)
    np.testing.assert_array_equal(found.outputs[0], np.exp(X))


def test_a_wait_without_a_set_is_a_deadlock_and_says_who_waits() -> None:
    trap = trap_of(planned(ALLOC + LOAD + wait_flag("mte2", "vector") + EXP), X)
    assert trap is not None and trap.code is TrapCode.DEADLOCK
    assert "vector waits for flag mte2 to vector event 0" in str(trap)


def test_two_pipes_that_wait_for_each_other() -> None:
    body = ALLOC + wait_flag("mte2", "vector") + set_flag("vector", "mte2", 1)
    trap = trap_of(planned(body + wait_flag("vector", "mte2", 1) + set_flag("mte2", "vector")), X)
    assert trap is not None and trap.code is TrapCode.DEADLOCK
    assert "vector waits for flag mte2 to vector event 0" in str(trap)
    assert "mte2 waits for flag vector to mte2 event 1" in str(trap)


def test_the_scalar_unit_cannot_pass_a_flag_that_nothing_sets() -> None:
    trap = trap_of(planned(ALLOC + wait_flag("mte2", "scalar") + set_flag("mte2", "scalar")), X)
    assert trap is not None and trap.code is TrapCode.DEADLOCK


def test_a_barrier_of_all_waits_for_a_held_pipe_for_ever() -> None:
    trap = trap_of(planned(ALLOC + wait_flag("mte2", "vector") + "npu.barrier <all>\n"), X)
    assert trap is not None and trap.code is TrapCode.DEADLOCK


@pytest.mark.parametrize("flags", [
    set_flag("mte2", "vector"),
    set_flag("mte2", "vector") * 2 + wait_flag("mte2", "vector"),
    flag("mte2", "vector") * 2,
    set_flag("mte2", "vector", 0) + wait_flag("mte2", "vector", 0) + set_flag("mte2", "vector", 1),
])  # fmt: skip
def test_flags_left_set_or_set_twice(flags: str) -> None:
    body = ALLOC + LOAD + flag("mte2", "mte3") + STORE
    assert code_of(body + flags) is TrapCode.EVENT_MISUSE


def test_an_event_is_free_again_when_the_setter_knows_of_the_wait() -> None:
    body = ALLOC + LOAD + flag("mte2", "mte3") + STORE
    assert code_of(body + flag("mte2", "vector") + flag("vector", "mte2") * 1
                   + flag("mte2", "vector")) is None  # fmt: skip


def test_a_scalar_read_waits_for_a_flag() -> None:
    text = "%c0 = arith.constant 0 : index\n" + ALLOC + LOAD + "{}"
    text += f"%v = npu.read %a[%c0, %c0] : {U} -> f32\n" + flag("mte2", "mte3") + STORE
    assert code_of(text.format("")) is TrapCode.RACE
    assert code_of(text.format(flag("mte2", "scalar"))) is None
