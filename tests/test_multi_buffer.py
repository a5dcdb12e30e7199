"""npu-multi-buffer: the same values in fewer cycles, and only where buffers are free to turn."""

from dataclasses import replace

import numpy as np
import pytest
from happens_before import mistakes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import MemRefType, ModuleOp

from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.npu import AllocOp, KernelOp, Scope
from hawk_xdsl.npu_target import Simulation, Target, load_target, simulate
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_multi_buffer import NpuMultiBufferPass, multi_buffer_kernel
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel
from hawk_xdsl.transforms.pass_error import PassError
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")
COLUMNS = 64

ROWS = """
across i in 0..{rows} step 1 {{
a = load x[i:1, 0:64] into ub
m = vreduce max a axis 1
a = vsub a, m
a = vexp a
store a into y[i:1, 0:64]
}}
"""

STREAMED = """
across i in 0..{rows} step 1 {{
s = fill 0.0 f32[1, 1] in ub
for k in 0..64 step {step} {{
a = load x[i:1, k:{step}] into ub
t = vreduce sum a axis 1
s = vadd s, t
}}
b = load x[i:1, 0:64] into ub
b = vmul b, s
store b into y[i:1, 0:64]
}}
"""

MATMUL = """
on cube {
across m in 0..128 step 16, n in 0..64 step 16 {
acc = fill 0.0 f32[16, 16] in l0c
for k in 0..64 step 16 {
a = load x[m:16, k:16] into l1
b = load x[n:16, k:16] into l1
acc = mmad a, b.T, acc
}
store acc into y[m:16, n:16]
}
}
"""


def built(text: str, rows: int, blocks: int) -> KernelOp:
    operand, result = (GlobalOperand(name, "f32", (rows, COLUMNS)) for name in "xy")
    signature = Signature("k", (operand,), (result,), TARGET.name)
    [stage] = build(text, signature, lambda core: blocks).kernels
    return stage.op


def finished(kernel: KernelOp, buffers: int) -> KernelOp:
    copy = kernel.clone()
    if buffers > 1:
        multi_buffer_kernel(copy, TARGET, buffers)
    plan_kernel(copy, TARGET)
    sync_kernel(copy, TARGET)
    copy.verify()
    return copy


def run(kernel: KernelOp) -> Simulation:
    type_ = kernel.inputs[0].type
    assert isinstance(type_, MemRefType)
    shape = type_.get_shape()
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return simulate(kernel, [values], TARGET)


def taking_turns(kernel: KernelOp) -> int:
    return sum(isinstance(op, AllocOp) and op.buffers is not None for op in kernel.walk())


@pytest.mark.parametrize("buffers", [2, 3])
@pytest.mark.parametrize("rows", [1, 2, 3, 6, 7])
def test_any_number_of_iterations_gives_the_same_values(rows: int, buffers: int) -> None:
    kernel = built(ROWS.format(rows=rows), rows, blocks=1)
    single, multi = run(finished(kernel, 1)), run(finished(kernel, buffers))
    assert single.outputs[0].tobytes() == multi.outputs[0].tobytes()
    assert taking_turns(finished(kernel, buffers)) == (buffers if rows > 1 else 0)
    if rows > 2:
        assert multi.cycles < 0.85 * single.cycles


@pytest.mark.parametrize("step", [8, 16, 24], ids=["even", "four", "ragged"])
def test_an_inner_loop_turns_too_and_what_is_carried_stays_single(step: int) -> None:
    kernel = built(STREAMED.format(rows=5, step=step), 5, blocks=2)
    multi = finished(kernel, 2)
    single = run(finished(kernel, 1))
    assert run(multi).outputs[0].tobytes() == single.outputs[0].tobytes()
    assert run(multi).cycles < single.cycles
    hints = {op.buffer.name_hint or "" for op in multi.walk() if isinstance(op, AllocOp)}
    turning = {
        op.buffer.name_hint or ""
        for op in multi.walk()
        if isinstance(op, AllocOp) and op.buffers is not None
    }
    assert {name.split("_")[0] for name in turning} == {"a", "b"}
    assert {"s", "t"} <= {name.split("_")[0] for name in hints - turning}


