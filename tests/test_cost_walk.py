"""The cost walk: close to the NPU simulator on every kind of kernel, whatever the trips."""

from dataclasses import dataclass

import pytest

from hawk_xdsl.codegen.cost import estimate
from hawk_xdsl.codegen.cost.program import CostedInstruction
from hawk_xdsl.codegen.cost.timeline import Timeline
from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import load_target, time_kernel
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")


@dataclass(frozen=True)
class Kernel:
    """A kernel text, and its operands as ``name dtype[shape]``; those of ``y`` are written."""

    text: str
    operands: tuple[tuple[str, str, tuple[int, ...]], ...]

    @property
    def given(self) -> list[GlobalOperand]:
        return [GlobalOperand(*operand) for operand in self.operands]

    def estimated(self) -> float:
        return estimate(parse(self.text), self.given, TARGET)

    def simulated(self) -> float:
        """All stages, one after the other, on the core that has the first iterations."""
        inputs = tuple(each for each in self.given if not each.name.startswith("y"))
        outputs = tuple(each for each in self.given if each.name.startswith("y"))
        signature = Signature("k", inputs, outputs, TARGET.name)
        cycles = 0.0
        for stage in build(self.text, signature, TARGET.cores.__getitem__).kernels:
            finish_kernel(stage.op, TARGET)
            timed = time_kernel(stage.op, TARGET)
            assert timed is not None
            cycles += timed.cycles
        return cycles


def _elementwise(count: int, step: int) -> Kernel:
    text = f"""across i in 0..{count} step {step} {{
a = load x[i:{step}] into ub
b = vexp a
b = vadd b, 1.0
o = vdiv a, b
store o into y[i:{step}]
}}
"""
    return Kernel(text, (("x", "f32", (count,)), ("y", "f32", (count,))))


def _softmax(rows: int, columns: int, step: int) -> Kernel:
    text = f"""across r in 0..{rows} step {step} {{
a = load x[r:{step}, 0:{columns}] into ub
m = vreduce max a axis 1
a = vsub a, m
a = vexp a
s = vreduce sum a axis 1
a = vdiv a, s
store a into y[r:{step}, 0:{columns}]
}}
"""
    return Kernel(text, (("x", "f16", (rows, columns)), ("y", "f16", (rows, columns))))


def _streamed(rows: int, columns: int, step: int) -> Kernel:
    whole = columns // step * step
    text = f"""across r in 0..{rows} step 1 {{
s = fill 0.0 f32[1] in ub
for c in 0..{whole} step {step} {{
a = load x[r, c:{step}] into ub
p = vreduce sum a axis 0
s = vadd s, p
}}
b = load x[r, {whole}:{columns - whole}] into ub
q = vreduce sum b axis 0
s = vadd s, q
store s into y[r, 0:1]
}}
"""
    return Kernel(text, (("x", "f32", (rows, columns)), ("y", "f32", (rows, 1))))


def _matmul(m: int, n: int, k: int, tile: tuple[int, int, int], dtype: str = "f16") -> Kernel:
    tm, tn, tk = tile
    text = f"""on cube {{
across i in 0..{m} step {tm}, j in 0..{n} step {tn} {{
c = fill 0.0 f32[{tm}, {tn}] in l0c
for l in 0..{k} step {tk} {{
a = load x[i:{tm}, l:{tk}] into l1
b = load w[l:{tk}, j:{tn}] into l1
c = mmad a, b, c
}}
store c into y[i:{tm}, j:{tn}]
}}
}}
"""
    return Kernel(text, (("x", dtype, (m, k)), ("w", dtype, (k, n)), ("y", "f32", (m, n))))


STATIONARY = Kernel(
    """on cube {
across j in 0..768 step 80, part in 0..512 step 256 {
f = load w[0:1024, j:80] into l1
for i in part..part + 256 step 32 {
c = fill 0.0 f32[32, 80] in l0c
for l in 0..1024 step 512 {
s = load x[i:32, l:512] into l1
c = mmad s, f[l:512, 0:80], c
}
store c into y[i:32, j:80]
}
}
}
""",
    (("x", "f32", (512, 1024)), ("w", "f32", (1024, 768)), ("y", "f32", (512, 768))),
)

SPLIT_K = Kernel(
    """temp t f32[4, 64, 64]
on cube {
across part in 0..4096 step 1024 {
c = fill 0.0 f32[64, 64] in l0c
for l in part..part + 1024 step 256 {
a = load x[0:64, l:256] into l1
b = load w[l:256, 0:64] into l1
c = mmad a, b, c
}
store c into t[part // 1024, 0:64, 0:64]
}
}
on vector {
across i in 0..4096 step 128 {
a = load t[0:4, i:128] into ub
s = vreduce sum a axis 0
store s into y[i:128]
}
}
""",
    (("x", "f16", (64, 4096)), ("w", "f16", (4096, 64)), ("y", "f32", (4096,))),
)

