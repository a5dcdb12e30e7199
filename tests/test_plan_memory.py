"""npu-plan-memory: what is alive at once never shares bytes, and what cannot fit says so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_kernels import Machine, kernels, parse_kernel
from xdsl.dialects.builtin import IntegerAttr

from hawk_xdsl.dialects.npu import AllocOp, BlockIdxOp, KernelOp, Scope
from hawk_xdsl.npu_target import Target, load_target, simulate, verify_kernel
from hawk_xdsl.npu_target.placement import place
from hawk_xdsl.transforms.liveness import LiveRange
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_plan_memory import CapacityError, plan_kernel
from hawk_xdsl.transforms.pass_error import PassError

TARGET = load_target("ascend910b1")


def small(scope: Scope, size: int) -> Target:
    """The target with fewer bytes in one scope."""
    shrunk = replace(TARGET.scopes[scope], bytes=size)
    return replace(TARGET, scopes={**TARGET.scopes, scope: shrunk})


def kernel(body: str, core: str = "vector") -> KernelOp:
    argument = "memref<16x64xf32, #npu.scope<global>>"
    return parse_kernel(
        f"npu.kernel @k ins(%x: {argument}) outs(%y: {argument}) on <{core}> blocks 1 "
        f'target "ascend910b1" {{\n{body}\n}}'
    )


def addresses(op: KernelOp) -> dict[str, int]:
    found: dict[str, int] = {}
    for alloc in op.walk():
        if isinstance(alloc, AllocOp):
            assert alloc.address is not None and alloc.buffer.name_hint is not None
            found[alloc.buffer.name_hint] = alloc.address.value.data
    return found


T = "memref<8x64xf32, #npu.scope<ub>>"
CHAIN = f"""
  %a = npu.alloc : {T}
  %b = npu.alloc : {T}
  %c = npu.alloc : {T}
  %g = memref.subview %x[0, 0] [8, 64] [1, 1] : memref<16x64xf32, #npu.scope<global>>
    to memref<8x64xf32, strided<[64, 1]>, #npu.scope<global>>
  npu.load %g into %a : memref<8x64xf32, strided<[64, 1]>, #npu.scope<global>> into {T}
  npu.vexp ins(%a : {T}) outs(%b : {T})
  npu.vexp ins(%b : {T}) outs(%c : {T})
