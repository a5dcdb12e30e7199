"""Simulated against published times of whole kernels: one row for each point, and the mean error.

    python benchmarks/whole_kernels.py
    python benchmarks/whole_kernels.py --points FILE        # other points of the same format

A point names an op, of which `points/kernels/OP.mlir` is the program, its extents and dtype, the
published microseconds (one value, or those of the best and of the usual implementation) and the
clock: `device` times have no launch, those of a `host loop` do. The kernel is the one that the tool
would time first: the fastest of the three best estimates. Published times are of repeated runs, so
the second launch counts: it finds in L2 what the first one has left.
"""

import json
import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from xdsl.parser import Parser

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.kernel_text import StageKernel, build
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.knowledge_store import Entry, EntryKind, load_seed_entries
from hawk_xdsl.npu_target import Performance, Target, load_target, time_stages
from hawk_xdsl.npu_target.l2.cache import L2Cache, cache_of
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

POINTS = Path(__file__).parent / "points"
TIMED = 3
"""The best estimates that are timed."""
LARGE = 1024
"""Extents from which a matmul counts for its mean error."""


@dataclass(frozen=True)
class Row:
    """A point: what is published, and what is simulated, in microseconds."""

    name: str
    op: str
    clock: str
    published: tuple[float, ...]
    simulated: float
    launches: int
    bottleneck: str
    busy: float
    seconds: float

    @property
    def error(self) -> float:
        """Relative distance to the nearer published value; none between two."""
        low, high = min(self.published), max(self.published)
        if low <= self.simulated <= high:
            return 0.0
        near = low if self.simulated < low else high
        return self.simulated / near - 1


class Bench:
    """Kernels of programs, and their times on a target."""

    def __init__(self, target: Target, join_rows: bool = True) -> None:
        self.target = target
        self.join_rows = join_rows
        self.entries: Sequence[Entry] = load_seed_entries()
        self.composer = Composer.for_target(self.entries, target)

    def row(self, point: Mapping[str, Any]) -> Row:
        """A point's row. Raises ``HawkError`` where there is no program or no kernel."""
        start = time.perf_counter()
        warm = self.warm(self.stages(point))
        fields = fields_of(point)
        clock, op = str(point["clock"]), str(point["op"])
        longest = max(warm, key=lambda run: run.cycles)
        launch = self.target.launch
        each = launch.chain if clock == "host loop" else launch.floor
        cycles = sum(run.cycles for run in warm) + each * len(warm)
        return Row(
            ", ".join(f"{key} {value}" for key, value in fields.items()),
            op,
            clock,
            tuple(point["us"]),
            self.target.microseconds(cycles),
            len(warm),
            str(longest.bottleneck),
            longest.occupancy[longest.bottleneck],
            time.perf_counter() - start,
        )

    def stages(self, point: Mapping[str, Any]) -> Sequence[StageKernel]:
        """The kernels of a point's program, as they run. Raises ``HawkError`` as ``row`` does."""
        found = self._ops(str(point["op"]), fields_of(point))
        return [each for spec in found for each in self._fastest(spec)]

    def warm(self, stages: Sequence[StageKernel]) -> list[Performance]:
        """What kernels take the second time, where L2 has what they left the first time."""
        l2 = cache_of(self.target)
        self._time(stages, l2)
        return [self._time([stage], l2) for stage in stages]

    def _ops(self, op: str, fields: Mapping[str, Any]) -> Iterator[Specification]:
        file = POINTS / "kernels" / f"{op}.mlir"
        if not file.is_file():
            raise HawkError(f"no program for it: write {file.relative_to(POINTS.parent)}")
        values = {**fields, **_casts(str(fields["dtype"]))}
        if "columns" in values:
            values["half"] = values["columns"] // 2
        if "d" in values:
            values["scale"] = values["d"] ** -0.5
        text = re.sub(r"\$(\w+?)(?=x|\b|\.)", lambda m: str(values[m[1]]), file.read_text())
        module = Parser(context(), text, file.name).parse_module()
        NpuOutlinePass(join_rows=self.join_rows).apply(context(), module)
        for found in module.walk():
            if isinstance(found, UndecidedOp):
                yield specify(found)

    def _fastest(self, specification: Specification) -> Sequence[StageKernel]:
        """The kernels of the fastest of the best estimates, by its first launch."""
        composition = self.composer.compose(specification)
        templates = [entry for entry in self.entries if entry.kind is EntryKind.TEMPLATE]
        made = [
            candidate
            for entry in templates
            for candidate in candidates(Request(entry, specification, composition, self.target))
        ]
        best = sorted(made, key=lambda each: each.estimate)[:TIMED]
        if not best:
            raise HawkError("no template makes a kernel of it")
        tried = [self.built(specification, candidate.text) for candidate in best]
        return min(tried, key=lambda stages: self._time(stages).cycles)

    def built(self, specification: Specification, text: str) -> Sequence[StageKernel]:
        """The kernels of a text, as they run."""
        signature = signature_of(specification, "kernel", self.target.name, self.target.places)
        program = build(text, signature, lambda core: self.target.cores[core])
        for stage in program.kernels:
            finish_kernel(stage.op, self.target)
        return program.kernels

    def _time(self, stages: Sequence[StageKernel], l2: L2Cache | None = None) -> Performance:
        run = time_stages(stages, self.target, l2=l2)
        assert run is not None, "no limit was given"
        return run


