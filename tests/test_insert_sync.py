"""npu-insert-sync: whatever the kernel, all that conflicts is ordered and every flag is taken."""

import numpy as np
import pytest
from happens_before import mistakes
from hypothesis import HealthCheck, given, settings
from random_kernels import (
    CUBE,
    GLOBAL,
    TILE,
    VECTOR,
    Branch,
    Loop,
    Machine,
    Statement,
    kernel_text,
    kernels,
    parse_kernel,
)

from hawk_xdsl.dialects.npu import BarrierOp, KernelOp, SetFlagOp, WaitFlagOp
from hawk_xdsl.npu_target import Simulation, Trap, TrapCode, load_target, simulate
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel
from hawk_xdsl.transforms.pass_error import PassError

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")
SYNC_OPS = (SetFlagOp, WaitFlagOp, BarrierOp)
slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def synced(text: str) -> KernelOp:
    kernel = parse_kernel(text)
    plan_kernel(kernel, TARGET)
    sync_kernel(kernel, TARGET)
    kernel.verify()
    return kernel


def run(kernel: KernelOp, machine: Machine) -> Simulation:
    shape = (8, 128) if machine is VECTOR else (16, 16)
    inputs = [np.full(shape, value, np.float32) for value in (1.0, 2.0)]
    return simulate(kernel, inputs, TARGET)


@settings(slow, max_examples=120)
@given(kernels())
def test_every_conflict_is_ordered_on_every_path(drawn: tuple[Machine, str]) -> None:
    kernel = synced(drawn[1])
    for seed in range(4):
        assert mistakes(kernel, seed) == []


@settings(slow, max_examples=40)
@given(kernels())
def test_a_second_run_changes_nothing(drawn: tuple[Machine, str]) -> None:
    kernel = synced(drawn[1])
    once = str(kernel)
    sync_kernel(kernel, TARGET)
    assert str(kernel) == once


@settings(slow, max_examples=40)
@given(kernels(runnable=True))
def test_the_npu_model_agrees(drawn: tuple[Machine, str]) -> None:
    machine, text = drawn
    run(synced(text), machine)


def test_the_checker_sees_a_missing_barrier_and_an_unbalanced_flag() -> None:
    kernel = synced(kernel_text(VECTOR, (*VECTOR.first, *LOOP)))
    for op in [op for op in kernel.walk() if isinstance(op, SYNC_OPS)]:
        broken = kernel.clone()
        _drop(broken, list(kernel.walk()).index(op))
        assert any(mistakes(broken, seed) for seed in range(8)), str(op)


ABS = f"npu.vabs ins(%t0 : {TILE}) outs(%t0 : {TILE})"
LOAD = f"npu.load %x into %t0 : {GLOBAL} into {TILE}"
STORE = f"npu.store %t0 into %z : {TILE} into {GLOBAL}"
LOOP: tuple[Statement, ...] = (Loop("%zero to %two step %one", (LOAD, ABS, ABS, STORE)),)
MATMUL: tuple[Statement, ...] = (
    Loop(
        "%zero to %two step %one",
        (
            Loop(
                "%zero to %two step %one",
                (
                    CUBE.instructions[0].format(g="%x", t="%a"),
                    CUBE.instructions[0].format(g="%y", t="%b"),
                    CUBE.instructions[2].format(t="%a", u="%b", c="%l0"),
                ),
            ),
            CUBE.instructions[3].format(c="%l0", o="%z"),
        ),
    ),
)


@pytest.mark.parametrize(
    ("machine", "program"),
    [(VECTOR, (LOAD, ABS, ABS, STORE)), (VECTOR, LOOP), (CUBE, (*CUBE.first, *MATMUL))],
    ids=["straight", "loop", "matmul"],
)
def test_nothing_that_is_inserted_is_superfluous(
    machine: Machine, program: tuple[Statement, ...]
) -> None:
    kernel = synced(kernel_text(machine, program))
    run(kernel, machine)
    for indices in _units(kernel):
        broken = kernel.clone()
        _drop(broken, *indices)
        with pytest.raises(Trap) as trap:
            run(broken, machine)
        assert trap.value.code in (TrapCode.RACE, TrapCode.EVENT_MISUSE, TrapCode.DEADLOCK)


def _units(kernel: KernelOp) -> list[list[int]]:
    """The positions of each barrier, and of all ends of each flag."""
    units: dict[str, list[int]] = {}
    for index, op in enumerate(kernel.walk()):
        if isinstance(op, BarrierOp):
            units[f"barrier {index}"] = [index]
        elif isinstance(op, SetFlagOp | WaitFlagOp):
            units.setdefault(f"{op.source} {op.target} {op.event}", []).append(index)
    return list(units.values())


def _drop(kernel: KernelOp, *indices: int) -> None:
    ops = list(kernel.walk())
    for index in indices:
        ops[index].detach()
        ops[index].erase()


def _many_tiles(count: int) -> Machine:
    tiles = {f"%t{i}": TILE for i in range(count)}
    return Machine("vector", tiles, (), (), VECTOR.arguments, GLOBAL, (), ())


@pytest.mark.parametrize("loop", [False, True], ids=["straight", "loop"])
@pytest.mark.parametrize("interleaved", [False, True], ids=["loads-first", "interleaved"])
def test_more_flags_than_event_ids(loop: bool, interleaved: bool) -> None:
    count = 20
    loads = tuple(f"npu.load %x into %t{i} : {GLOBAL} into {TILE}" for i in range(count))
    uses = tuple(f"npu.vabs ins(%t{i} : {TILE}) outs(%t{i} : {TILE})" for i in range(count))
    program: tuple[Statement, ...] = (*loads, *uses)
    if interleaved:
        program = tuple(op for pair in zip(loads, uses, strict=True) for op in pair)
    if loop:
        program = (Loop("%zero to %two step %one", program),)
    kernel = synced(kernel_text(_many_tiles(count), program))
    events = {op.event.value.data for op in kernel.walk() if isinstance(op, SetFlagOp)}
    assert events <= set(range(TARGET.sync.events)) and len(events) > 1
    for seed in range(4):
        assert mistakes(kernel, seed) == []


def test_branches_that_exclude_each_other_in_a_loop() -> None:
    program = (Loop("%zero to %two step %one", (Branch((LOAD,), (STORE,)),)),)
    kernel = synced(kernel_text(VECTOR, program))
    for seed in range(8):
        assert mistakes(kernel, seed) == []


def test_distinct_arguments_need_no_order() -> None:
    load = f"npu.load %x into %t0 : {GLOBAL} into {TILE}"
    store = f"npu.store %t1 into %z : {TILE} into {GLOBAL}"
    kernel = synced(kernel_text(VECTOR, (load, store)))
    assert not any(isinstance(op, SYNC_OPS) for op in kernel.walk())


def test_unplanned_kernels_are_refused() -> None:
    kernel = parse_kernel(kernel_text(VECTOR, LOOP))
    with pytest.raises(PassError, match="run npu-plan-memory before"):
        sync_kernel(kernel, TARGET)