WINDOWS = Kernel(
    """across c in 0..64 step 1, r in 0..56 step 8 {
a = load x[c, r:10, 0:58] into ub pad 0.0
o = fill 0.0 f32[8, 64] in ub
p = vadd a[0:8, 0:56], a[1:8, 0:56]
q = vadd p, a[2:8, 0:56]
store q into y[c, r:8, 0:56]
}
""",
    (("x", "f32", (64, 56, 56)), ("y", "f32", (64, 56, 56))),
)

ROWS_BY_INDEX = Kernel(
    """across r in 0..512 step 1 {
i = read index[r]
a = load x[i, 0:256] into ub
store a into y[r, 0:256]
}
""",
    (("index", "i32", (512,)), ("x", "f32", (1000, 256)), ("y", "f32", (512, 256))),
)

LOOP_BEFORE_ACROSS = Kernel(
    """s = fill 0.0 f32[1] in ub
for i in 0..1536 step 1536 {
a = load x[i:1536] into ub
p = vreduce sum a axis 0
s = vadd s, p
}
b = load x[1536:512] into ub
q = vreduce sum b axis 0
s = vadd s, q
across once in 0..1 step 1 {
store s into y[0:1]
}
""",
    (("x", "f32", (2048,)), ("y", "f32", (1,))),
)

TRANSPOSED = Kernel(
    """across i in 0..1024 step 64, j in 0..1000 step 64 {
a = load x[i:64, j:64] into ub pad 0.0
b = vtranspose a perm [1, 0]
store b into y[j:64, i:64]
}
""",
    (("x", "f16", (1024, 1000)), ("y", "f16", (1000, 1024))),
)

KERNELS = {
    "elementwise, one tile a core": _elementwise(4096, 128),
    "elementwise, many tiles": _elementwise(1 << 20, 4096),
    "elementwise, cut at the edge": _elementwise(1000003, 5000),
    "elementwise, room for one buffer each": _elementwise(1 << 21, 16000),
    "elementwise, room for few copies": _elementwise(1 << 21, 11000),
    "softmax, small": _softmax(64, 128, 2),
    "softmax, large": _softmax(4096, 1000, 8),
    "softmax, rows of an odd number": _softmax(1023, 77, 16),
    "reduction in steps": _streamed(2048, 5000, 1024),
    "reduction in steps, one row": _streamed(1, 5000, 512),
    "reduction before the cores part": LOOP_BEFORE_ACROSS,
    "matmul, small": _matmul(64, 64, 128, (32, 32, 64)),
    "matmul, large": _matmul(1024, 768, 512, (128, 256, 64)),
    "matmul, cut at all edges": _matmul(500, 300, 700, (128, 128, 128), "f32"),
    "matmul, l1 has room for one step": _matmul(512, 512, 2048, (256, 128, 640)),
    "stationary operand": STATIONARY,
    "split-k": SPLIT_K,
    "windows with a halo": WINDOWS,
    "rows by an index": ROWS_BY_INDEX,
    "transpose": TRANSPOSED,
}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_the_estimate_is_within_a_tenth_of_the_simulated_cycles(kernel: Kernel) -> None:
    assert kernel.estimated() == pytest.approx(kernel.simulated(), rel=0.1)


def test_loops_are_not_run_trip_by_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Timeline] = []
    transfer = Timeline.transfer

    def counted(self: Timeline, work: CostedInstruction, start: float) -> float:
        steps.append(self)
        return transfer(self, work, start)

    monkeypatch.setattr(Timeline, "transfer", counted)
    counts: list[int] = []
    for size in (1 << 16, 1 << 24):
        steps.clear()
        _elementwise(size, 128).estimated()
        counts.append(len(steps))
    assert counts[0] == counts[1] < 20


def test_more_cores_than_the_bandwidth_feeds_take_longer_a_tile() -> None:
    tile = 16384
    one, all_of_them = (_elementwise(tile * cores, tile).estimated() for cores in (1, 48))
    assert all_of_them > 1.2 * one


def test_an_instruction_that_the_target_lacks_is_refused_in_one_line() -> None:
    kernel = Kernel(_elementwise(1024, 128).text, (("x", "i8", (1024,)), ("y", "i8", (1024,))))
    with pytest.raises(HawkError, match="ascend910b1 has no vexp of i8"):
        kernel.estimated()