"""


def test_buffers_lie_side_by_side_while_they_fit() -> None:
    op = kernel(CHAIN)
    plan_kernel(op, TARGET)
    assert addresses(op) == {"a": 0, "b": 2048, "c": 4096}


def test_a_dead_buffer_is_reused_when_they_do_not() -> None:
    op = kernel(CHAIN)
    plan_kernel(op, small(Scope.UB, 4096))
    assert addresses(op) == {"a": 0, "b": 2048, "c": 0}
    verify_kernel(op, TARGET)


def test_the_capacity_error_has_the_numbers() -> None:
    with pytest.raises(CapacityError) as caught:
        plan_kernel(kernel(CHAIN), small(Scope.UB, 4064))
    error = caught.value
    assert (error.code, error.scope, error.needed, error.available) == (
        "capacity",
        "ub",
        4096,
        4064,
    )
    assert (error.peak, error.live) == ("npu.vexp", (("%a 8x64xf32", 2048), ("%b 8x64xf32", 2048)))
    assert str(error) == (
        "@k: ub needs 4096 bytes at npu.vexp and has 4064; "
        "alive there: %a 8x64xf32 (2048), %b 8x64xf32 (2048)"
    )


def test_a_buffer_from_outside_a_loop_lives_through_it() -> None:
    op = kernel(f"""
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %a = npu.alloc : {T}
      %s = arith.constant 1.0 : f32
      npu.vbrc ins(%s : f32) outs(%a : {T})
      scf.for %i = %zero to %one step %one {{
        %b = npu.alloc : {T}
        npu.vexp ins(%a : {T}) outs(%a : {T})
        npu.vbrc ins(%s : f32) outs(%b : {T})
      }}
    """)
    with pytest.raises(CapacityError, match="needs 4096 bytes"):
        plan_kernel(op, small(Scope.UB, 4095))


def test_a_view_keeps_its_buffer_alive() -> None:
    view = "memref<4x64xf32, strided<[64, 1]>, #npu.scope<ub>>"
    op = kernel(f"""
      %s = arith.constant 1.0 : f32
      %a = npu.alloc : {T}
      %b = npu.alloc : {T}
      %v = memref.subview %a[0, 0] [4, 64] [1, 1] : {T} to {view}
      npu.vbrc ins(%s : f32) outs(%v : {view})
      npu.vbrc ins(%s : f32) outs(%b : {T})
      npu.vexp ins(%v : {view}) outs(%v : {view})
    """)
    with pytest.raises(CapacityError, match="needs 4096 bytes"):
        plan_kernel(op, small(Scope.UB, 4095))


def test_sizes_are_padded_as_the_scopes_store_them() -> None:
    padded = "memref<3x33xf32, strided<[40, 1]>, #npu.scope<ub>>"
    op = kernel(f"""
      %s = arith.constant 1.0 : f32
      %a = npu.alloc : {padded}
      %b = npu.alloc : {padded}
      npu.vbrc ins(%s : f32) outs(%a : {padded})
      npu.vbrc ins(%s : f32) outs(%b : {padded})
    """)
    plan_kernel(op, TARGET)
    assert addresses(op) == {"a": 0, "b": 480}
    op = kernel(
        """
      %a = npu.alloc : memref<17x5xf32, #npu.scope<l1>>
      %b = npu.alloc : memref<5x16xf32, #npu.scope<l1>>
      %c = npu.alloc : memref<17x17xf32, #npu.scope<l0c>>
      %d = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>
    """,
        "cube",
    )
    plan_kernel(op, TARGET)
    assert addresses(op) == {"a": 0, "b": 32 * 32, "c": 0, "d": 32 * 32 * 4}


def test_temporaries_get_a_place_that_is_free_at_their_op() -> None:
    op = kernel("""
      %a = npu.alloc : memref<8x128xf32, #npu.scope<ub>>
      %m = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
      npu.vreduce <max> ins(%a : memref<8x128xf32, #npu.scope<ub>>)
        outs(%m : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
    """)
    plan_kernel(op, TARGET)
    (reduction,) = [inner for inner in op.walk() if inner.name == "npu.vreduce"]
    temporary = reduction.properties["temporary"]
    assert isinstance(temporary, IntegerAttr)
    half, places = 8 * 256, addresses(op)
    taken = sorted([(places["a"], 4096), (places["m"], 256), (temporary.value.data, half)])
    ends = [begin + size for begin, size in taken]
    assert [begin for begin, _ in taken] == [0, *ends[:-1]], "side by side"


def test_a_buffer_carried_by_a_branch_is_refused() -> None:
    op = kernel(f"""
      %true = arith.constant true
      %a = npu.alloc : {T}
      %b = npu.alloc : {T}
      %c = scf.if %true -> ({T}) {{
        scf.yield %a : {T}
      }} else {{
        scf.yield %b : {T}
      }}
    """)
    with pytest.raises(PassError, match=r"scf\.yield chooses at run time"):
        plan_kernel(op, TARGET)


@pytest.mark.corpus
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(kernels(runnable=True), st.floats(0.4, 1.0))
def test_a_tight_plan_computes_what_a_wide_one_does(
    drawn: tuple[Machine, str], share: float
) -> None:
    machine, text = drawn
    shape = (8, 128) if machine.core == "vector" else (16, 16)
    inputs = [np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + i for i in range(2)]
    wide, tight = parse_kernel(text), parse_kernel(text)
    plan_kernel(wide, TARGET)
    sync_kernel(wide, TARGET)
    expected = simulate(wide, inputs, TARGET).outputs
    scope = Scope.UB if machine.core == "vector" else Scope.L1
    try:
        plan_kernel(tight, small(scope, int(share * 18000 if scope == Scope.UB else share * 4096)))
    except CapacityError as error:
        assert error.needed > 0 and error.live
        return
    sync_kernel(tight, TARGET)
    for got, wanted in zip(simulate(tight, inputs, TARGET).outputs, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


_ranges = st.lists(
    st.builds(
        lambda size, first, length: LiveRange(BlockIdxOp(), Scope.UB, size, first, first + length),
        st.integers(1, 200),
        st.integers(0, 20),
        st.integers(0, 8),
    ),
    max_size=12,
)


@given(_ranges, st.integers(0, 1500))
def test_places_are_aligned_in_the_scope_and_apart(ranges: list[LiveRange], capacity: int) -> None:
    found = place(ranges, capacity, 32)
    if found is None:
        assert sum(-(-range_.size // 32) * 32 for range_ in ranges) > capacity
        return
    assert set(found) == set(ranges)
    for range_, address in found.items():
        assert address % 32 == 0 and address + range_.size <= capacity
        for other, other_address in found.items():
            if other is not range_ and other.overlaps(range_):
                apart = (
                    address + range_.size <= other_address or other_address + other.size <= address
                )
                assert apart
