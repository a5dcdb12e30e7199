"""Attention of one head or more as torch.export gives it: full and causal, one mixed launch.

    python benchmarks/attention.py                          # f16, head size 128, one head
    python benchmarks/attention.py --rows 4096 --heads 8 --dtype float32

Of both the best estimates are timed (``--timed``), the second launch of two, the device's floor
included, and the fastest counts. Times are simulated.
"""

from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from whole_kernels import Bench

from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.universe import context


class Attention(torch.nn.Module):
    """softmax(Q Kᵀ / √d) V, of all columns or of those up to a row's own."""

    def __init__(self, *, causal: bool) -> None:
        super().__init__()
        self.causal = causal

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """[batch, heads, rows, size] of all three."""
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)


def microseconds(
    bench: Bench, module: torch.nn.Module, shape: tuple[int, ...], dtype: torch.dtype, timed: int
) -> tuple[float, str]:
    """The fastest of the best estimates, and its tile. Raises ``HawkError`` without a kernel."""
    program = folded(import_torch(module, tuple(torch.randn(shape).to(dtype) for _ in range(3))))
    NpuOutlinePass(join_rows=True).apply(context(), program.module)
    ops = [op for op in program.module.walk() if isinstance(op, UndecidedOp)]
    if len(ops) != 1:
        raise HawkError(f"it is {len(ops)} ops, not one")
    specification = specify(ops[0])
    composition = bench.composer.compose(specification)
    [entry] = [e for e in bench.entries if e.artifact.strategy == "running-rows"]
    made = candidates(Request(entry, specification, composition, bench.target))
    found: list[tuple[float, str]] = []
    for candidate in made[:timed]:
        warm = bench.warm(bench.built(specification, candidate.text))
        cycles = sum(run.cycles for run in warm) + bench.target.launch.floor * len(warm)
        sides = [str(size) for size in candidate.schedule.sizes.values() if size > 1]
        found.append((bench.target.microseconds(cycles), " × ".join(sides)))
    if not found:
        raise HawkError("no strategy makes a mixed kernel of it")
    return min(found)


def main(
    rows: Annotated[list[int] | None, typer.Option(help="Rows of a head.")] = None,
    heads: Annotated[int, typer.Option(help="Heads.")] = 1,
    size: Annotated[int, typer.Option(help="Columns of queries, keys and values.")] = 128,
    dtype: Annotated[str, typer.Option(help="float16, bfloat16 or float32.")] = "float16",
    timed: Annotated[int, typer.Option(help="How many of the best estimates are timed.")] = 8,
    target: Annotated[str, typer.Option("--target", "-t", help="A target.")] = "ascend910b1",
) -> None:
    """Print simulated microseconds of full and causal attention, and their ratio."""
    bench = Bench(load_target(target))
    table = Table("rows", "full µs", "tile", "causal µs", "tile", "causal / full")
    for count in rows or [1024, 2048, 4096]:
        shape, kind = (1, heads, count, size), getattr(torch, dtype)
        modules = (Attention(causal=causal) for causal in (False, True))
        found = [microseconds(bench, module, shape, kind, timed) for module in modules]
        (full, tile), (causal, other) = found
        ratio = f"{causal / full:.2f}"
        table.add_row(str(count), f"{full:,.1f}", tile, f"{causal:,.1f}", other, ratio)
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
