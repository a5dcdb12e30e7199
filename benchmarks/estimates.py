"""How far the cost walk is from the simulator, on kernels that composition writes for the suite.

    python benchmarks/estimates.py -o out/estimates --shapes small,large
    python benchmarks/estimates.py --modules FOLDER          # .mlir files instead of the suite

Of each template of each op three candidates are looked at: the best, and two further down the list.
Printed are op, strategy, schedule, estimated and simulated cycles and their ratio; then by strategy
the share within 10 %, and the worst. The simulator times the first core, as the search does.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.suite import load_suite
from hawk_xdsl.codegen.cost import estimate
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.kernel_text import Signature, build
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.kernel_text.syntax import KernelText
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.knowledge_store import EntryKind, load_seed_entries
from hawk_xdsl.npu_target import Target, load_target, time_stages
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

SUITE = Path(__file__).parent / "operators.py"
NEAR = 0.1
"""Relative distance that counts as near."""


@dataclass(frozen=True)
class Row:
    """One kernel: what it is estimated to take, and what it takes; cycles and seconds."""

    op: str
    strategy: str
    schedule: str
    estimated: float
    simulated: float
    seconds: float

    @property
    def ratio(self) -> float:
        """Estimated over simulated cycles."""
        return self.estimated / self.simulated


def modules(
    folder: Path | None, output: Path, shapes: str, only: str
) -> Iterator[tuple[str, ModuleOp]]:
    """The programs to look at, by name."""
    wanted = set(only.split(",")) if only else set[str]()
    if folder is not None:
        for file in sorted(folder.glob("*.mlir")):
            if not wanted or file.name.partition(".")[0] in wanted:
                text = file.read_text(encoding="utf-8")
                yield file.stem, Parser(context(), text, str(file)).parse_module()
        return
    suite = load_suite(SUITE)
    imports = Imports(output / "imports", suite.path)
    for case in suite.cases():
        if str(case.shape) not in shapes.split(","):
            continue
        if not wanted or {case.operator.name, case.operator.family} & wanted:
            try:
                yield case.name, imports.program(case).module
            except HawkError:
                continue


def rows_of(name: str, module: ModuleOp, composer: Composer, target: Target) -> Iterator[Row]:
    """The candidates of all ops of a program."""
    NpuOutlinePass().apply(context(), module)
    templates = [e for e in load_seed_entries() if e.kind is EntryKind.TEMPLATE]
    for op in [op for op in module.walk() if isinstance(op, UndecidedOp)]:
        try:
            specification = specify(op)
            composition = composer.compose(specification)
        except HawkError:
            continue
        signature = signature_of(specification, "k", target.name)
        for entry in templates:
            try:
                made = candidates(Request(entry, specification, composition, target))
            except HawkError:
                continue
            for candidate in made[:: max(1, -(-len(made) // 3))]:
                tree = parse(candidate.text)
                started = time.process_time()
                estimated = estimate(tree, (*signature.inputs, *signature.outputs), target)
                seconds = time.process_time() - started
                try:
                    simulated = simulated_cycles(tree, signature, target)
                except HawkError:
                    continue  # it does not fit
                schedule = str(candidate.schedule)
                yield Row(name, entry.name, schedule, estimated, simulated, seconds)


def simulated_cycles(tree: KernelText, signature: Signature, target: Target) -> float:
    """Cycles of all launches, one after the other. Raises ``HawkError`` if it does not fit."""
    stages = build(tree, signature, target.cores.__getitem__).kernels
    for stage in stages:
        finish_kernel(stage.op, target)
    found = time_stages(stages, target)
    assert found is not None, "no limit was given"
    return found.cycles


def summary(rows: list[Row]) -> Table:
    """Shares within 10 % by strategy."""
    shown = Table("strategy", "kernels", "within 10 %", "least", "median", "most")
    for strategy in [*sorted({row.strategy for row in rows}), "all"]:
        ratios = [row.ratio for row in rows if strategy in (row.strategy, "all")]
        near = sum(abs(ratio - 1) <= NEAR for ratio in ratios) / len(ratios)
        numbers = (min(ratios), statistics.median(ratios), max(ratios))
        shown.add_row(
            strategy, str(len(ratios)), f"{near:.1%}", *(f"{number:.2f}" for number in numbers)
        )
    return shown


def main(
    output: Annotated[Path, typer.Option("-o", "--output", help="folder of imports")] = Path(
        "out/estimates"
    ),
    folder: Annotated[
        Path | None, typer.Option("--modules", help="folder of .mlir files, instead of the suite")
    ] = None,
    shapes: Annotated[str, typer.Option(help="of small, ragged and large")] = "small,large",
    only: Annotated[str, typer.Option(help="operators or families, separated by commas")] = "",
    target_name: Annotated[str, typer.Option("--target")] = "ascend910b1",
) -> None:
    """Print how far estimates are off."""
    console, target = Console(), load_target(target_name)
    composer = Composer.for_target(load_seed_entries(), target)
    rows: list[Row] = []
    for name, module in modules(folder, output, shapes, only):
        for row in rows_of(name, module, composer, target):
            rows.append(row)
            console.print(
                f"{row.op} {row.strategy} {row.schedule}: estimated {row.estimated:.0f}, "
                f"simulated {row.simulated:.0f}, ratio {row.ratio:.2f}",
                highlight=False,
                soft_wrap=True,
            )
    if not rows:
        console.print("no kernel")
        return
    console.print(summary(rows))
    console.print("the worst:")
    for row in sorted(rows, key=lambda row: -abs(row.ratio - 1))[:10]:
        console.print(f"  {row.ratio:.2f} {row.op} {row.strategy} {row.schedule}", highlight=False)
    milliseconds = sorted(1000 * row.seconds for row in rows)
    console.print(
        f"milliseconds an estimate: median {statistics.median(milliseconds):.2f}, "
        f"90 % below {milliseconds[int(0.9 * (len(rows) - 1))]:.2f}"
    )


if __name__ == "__main__":
    typer.run(main)
