"""Every vector instruction through the vendor's op library and through the NPU simulator.

    python benchmarks/vendor_ops.py -o out/vendor_ops                 # all cases, kept
    python benchmarks/vendor_ops.py --only "vreduce arg" --only vcast  # some of them

The vendor's compiler says which functions of its library an instruction becomes, and with which
temporary; the library's bitcode runs on this CPU with the hardware's instructions emulated. Printed
are values (equal bit for bit, or the largest difference), bytes of temporaries, instructions,
repeats, barriers, flags and scalar accesses, and cycles of these by published rates against what
the target charges. Needs the extra ``hawk-xdsl[ascend]``. See docs/npu_model.md.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from vendor_ops.cases import Case, all_cases
from vendor_ops.comparison import Compiled, Oracle, Row, compiled
from vendor_ops.rows import Crash, KeptRows, in_a_process

from hawk_xdsl.npu_target import load_target

TARGET = "ascend910b1"
SECONDS = 120
"""A case that takes longer is given up."""

NEAR = (0.8, 1.25)
"""Ratios of what the target charges to the library's cycles that count as near."""


def main(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="folder where rows are kept")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="cases that begin so; may be given several times")
    ] = None,
    differing: Annotated[
        bool, typer.Option("--differing", help="print only rows in which the two differ")
    ] = False,
) -> None:
    """Print the table of all cases."""
    warnings.simplefilter("ignore")  # numpy's, of values that are not numbers
    chosen = [case for case in all_cases() if case.key.startswith(tuple(only or [""]))]
    kept = KeptRows(out / "rows.jsonl" if out else None)
    console = Console()
    rows = list(_rows(chosen, kept, out / "compiled" if out else None, console))
    shown = [row for row in rows if not differing or not _agrees(row)]
    console.print(_table(shown))
    _summary(rows, console)


def _rows(
    cases: Sequence[Case], kept: KeptRows, folder: Path | None, console: Console
) -> Iterator[Row]:
    missing = [case for case in cases if kept.get(case.key) is None]
    if missing:
        with console.status(f"compiling {len(missing)} cases"):
            programs = [compiled(case, folder) for case in missing]
        with console.status("reading the library"):
            oracle = Oracle(load_target(TARGET), programs)
        for done, program in enumerate(programs):
            with console.status(f"{done} of {len(programs)}: {program.case.key}"):
                kept.add(_row(oracle, program))
    for case in cases:
        row = kept.get(case.key)
        assert row is not None
        yield row


def _row(oracle: Oracle, program: Compiled) -> Row:
    try:
        return in_a_process(lambda: oracle.row(program), SECONDS)
    except Crash as crash:
        case = program.case
        return Row(case.name, case.what, f"not run: {crash}")


def _agrees(row: Row) -> bool:
    ratio = row.ratio
    near = ratio is not None and NEAR[0] <= ratio <= NEAR[1]
    return row.values == "equal" and row.temporary == row.charged_temporary and near


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="the vendor's op library and the NPU simulator", title_justify="left")
    for name in ("instruction", "operands", "values", "the library's instructions"):
        table.add_column(name, overflow="fold")
    for name in ("temporary", "charged", "repeats", "barriers", "flags", "scalar"):
        table.add_column(name, justify="right")
    for name in ("cycles", "charged", "ratio"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.name,
            row.what,
            row.values,
            row.instructions,
            *(str(n) for n in (row.temporary, row.charged_temporary)),
            *(str(n) for n in (row.repeats, row.barriers, row.flags, row.scalar)),
            f"{row.cycles:.0f}" if row.cycles else "",
            "lacks" if row.charged is None else f"{row.charged:.0f}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
        )
    return table


def _summary(rows: Sequence[Row], console: Console) -> None:
    ran = [row for row in rows if row.cycles]
    equal = sum(row.values == "equal" for row in ran)
    same = sum(row.temporary == row.charged_temporary for row in ran)
    rated = [row.ratio for row in ran if row.ratio is not None]
    near = sum(NEAR[0] <= ratio <= NEAR[1] for ratio in rated)
    console.print(
        f"{len(rows)} cases, {len(ran)} run: values equal {equal}, temporaries equal {same}, "
        f"cycles within {NEAR[0]} to {NEAR[1]} of the library's {near} of {len(rated)}"
    )
    for why, count in Counter(row.values for row in rows if not row.cycles).most_common():
        console.print(f"{count} {why}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
