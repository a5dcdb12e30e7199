"""Operators through the vendor's scheduler and through ours, on one NPU simulator.

    python benchmarks/vendor.py -o vendor.jsonl
    python benchmarks/vendor.py -o vendor.jsonl --only softmax --only "matmul f16"
    python benchmarks/vendor.py -o vendor.jsonl --table          # of what is there

The operators are those of ``vendor_operators.toml``. Each goes through every route of the vendor's
scheduler (named tensor ops with and without tuning and double buffering; block programs of several
tiles), and through ours as ``hawk compile`` makes it. What was run is kept, and not run again. See
docs/vendor.md. Needs ``pip install 'hawk-xdsl[ascend]'``.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from scheduler.operators import Compared, compared, list_digest
from scheduler.table import print_aims, print_table

from hawk_xdsl.npu_target import Target, load_target

DEVICE = "Ascend910B1"
TARGET = "ascend910b1"

Results = dict[str, dict[str, Any]]


def main(
    output: Annotated[Path, typer.Option("-o", "--output", help="Results, a line an operator.")],
    only: Annotated[list[str] | None, typer.Option(help="Operators whose name has this.")] = None,
    side: Annotated[str, typer.Option(help="vendor, ours or both.")] = "both",
    table: Annotated[
        bool, typer.Option("--table", help="Print what is there; run nothing.")
    ] = False,
) -> None:
    """Run what is missing, then print the table and the aims."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    rows = [row for row in compared() if not only or any(word in row.name for word in only)]
    done = _read(output)
    target = load_target(TARGET)
    if not table:
        for place, row in enumerate(rows):
            _run(row, target, side, output, done)
            console.print(f"{place + 1} of {len(rows)}: {row.name}", highlight=False)
    print_table(rows, done, console)
    print_aims(rows, done, console)
    console.print(f"code {_commit()}, list {list_digest()}", highlight=False)


def _run(row: Compared, target: Target, side: str, output: Path, done: Results) -> None:
    """What of a row is missing."""
    known = done.setdefault(row.name, {})
    found: dict[str, Any] = {}
    if side in ("vendor", "both") and "vendor" not in known:
        from scheduler.vendor_route import routes

        found["vendor"] = [dict(vars(route)) for route in routes(row, target, DEVICE)]
    if side in ("ours", "both") and "ours" not in known:
        from scheduler.ours import as_json, ours

        found["ours"] = as_json(ours(row, target))
    if found:
        known.update(found)
        line = {"name": row.name, "list": list_digest(), "code": _commit(), **found}
        with output.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _read(output: Path) -> Results:
    """Rows of an earlier run of the same list."""
    done: Results = {}
    if output.is_file():
        for line in output.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["list"] == list_digest():
                done.setdefault(row["name"], {}).update(row)
    return done


def _commit() -> str:
    """The code's commit, with a mark where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    ran = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or "unknown"


if __name__ == "__main__":
    typer.run(main)
