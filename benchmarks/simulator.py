"""How fast the NPU model runs, beside Triton's interpreter and xDSL's own, in one run.

    python benchmarks/simulator.py            # needs: pip install '.[bench]'

Ours checks values, every rule, races and time; the others only compute values. Each is run in turn,
round after round, so that a change of the machine's speed meets all; the table shows medians.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

os.environ["TRITON_INTERPRET"] = "1"  # read when triton is imported

import numpy as np
import torch
import triton_kernels
import typer
import xdsl_programs
from rich.console import Console
from rich.table import Table

from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.npu import KernelOp, TileOp
from hawk_xdsl.npu_target import load_target, simulate
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")
ROWS, COLUMNS, TILE_ROWS = 4096, 1024, 8
M, K, N, TILE = 512, 768, 1024, (128, 256, 64)

SOFTMAX = f"""
across r in 0..{ROWS} step {TILE_ROWS} {{
a = load x[r:{TILE_ROWS}, 0:{COLUMNS}] into ub
m = vreduce max a axis 1
a = vsub a, m
a = vexp a
s = vreduce sum a axis 1
a = vdiv a, s
store a into y[r:{TILE_ROWS}, 0:{COLUMNS}]
}}
"""

LAYER_NORM = f"""
across r in 0..{ROWS} step {TILE_ROWS} {{
a = load x[r:{TILE_ROWS}, 0:{COLUMNS}] into ub
m = vreduce sum a axis 1
m = vmul m, {1 / COLUMNS}
a = vsub a, m
q = vmul a, a
v = vreduce sum q axis 1
v = vmul v, {1 / COLUMNS}
v = vadd v, 1e-05
v = vrsqrt v
a = vmul a, v
store a into y[r:{TILE_ROWS}, 0:{COLUMNS}]
}}
"""

MATMUL = f"""
on cube {{
across m in 0..{M} step {TILE[0]}, n in 0..{N} step {TILE[1]} {{
c = fill 0.0 f32[{TILE[0]}, {TILE[1]}] in l0c
for k in 0..{K} step {TILE[2]} {{
a = load x[m:{TILE[0]}, k:{TILE[2]}] into l1
b = load w[k:{TILE[2]}, n:{TILE[1]}] into l1
c = mmad a, b, c
}}
store c into y[m:{TILE[0]}, n:{TILE[1]}]
}}
}}
"""


@dataclass(frozen=True)
class Workload:
    """One computation: our kernel and its inputs, and the same in Triton."""

    name: str
    kernel: KernelOp
    inputs: tuple[np.ndarray, ...]
    triton: Callable[[], torch.Tensor]
    work: int
    aim: float

    def tile_ops(self) -> int:
        """Tile instructions that one run executes, counted by the timeline."""
        run = simulate(self.kernel, self.inputs, TARGET, trace=True)
        names = {op.name for op in self.kernel.walk() if isinstance(op, TileOp)}
        return sum(event.name.split()[0] in names for event in run.timeline)


def kernel(text: str, inputs: dict[str, np.ndarray], output: tuple[int, ...]) -> KernelOp:
    """The planned and synchronised kernel of a text."""
    operands = tuple(GlobalOperand(name, "f32", a.shape) for name, a in inputs.items())
    signature = Signature("k", operands, (GlobalOperand("y", "f32", output),), TARGET.name)
    [stage] = build(text, signature, lambda core: TARGET.cores[core]).kernels
    finish_kernel(stage.op, TARGET)
    return stage.op


def workloads() -> list[Workload]:
    """Softmax and layer norm by rows, and a matmul."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, COLUMNS), dtype=np.float32)
    found = [by_rows("softmax", SOFTMAX, x), by_rows("layer norm", LAYER_NORM, x)]
    a = random.standard_normal((M, K), dtype=np.float32)
    b = random.standard_normal((K, N), dtype=np.float32)
    run = kernel(MATMUL, {"x": a, "w": b}, (M, N))
    left, right = torch.from_numpy(a), torch.from_numpy(b)
    theirs = partial(triton_kernels.matmul, left, right, TILE)
    return [*found, Workload(f"matmul {M}×{K}×{N}", run, (a, b), theirs, M * K * N, 3.0)]


def by_rows(name: str, text: str, x: np.ndarray) -> Workload:
    """A function of each row of x."""
    theirs = partial(triton_kernels.rowwise, name, torch.from_numpy(x), TILE_ROWS)
    run = kernel(text, {"x": x}, x.shape)
    return Workload(f"{name} {ROWS}×{COLUMNS}", run, (x,), theirs, x.size, 5.0)


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main(rounds: int = 5) -> None:
    """Run the comparison."""
    table = Table(title=f"Median of {rounds} rounds, taken in turn")
    table.add_column("workload")
    for heading in ("NPU model s", "tile ops/s", "Triton s", "ratio", "aim", "xDSL s"):
        table.add_column(heading, justify="right")
    for work in workloads():
        ours, theirs = [], []
        [values] = simulate(work.kernel, work.inputs, TARGET).outputs
        reference = work.triton().numpy()
        assert np.allclose(values, reference, rtol=1e-3, atol=1e-3), work.name
        for _ in range(rounds):
            ours.append(seconds(lambda work=work: simulate(work.kernel, work.inputs, TARGET)))
            theirs.append(seconds(work.triton))
        mine, other = statistics.median(ours), statistics.median(theirs)
        ratio = statistics.median(t / o for o, t in zip(ours, theirs, strict=True))
        table.add_row(
            work.name,
            f"{mine:.3f}",
            f"{work.tile_ops() / mine:,.0f}",
            f"{other:.3f}",
            f"{ratio:.1f} ×",
            f"≥ {work.aim:g} ×",
            f"{xdsl_seconds(work):,.0f}",
        )
    console = Console(width=100)
    console.print(table)
    console.print(
        f"xDSL's interpreter is given {xdsl_programs.ROWS} rows of {xdsl_programs.COLUMNS}, "
        f"and a matmul of {xdsl_programs.SIDE}³; "
        "its times are scaled up."
    )


def xdsl_seconds(work: Workload) -> float:
    """The same computation in xDSL's interpreter, scaled up from a small one."""
    program = next(p for name, p in xdsl_programs.PROGRAMS.items() if work.name.startswith(name))
    return program.seconds(work.work)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
