"""What ``simulate`` takes and gives, and what its traps say."""

import numpy as np
import pytest
from npu_model_kernels import (
    TARGET,
    alloc,
    flag,
    gm,
    kernel,
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

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import TrapCode, simulate

U, G = ub(8, 64), gm(8, 64)
LOADED = alloc("a", U) + load("x", "a", G, U)


def program(body: str) -> KernelOp:
    return kernel(body, {"x": G}, {"y": G})


def test_inputs_that_do_not_fit_are_an_error() -> None:
    found = program(LOADED + store("a", "y", U, G))
    for inputs in ([], [randoms(8, 65)], [randoms(8, 64).astype(np.float16)]):
        with pytest.raises(HawkError, match="@k"):
            simulate(found, inputs, TARGET, mode="program-order")


def test_inputs_stay_as_they_are() -> None:
    x = randoms(8, 64)
    before = x.copy()
    run(
        program(LOADED + unary("vexp", "a", "a", U) + store("a", "y", U, G)),
        x,
        mode="program-order",
    )
    np.testing.assert_array_equal(x, before)


def test_a_trap_tells_block_and_iteration() -> None:
    part = memref_type((4, 64), "f32", "global", "strided<[64, 1], offset: ?>")
    found = program(
        "".join(f"%c{n} = arith.constant {n} : index\n" for n in (0, 1, 8))
        + LOADED + "scf.for %t = %c0 to %c8 step %c1 {\n"
        + view("x", "s", G, "%t, 0", "4, 64", part) + "}\n" + store("a", "y", U, G)
    )  # fmt: skip
    trap = trap_of(found, randoms(8, 64), mode="program-order")
    assert trap is not None and trap.place == "block 0, %t = 5"
    assert "memref.subview %x, %t" in str(trap) and trap.facts["extent"] == 8


def test_arrays_without_dimensions() -> None:
    point = "memref<f32, #npu.scope<ub>>"
    found = kernel(
        alloc("a", point, 0) + load("x", "a", gm(), point) + flag("mte2", "mte3")
        + store("a", "y", point, gm()),
        {"x": gm()}, {"y": gm()},
    )  # fmt: skip
    assert run(found, np.array(3.5, np.float32)).outputs[0] == 3.5


def test_an_op_that_kernels_do_not_have() -> None:
    found = kernel(f"%v = memref.alloc() : {gm(8)}", {"x": G}, {"y": G})
    trap = trap_of(found, randoms(8, 64))
    assert trap is not None and trap.code is TrapCode.UNSUPPORTED


def test_planned_mode_needs_addresses() -> None:
    trap = trap_of(program(LOADED + store("a", "y", U, G)), randoms(8, 64))
    assert trap is not None and trap.code is TrapCode.UNPLANNED