def test_a_matmul_turns_its_factors_and_its_accumulator() -> None:
    kernel = built(MATMUL, 128, blocks=4)
    single, multi = run(finished(kernel, 1)), run(finished(kernel, 2))
    assert single.outputs[0].tobytes() == multi.outputs[0].tobytes()
    assert multi.cycles < 0.95 * single.cycles


def with_ub(size: int) -> Target:
    scopes = dict(TARGET.scopes)
    scopes[Scope.UB] = replace(scopes[Scope.UB], bytes=size)
    return replace(TARGET, scopes=scopes)


def test_what_does_not_fit_twice_stays_as_it_is() -> None:
    text = """
        across i in 0..400 step 100 {
        a = load x[i:100, 0:64] into ub
        b = vexp a
        store b into y[i:100, 0:64]
        }"""
    tile = 100 * COLUMNS * 4
    kernel = built(text, 400, blocks=1)
    before = str(kernel)
    multi_buffer_kernel(kernel, with_ub(3 * tile - 32))
    assert str(kernel) == before
    multi_buffer_kernel(kernel, with_ub(3 * tile))
    names = [op.buffer.name_hint for op in kernel.walk() if isinstance(op, AllocOp) and op.buffers]
    assert names == ["a", "a"], "what is loaded comes first"


def test_a_second_run_changes_nothing() -> None:
    kernel = built(MATMUL, 128, blocks=4)
    finish_kernel(kernel, TARGET)
    once = str(kernel)
    finish_kernel(kernel, TARGET)
    assert str(kernel) == once


def test_one_buffer_cannot_take_turns() -> None:
    module = ModuleOp([built(MATMUL, 128, blocks=4)])
    with pytest.raises(PassError, match="at least 2"):
        NpuMultiBufferPass(buffers=1).apply(context(), module)


STATEMENTS = (
    "a = vadd a, b",
    "b = vmul a, b",
    "c = vexp b",
    "c = vsub c, a",
    "r = vreduce max a axis 1",
    "c = vadd c, r",
    "store c into y[i:2, 0:64]",
    "b = load x[i:2, 0:64] into ub",
    "p = vadd p, a",
)
REDUCTION = ("d = load x[i:2, k:16] into ub", "t = vreduce sum d axis 1")
INNER = (
    "r = vadd r, t",
    "p = vmul p, r",
    "e = vexp d",
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A kernel body: carried and fresh buffers, an inner loop, several stores."""
    lines = [
        "p = fill 1.0 f32[2, 64] in ub",
        "across i in 0..22 step 2 {",
        "a = load x[i:2, 0:64] into ub",
        "b = load x[i:2, 0:64] into ub",
        "c = vadd a, b",
        "r = vreduce sum b axis 1",
        *draw(st.lists(st.sampled_from(STATEMENTS), max_size=5)),
    ]
    if draw(st.booleans()):
        stop = draw(st.sampled_from([16, 32, 48, 64]))
        inner = draw(st.lists(st.sampled_from(INNER), max_size=4))
        lines += [f"for k in 0..{stop} step 16 {{", *REDUCTION, *inner, "}"]
    lines += draw(st.lists(st.sampled_from(STATEMENTS), max_size=4))
    return "\n".join([*lines, "c = vadd c, p", "store c into y[i:2, 0:64]", "}"])


@pytest.mark.corpus
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(texts(), st.sampled_from([2, 3]))
def test_random_kernels_are_ordered_on_every_path(text: str, buffers: int) -> None:
    kernel = finished(built(text, 22, 2), buffers)
    for seed in range(2):
        assert mistakes(kernel, seed) == []


@pytest.mark.corpus
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(texts(), st.sampled_from([1, 3]), st.sampled_from([2, 3]))
def test_random_kernels_give_equal_values(text: str, blocks: int, buffers: int) -> None:
    kernel = built(text, 22, blocks)
    single, multi = run(finished(kernel, 1)), run(finished(kernel, buffers))
    assert single.outputs[0].tobytes() == multi.outputs[0].tobytes()
