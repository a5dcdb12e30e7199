"""How far the time of a few kernels depends on what is assumed of a target.

    python benchmarks/sensitivity.py

Each assumed constant is halved and doubled; printed is by how much the second launch of each kernel
gets faster or slower. The kernels stay what they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from whole_kernels import Bench

from hawk_xdsl.dialects.kernel_text import StageKernel
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.npu_target.target import L2Spec

Change = Callable[[Target, float], Target]

KERNELS = {
    "matmul 1024³ f16": {"op": "matmul", "m": 1024, "k": 1024, "n": 1024, "dtype": "f16"},
    "matmul 4096³ f16": {"op": "matmul", "m": 4096, "k": 4096, "n": 4096, "dtype": "f16"},
    "softmax 4096 × 1024 f32": {"op": "softmax", "rows": 4096, "columns": 1024, "dtype": "f32"},
    "swiglu 2560 × 2048 f16": {"op": "swiglu", "rows": 2560, "columns": 2048, "dtype": "f16"},
    "mean of 1024 × 65536 f32": {"op": "mean_rows", "rows": 1024, "columns": 65536, "dtype": "f32"},
}


def _l2(target: Target, change: Callable[[L2Spec], L2Spec]) -> Target:
    return target if target.l2 is None else replace(target, l2=change(target.l2))


def _near(target: Target, factor: float) -> Target:
    def change(l2: L2Spec) -> L2Spec:
        (limit, rate), *rest = l2.hits
        return replace(l2, hits=((limit, max(rate * factor, rest[0][1])), *rest))

    return _l2(target, change)


def _distances(target: Target, factor: float) -> Target:
    def change(l2: L2Spec) -> L2Spec:
        *inner, last = l2.hits
        scaled = ((min(int(limit * factor), last[0] - 1), rate) for limit, rate in inner)
        return replace(l2, hits=(*dict(scaled).items(), last))

    return _l2(target, change)


def _tail(target: Target, factor: float) -> Target:
    tails = {pipe: cycles * factor for pipe, cycles in target.sync.tail.items()}
    return replace(target, sync=replace(target.sync, tail=tails))


CONSTANTS: dict[str, Change] = {
    "L2: rate of what was used just before": _near,
    "L2: distances of reuse in the table": _distances,
    "memory: rate of what L2 has not": lambda t, f: replace(
        t, global_bandwidth=t.global_bandwidth * f
    ),
    "flag": lambda t, f: replace(t, sync=replace(t.sync, flag=t.sync.flag * f)),
    "barrier": lambda t, f: replace(t, sync=replace(t.sync, barrier=t.sync.barrier * f)),
    "tails of pipes": _tail,
    "issue of an instruction": lambda t, f: replace(
        t, scalar=replace(t.scalar, issue=t.scalar.issue * f)
    ),
    "operation of the scalar unit": lambda t, f: replace(
        t, scalar=replace(t.scalar, operation=t.scalar.operation * f)
    ),
    "least time of a burst": lambda t, f: replace(
        t,
        paths={k: replace(p, burst_cycles=p.burst_cycles * f) for k, p in t.paths.items()},
    ),
}


def main(
    target: Annotated[str, typer.Option("--target", "-t", help="A target.")] = "ascend910b1",
) -> None:
    """Print by how much kernels change where an assumed constant is half or double."""
    nominal = load_target(target)
    bench = Bench(nominal)
    kernels = {name: bench.stages(point) for name, point in KERNELS.items()}
    before = {name: _cycles(nominal, stages) for name, stages in kernels.items()}
    table = Table(title="Half, double (second launch, simulated)", title_justify="left")
    table.add_column("constant")
    for name in kernels:
        table.add_column(name, justify="right")
    for constant, change in CONSTANTS.items():
        cells: list[str] = []
        for name, stages in kernels.items():
            found = (_cycles(change(nominal, factor), stages) for factor in (0.5, 2.0))
            cells.append(", ".join(f"{cycles / before[name] - 1:+.0%}" for cycles in found))
        table.add_row(constant, *cells)
    Console(width=150).print(table)


def _cycles(target: Target, stages: Sequence[StageKernel]) -> float:
    return sum(run.cycles for run in Bench(target).warm(stages))


if __name__ == "__main__":
    typer.run(main)
