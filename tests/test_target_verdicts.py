"""The same kernel text on every target: whether it fits depends on the target's sizes."""

import pytest
from undecided import elementwise, undecided

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel

B1, A950, B310 = "ascend910b1", "ascend950", "ascend310b"

KERNEL = """
across i in 0..{all} step {tile} {{
a = load x0[i:{tile}] into ub
b = vexp a
store b into y0[i:{tile}]
}}
"""


def verdict(name: str, tile: int) -> Verdict:
    """The gate's word on four tiles of f32 elements; two of them are in ub at once."""
    target = load_target(name)

    def finish(kernel: KernelOp) -> None:
        plan_kernel(kernel, target)
        sync_kernel(kernel, target)

    op = undecided(elementwise(f"{4 * tile // 128}x128", "%1 = math.exp %in : f32"))
    specification = specify(op)
    gate = Gate(op, specification, signature_of(specification, "k", name), target, 0)
    return gate.check(KERNEL.format(all=4 * tile, tile=tile))


@pytest.mark.parametrize(
    ("kib", "fits"),
    [
        (192, {B1, A950, B310}),
        (224, {A950, B310}),
        (248, {A950, B310}),
        (256, {B310}),
        (264, set[str]()),
    ],
)
def test_what_fits_depends_on_the_target(kib: int, fits: set[str]) -> None:
    verdicts = {name: verdict(name, kib * 1024 // 8) for name in (B1, A950, B310)}
    assert {name for name, found in verdicts.items() if found.accepted} == fits
    for name in verdicts.keys() - fits:
        assert verdicts[name].trap_code == "capacity"
        assert str(kib * 1024) in (verdicts[name].trap_message or "")


def test_the_same_kernel_takes_its_time_on_each_target() -> None:
    """The single core of ascend310b does four tiles in turn, the others do them at once."""
    cycles = {name: verdict(name, 8192).cycles for name in (B1, A950, B310)}
    assert len(set(cycles.values())) == 3 and cycles[B310] > 2 * max(cycles[B1], cycles[A950])
