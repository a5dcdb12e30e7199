"""L2 and launches: what a kernel finds in the cache, in which order of tiles, cold and warm."""

from dataclasses import replace

import numpy as np
import pytest

from hawk_xdsl.codegen.cost import estimate
from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import load_target, time_kernel
from hawk_xdsl.npu_target.l2.boxes import reshaped
from hawk_xdsl.npu_target.l2.cache import L2Cache, traffic_of
from hawk_xdsl.npu_target.l2.recency import GONE, Recency
from hawk_xdsl.npu_target.target import L2Spec, Target
from hawk_xdsl.transforms.pipeline import finish_kernel

ASCEND = load_target("ascend910b1")
MEGA = 1 << 20
SMALL_L2 = replace(ASCEND, l2=L2Spec(((MEGA // 4, 2944.0), (4 * MEGA, 1600.0)), past=850.0))
"""A 48th of the real L2, so that a product of 1024 × 1024 × 2048 does not fit."""

ROW_MAJOR = """on cube {
across i0 in 0..2048 step 128, i1 in 0..2048 step 128 {
c = fill 0.0 f32[128, 128] in l0c
for i2 in 0..1024 step 256 {
a = load x[i0:128, i2:256] into l1
b = load w[i2:256, i1:128] into l1
c = mmad a, b, c
}
store c into y[i0:128, i1:128]
}
}
"""
GROUPED = ROW_MAJOR.replace(
    "i0 in 0..2048 step 128, i1 in 0..2048 step 128",
    "g in 0..2048 step 512, i1 in 0..2048 step 128, i0 in 0..512 step 128",
).replace("[i0:", "[g+i0:")
PRODUCT = (("x", "f16", (2048, 1024)), ("w", "f16", (1024, 2048)), ("y", "f32", (2048, 2048)))


def copied(count: int) -> str:
    body = "a = load x[i:8192] into ub\nstore a into y[i:8192]"
    return f"across i in 0..{count} step 8192 {{\n{body}\n}}\n"


def copy_of(count: int) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    return (("x", "f32", (count,)), ("y", "f32", (count,)))


def kernel(
    text: str, operands: tuple[tuple[str, str, tuple[int, ...]], ...], target: Target = ASCEND
) -> KernelOp:
    given = [GlobalOperand(*each) for each in operands]
    inputs = tuple(each for each in given if each.name != "y")
    outputs = tuple(each for each in given if each.name == "y")
    signature = Signature("k", inputs, outputs, target.name)
    [stage] = build(text, signature, target.cores.__getitem__).kernels
    finish_kernel(stage.op, target)
    return stage.op


def cache(target: Target) -> L2Cache:
    assert target.l2 is not None
    return L2Cache(target.l2, target.global_bandwidth)


def cycles(op: KernelOp, target: Target, l2: L2Cache | None = None) -> float:
    found = time_kernel(op, target, traffic=traffic_of(op, target, l2))
    assert found is not None
    return found.cycles


def hit_rate(op: KernelOp, target: Target) -> float:
    found = traffic_of(op, target)
    assert found is not None
    return found.hit_rate


def test_a_second_launch_finds_what_the_first_has_left() -> None:
    op, l2 = kernel(copied(MEGA), copy_of(MEGA)), cache(ASCEND)
    cold, warm = cycles(op, ASCEND, l2), cycles(op, ASCEND, l2)
    assert warm < 0.75 * cold
    again = traffic_of(op, ASCEND, l2)
    assert again is not None and again.hit_rate == 1.0 and again.memory_bytes == 0


def test_what_l2_has_no_room_for_comes_from_memory_every_time() -> None:
    op, l2 = kernel(copied(4 * MEGA), copy_of(4 * MEGA), SMALL_L2), cache(SMALL_L2)
    first, second = traffic_of(op, SMALL_L2, l2), traffic_of(op, SMALL_L2, l2)
    assert first is not None and second is not None
    assert first.hit_rate == second.hit_rate == 0.0
    assert first.written_back == pytest.approx(12 * MEGA, rel=0.2)  # 16 MB are stored, 4 stay
    assert second.written_back == pytest.approx(16 * MEGA, rel=0.01)


def test_launches_find_tensors_by_name() -> None:
    """What one launch wrote the next one reads, in tiles of another shape."""
    write = kernel(copied(MEGA), copy_of(MEGA))
    body = "a = load x[i:4, 0:1024] into ub\nstore a into y[i:4, 0:1024]"
    rows = f"across i in 0..1024 step 4 {{\n{body}\n}}\n"
    read = kernel(rows, (("x", "f32", (1024, 1024)), ("y", "f32", (1024, 1024))))
    known, other = cache(ASCEND), cache(ASCEND)
    for l2, names in ((known, ("t", "z")), (other, ("u", "z"))):
        traffic_of(write, ASCEND, l2, ("x", "t"))
        found = traffic_of(read, ASCEND, l2, names)
        assert found is not None and found.hit_rate == (1.0 if names[0] == "t" else 0.0)


def test_one_stage_costs_less_than_two() -> None:
    """The second stage finds the temp in L2, but waits for all cores of the first one."""
    two = (
        f"temp t f32[{MEGA}]\non vector {{\n{copied(MEGA).replace('into y', 'into t')}}}\n"
        f"on vector {{\n{copied(MEGA).replace('load x', 'load t')}}}\n"
    )
    given = [GlobalOperand(*each) for each in copy_of(MEGA)]
    one = estimate(parse(copied(MEGA)), given, ASCEND)
    barrier = ASCEND.launch.barrier
    assert barrier is not None
    assert estimate(parse(two), given, ASCEND) > one + barrier
    free = replace(ASCEND, launch=replace(ASCEND.launch, barrier=0.0))
    assert one < estimate(parse(two), given, free) < 2 * one


def test_tiles_in_groups_hit_more_often_than_row_by_row() -> None:
    """Of 24 cores row by row, one row and all columns are needed at once: 4.5 MB, L2 has 4."""
    rows, groups = (kernel(text, PRODUCT, SMALL_L2) for text in (ROW_MAJOR, GROUPED))
    assert hit_rate(rows, SMALL_L2) < hit_rate(groups, SMALL_L2)
    assert cycles(rows, SMALL_L2) > 1.05 * cycles(groups, SMALL_L2)
    assert hit_rate(rows, ASCEND) == pytest.approx(hit_rate(groups, ASCEND))


@pytest.mark.parametrize("text", [ROW_MAJOR, GROUPED])
@pytest.mark.parametrize(
    ("target", "within"), [(ASCEND, 0.05), (SMALL_L2, 0.2)], ids=["real", "small"]
)
def test_the_estimate_knows_of_reuse(text: str, target: Target, within: float) -> None:
    given = [GlobalOperand(*each) for each in PRODUCT]
    estimated = estimate(parse(text), given, target)
    assert estimated == pytest.approx(cycles(kernel(text, PRODUCT, target), target), rel=within)


def test_without_an_l2_every_byte_comes_from_memory() -> None:
    none = replace(ASCEND, l2=None)
    op = kernel(ROW_MAJOR, PRODUCT, none)
    assert traffic_of(op, none) is None
    assert cycles(op, none) > 1.5 * cycles(op, ASCEND)


def test_the_least_recently_used_leaves() -> None:
    recency, evicted = Recency([10.0, 20.0]), list[int]()
    assert [recency.touch(cell, 5.0, evicted) for cell in (1, 2, 3, 4)] == [GONE] * 4
    assert recency.touch(4, 5.0, evicted) == 0 and recency.touch(1, 5.0, evicted) == 1
    assert recency.touch(5, 5.0, evicted) == GONE and evicted == [2]
    assert recency.newest_first() == [5, 1, 4, 3]


def test_boxes_of_joined_axes_are_boxes_of_the_argument() -> None:
    start, length = np.array([0, 64, 96]), np.array([64, 64, 96])
    starts, lengths = reshaped([start], [length], (4096,), (64, 64))
    assert [each.tolist() for each in starts] == [[0, 1, 1], [0, 0, 0]]
    assert [each.tolist() for each in lengths] == [[1, 1, 2], [64, 64, 64]]
    starts, lengths = reshaped([start], [length], (4096,), (4, 1024))
    assert [each.tolist() for each in starts] == [[0, 0, 0], [0, 64, 96]]
    assert [each.tolist() for each in lengths] == [[1, 1, 1], [64, 64, 96]]


def test_what_was_just_used_is_handed_on_while_the_rest_comes_from_memory() -> None:
    """A load of many cores takes what its misses take, or what all its bytes take: the longer."""
    assert ASCEND.l2 is not None
    found = traffic_of(kernel(GROUPED, PRODUCT), ASCEND)
    assert found is not None and found.miss_share
    for load, share in found.miss_share.items():
        assert 0 < share < 0.25
        expected = max(1 / ASCEND.l2.hits[0][1], share / ASCEND.global_bandwidth)
        assert found.cycles_per_byte[load] == pytest.approx(expected, rel=0.01)