def fields_of(point: Mapping[str, Any]) -> dict[str, Any]:
    """The extents and the dtype of a point."""
    known = ("us", "source", "clock", "op")
    return {key: value for key, value in point.items() if key not in known}


def _casts(dtype: str) -> dict[str, str]:
    """What a program that computes in f32 writes for ``$widen`` and ``$narrow``."""
    if dtype == "f32":
        return {"widen": "linalg.yield %in : f32", "narrow": "linalg.yield %q : f32"}
    return {
        "widen": f"%w = arith.extf %in : {dtype} to f32\n    linalg.yield %w : f32",
        "narrow": f"%n = arith.truncf %q : f32 to {dtype}\n    linalg.yield %n : {dtype}",
    }


def printed(rows: Sequence[Row], skipped: Sequence[str], console: Console) -> None:
    """The table, and mean absolute errors of its groups."""
    table = Table(title="Whole kernels, the second launch (simulated)", title_justify="left")
    for heading in ("op", "extents", "clock"):
        table.add_column(heading, no_wrap=True)
    for heading in ("published µs", "simulated µs", "error", "launches", "busiest", "seconds"):
        table.add_column(heading, justify="right")
    for row in rows:
        published = " … ".join(f"{value:,.1f}" for value in row.published)
        table.add_row(
            row.op,
            row.name,
            row.clock,
            published,
            f"{row.simulated:,.1f}",
            f"{row.error:+.0%}",
            str(row.launches),
            f"{row.bottleneck} {row.busy:.0%}",
            f"{row.seconds:.0f}",
        )
    console.print(table)
    groups = {
        f"matmuls from {LARGE}³ up": [r for r in rows if r.op == "matmul" and _is_large(r)],
        "other matmuls": [r for r in rows if r.op == "matmul" and not _is_large(r)],
        "others": [r for r in rows if r.op != "matmul"],
        "all": list(rows),
    }
    for name, group in groups.items():
        if group:
            mean = statistics.mean(abs(row.error) for row in group)
            console.print(f"mean absolute error of {name}: {mean:.1%} ({len(group)} points)")
    for line in skipped:
        console.print(line, markup=False, highlight=False)


def _is_large(row: Row) -> bool:
    extents = [int(value) for value in re.findall(r"[mkn] (\d+)", row.name)]
    return bool(extents) and min(extents) >= LARGE


def main(
    points: Annotated[Path, typer.Option(help="Points to compare with.")] = POINTS
    / "whole_kernels.json",
    target: Annotated[str, typer.Option("--target", "-t", help="A target.")] = "ascend910b1",
    only: Annotated[str, typer.Option(help="Only this op.")] = "",
    join_rows: Annotated[bool, typer.Option(help="Attention in one launch.")] = True,
) -> None:
    """Print simulated against published microseconds of whole kernels."""
    bench, console = Bench(load_target(target), join_rows), Console(width=150)
    rows: list[Row] = []
    skipped: list[str] = []
    for point in json.loads(points.read_text())["points"]:
        if only and point["op"] != only:
            continue
        try:
            rows.append(bench.row(point))
        except HawkError as error:
            skipped.append(f"not compared: {point['op']}: {error}")
    printed(rows, skipped, console)


if __name__ == "__main__":
    typer.run(main)
