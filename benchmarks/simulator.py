"""How fast the NPU simulator runs, beside Triton's interpreter and xDSL's own, in one run.

    python benchmarks/simulator.py            # needs: pip install '.[bench]'

Ours checks values, every rule, races and time; the others only compute values. Each is run in turn,
round after round, so that a change of the machine's speed meets all; the table shows medians.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ["TRITON_INTERPRET"] = "1"  # read when triton is imported
sys.path.append(str(Path(__file__).parents[1] / "tests"))

import numpy as np
import torch
import triton_kernels
import typer
import xdsl_programs
from kernel_files import Kernel, read_kernel
from rich.console import Console
from rich.table import Table

from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import KernelOp, TileOp
from hawk_xdsl.npu_target import load_target, simulate
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")
ROWS, COLUMNS, TILE_ROWS = 4096, 1024, 8
M, K, N, TILE = 512, 768, 1024, (128, 256, 64)


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


def finished(given: Kernel) -> KernelOp:
    """The planned and synchronised kernel of a text."""
    [stage] = build(given.text, given.signature, lambda core: TARGET.cores[core]).kernels
    finish_kernel(stage.op, TARGET)
    return stage.op


def workloads() -> list[Workload]:
    """Softmax and layer norm by rows, and a matmul."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, COLUMNS), dtype=np.float32)
    rows = {"rows": ROWS, "columns": COLUMNS, "step": TILE_ROWS}
    softmax = read_kernel("templates/softmax", dtype="f32", **rows)
    layer_norm = read_kernel("templates/layer_norm", **rows, inverse=1 / COLUMNS)
    found = [by_rows("softmax", softmax, x), by_rows("layer norm", layer_norm, x)]
    a = random.standard_normal((M, K), dtype=np.float32)
    b = random.standard_normal((K, N), dtype=np.float32)
    tm, tn, tk = TILE
    matmul = read_kernel("templates/matmul", dtype="f32", m=M, n=N, k=K, tm=tm, tn=tn, tk=tk)
    left, right = torch.from_numpy(a), torch.from_numpy(b)
    theirs = partial(triton_kernels.matmul, left, right, TILE)
    name = f"matmul {M}×{K}×{N}"
    return [*found, Workload(name, finished(matmul), (a, b), theirs, M * K * N, 3.0)]


def by_rows(name: str, given: Kernel, x: np.ndarray) -> Workload:
    """A function of each row of x."""
    theirs = partial(triton_kernels.rowwise, name, torch.from_numpy(x), TILE_ROWS)
    return Workload(f"{name} {ROWS}×{COLUMNS}", finished(given), (x,), theirs, x.size, 5.0)


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main(rounds: int = 5) -> None:
    """Run the comparison."""
    table = Table(title=f"Median of {rounds} rounds, taken in turn")
    table.add_column("workload")
    for heading in ("NPU simulator s", "tile ops/s", "Triton s", "ratio", "aim", "xDSL s"):
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
