"""Mixed kernels: cube and vector cores run at once, meet in global memory, and wait for flags."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from kernel_files import read_module
from kernel_text_corpus import ATTENTION, max_blocks
from mixed_kernels import (
    COLUMNS,
    ROWS,
    TARGET,
    WIDTH,
    attention,
    built,
    finished,
    inputs,
    run,
    with_hand_over,
)
from undecided import undecided
from xdsl.dialects.builtin import IntegerAttr, i64

from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import AllocOp, CrossSetOp, CrossWaitOp, KernelOp
from hawk_xdsl.gate.certificate import Certificate, Prover
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Trap, TrapCode, load_target, simulate, time_kernel, verify_kernel
from hawk_xdsl.npu_target.l2.cache import traffic_of
from hawk_xdsl.semantics.specification import specify


def trap_of(kernel: KernelOp) -> Trap:
    """What a planned and synchronised kernel is refused for."""
    with pytest.raises(Trap) as caught:
        run(kernel)
    return caught.value


def test_both_bodies_run_and_agree_with_the_formula() -> None:
    [out, *_] = run(finished()).outputs
    np.testing.assert_allclose(out, attention(*inputs()), atol=1e-5)


def test_before_planning_flags_between_cores_hold_too() -> None:
    [out, *_] = simulate(built(), inputs(), TARGET, mode="program-order").outputs
    np.testing.assert_allclose(out, attention(*inputs()), atol=1e-5)


def test_each_body_is_planned_in_the_memory_of_its_own_cores() -> None:
    kernel = finished()
    addresses = {
        part.core: [op.address for op in part.block.walk() if isinstance(op, AllocOp)]
        for part in kernel.parts
    }
    assert set(addresses) == {"cube", "vector"}
    assert all(address is not None for found in addresses.values() for address in found)


def test_a_hand_over_costs_its_cycles() -> None:
    """S, P and their product go to the other cores one after the other, at the least."""
    kernel = finished()
    fast, slow = (run(kernel, with_hand_over(cycles)).cycles for cycles in (0, 10_000))
    assert slow >= fast + 3 * 10_000


def test_a_launch_of_both_kinds_of_cores_costs_more() -> None:
    mixed = TARGET.launch.mixed
    assert mixed is not None
    assert run(finished()).cycles > mixed > 0


def test_without_values_it_takes_the_same_time() -> None:
    kernel = finished()
    timed = time_kernel(kernel, TARGET)
    assert timed is not None
    assert timed.cycles == pytest.approx(run(kernel).cycles)


def test_what_both_bodies_move_goes_through_l2() -> None:
    """Of two blocks that load keys and values, the second finds what the first has brought."""
    traffic = traffic_of(finished(), TARGET)
    assert traffic is not None
    assert traffic.misses == pytest.approx(4 * WIDTH * (ROWS + 2 * COLUMNS))
    assert traffic.hits > 4 * WIDTH * 2 * COLUMNS


@pytest.mark.parametrize("kind", [CrossSetOp, CrossWaitOp])
def test_no_flag_between_cores_can_be_left_out(kind: type[CrossSetOp | CrossWaitOp]) -> None:
    whole = finished()
    count = sum(isinstance(op, kind) for op in whole.walk())
    assert count > 10
    for number in range(count):
        kernel = whole.clone()
        op = [each for each in kernel.walk() if isinstance(each, kind)][number]
        op.detach()
        codes = {
            TrapCode.RACE,
            TrapCode.DEADLOCK,
            TrapCode.EVENT_MISUSE,
            TrapCode.UNINITIALISED_READ,
        }
        assert trap_of(kernel).code in codes


@pytest.mark.parametrize("kind", [CrossSetOp, CrossWaitOp])
def test_no_flag_between_cores_can_have_another_id(kind: type[CrossSetOp | CrossWaitOp]) -> None:
    whole = finished()
    for number in range(sum(isinstance(op, kind) for op in whole.walk())):
        kernel = whole.clone()
        op = [each for each in kernel.walk() if isinstance(each, kind)][number]
        op.properties["flag"] = IntegerAttr(7, i64)
        assert trap_of(kernel).code in {TrapCode.DEADLOCK, TrapCode.EVENT_MISUSE}


@pytest.mark.parametrize("tensor", ["s", "p", "pv"])
def test_a_ring_of_one_slot_too_few_is_a_race(tensor: str) -> None:
    """Flags count two slots; all tiles go through the first."""

    def one_slot(text: str) -> str:
        return re.sub(rf"(\b{tensor}\[[^,]*), [^,]*,", r"\1, 0,", text)

    trap = trap_of(finished(one_slot))
    assert trap.code is TrapCode.RACE
    assert "npu.cross_set" in str(trap)


def test_a_counter_that_may_overflow_is_misuse() -> None:
    """A signal in a loop of 17 before the other cores take one."""
    text = "for i in 0..17 step 1 {\nsignal 6 after load\n}\n"
    taken = "for i in 0..17 step 1 {\nawait 6 before load\n}\n"

    def signalled(before: str) -> str:
        cube, vector = before.split("on vector {\n")
        cube = cube.replace("q = load", text + "q = load")
        return cube + "on vector {\n" + vector.replace("acc = fill", taken + "acc = fill")

    assert trap_of(finished(signalled)).code is TrapCode.EVENT_MISUSE
    run(finished(lambda before: signalled(before).replace("0..17", "0..16")))


def test_a_target_without_flags_between_cores_runs_no_mixed_kernel() -> None:
    with pytest.raises(Trap) as caught:
        verify_kernel(built(), load_target("scratchpad"))
    assert caught.value.code is TrapCode.WRONG_CORE


ATTENTION_OP = undecided(read_module("ops/attention"))


def proof(change: Callable[[str], str] = lambda text: text) -> Certificate:
    """What is proved of attention's kernel with a changed text."""
    specification = specify(ATTENTION_OP)
    program = build(change(ATTENTION.text), ATTENTION.signature, max_blocks)
    return Prover(specification, (), lambda draw: {}).prove(program, [finished(change)])


def test_a_rescaled_running_sum_of_products_is_proved() -> None:
    assert proof().trust is Trust.PROVED


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("acc = vmul acc, al\n", ""),
        ("acc = vmul acc, al\n", "acc = vmul acc, tl\n"),
        ("acc = vmul acc, al\n", "acc = vmul acc, al\nacc = vmul acc, al\n"),
        ("al = vsub mx, nm\n", "al = vsub mx, tm\n"),
        ("l = vmul l, al\n", ""),
        ("nm = vmax mx, tm\n", "nm = vmax tm, tm\n"),
    ],
    ids=["none", "a sum", "twice", "the tile's maximum", "not of the sum", "a running one lost"],
)
def test_a_wrong_rescaling_factor_is_not_proved(right: str, wrong: str) -> None:
    assert right in ATTENTION.text
    found = proof(lambda text: text.replace(right, wrong))
    assert found.trust is Trust.TRIED and found.differs
