"""The cost walk: close to the NPU simulator on every kind of kernel, whatever the trips."""

from dataclasses import replace

import pytest
from kernel_files import Kernel, read_kernel, signature

from hawk_xdsl.codegen.cost import estimate
from hawk_xdsl.codegen.cost.program import CostedInstruction
from hawk_xdsl.codegen.cost.timeline import Timeline
from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import load_target, time_stages
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")


class Costed(Kernel):
    """A kernel whose cycles are estimated and simulated."""

    def estimated(self) -> float:
        given = [*self.signature.inputs, *self.signature.outputs]
        return estimate(parse(self.text), given, TARGET)

    def simulated(self) -> float:
        """All launches, one after the other, on the core that has the first iterations."""
        stages = build(self.text, self.signature, TARGET.cores.__getitem__).kernels
        for stage in stages:
            finish_kernel(stage.op, TARGET)
        found = time_stages(stages, TARGET)
        assert found is not None
        return found.cycles


def _kernel(name: str, **holes: object) -> Costed:
    return Costed(**vars(read_kernel(name, **holes)))


def _elementwise(count: int, step: int) -> Costed:
    return _kernel("templates/elementwise", count=count, step=step)


def _softmax(rows: int, columns: int, step: int) -> Costed:
    return _kernel("templates/softmax", dtype="f16", rows=rows, columns=columns, step=step)


def _streamed(rows: int, columns: int, step: int) -> Costed:
    whole = columns // step * step
    sizes = {"rows": rows, "columns": columns, "step": step}
    return _kernel("templates/streamed_sum", **sizes, whole=whole, rest=columns - whole)


def _matmul(m: int, n: int, k: int, tile: tuple[int, int, int], dtype: str = "f16") -> Costed:
    tm, tn, tk = tile
    return _kernel("templates/matmul", dtype=dtype, m=m, n=n, k=k, tm=tm, tn=tn, tk=tk)


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
    "reduction before the cores part": _kernel("cost/loop_before_across"),
    "matmul, small": _matmul(64, 64, 128, (32, 32, 64)),
    "matmul, large": _matmul(1024, 768, 512, (128, 256, 64)),
    "matmul, cut at all edges": _matmul(500, 300, 700, (128, 128, 128), "f32"),
    "matmul, l1 has room for one step": _matmul(512, 512, 2048, (256, 128, 640)),
    "stationary operand": _kernel("cost/stationary"),
    "split-k": _kernel("cost/split_k"),
    "windows with a halo": _kernel("cost/windows"),
    "rows by an index": _kernel("cost/rows_by_index"),
    "transpose": _kernel("cost/transposed"),
}


@pytest.mark.parametrize("costed", KERNELS.values(), ids=KERNELS)
def test_the_estimate_is_within_a_tenth_of_the_simulated_cycles(costed: Costed) -> None:
    assert costed.estimated() == pytest.approx(costed.simulated(), rel=0.1)


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
    floats = _elementwise(1024, 128)
    integers = signature("k", {"x": "i8[1024]"}, {"y": "i8[1024]"})
    with pytest.raises(HawkError, match="ascend910b1 has no vexp of i8"):
        replace(floats, signature=integers).estimated()
