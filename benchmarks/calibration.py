"""Fits costs of targets on half of the published points, and tests them on the other half."""

import json
import math
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from cost_fit import Numbers, Series, fit
from rich.console import Console
from rich.table import Table

from hawk_xdsl import npu_target
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.cost import move_cycles, product_cycles
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.target_file import parse_target

POINTS = Path(__file__).parent / "points"
SERIES = tomllib.loads((POINTS / "series.toml").read_text())
MEDIAN, P95 = 0.05, 0.15
"""The aim, for the relative error of cycles."""
WRONG = 2.0
"""A published point that is off by more than this factor is called wrong where it is named."""


@dataclass(frozen=True)
class Outcome:
    """Relative errors of a cost on some points."""

    errors: Numbers

    @property
    def median(self) -> float:
        """The middle one."""
        return float(np.median(self.errors))

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return float(np.percentile(self.errors, 95))

    @property
    def meets(self) -> bool:
        """Whether both are within the aim."""
        return self.median <= MEDIAN and self.p95 <= P95


def read_points(file: Path, target: Target) -> list[Series]:
    """The series of a file of published points, in the units of ``Series``."""
    tables: dict[str, dict[str, list[list[float]]]] = json.loads(file.read_text())
    series: list[Series] = []
    for kind in ("move", "matmul", "vector"):
        for name, rows in tables.get(kind, {}).items():
            pairs = [_point(kind, name, row, target) for row in rows]
            work, cycles = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
            published = tuple(f"{row[:-1]}: {row[-1]:g}" for row in rows)
            series.append(Series(kind, name, work, cycles, published))
    return series


def _point(kind: str, name: str, row: Sequence[float], target: Target) -> tuple[float, float]:
    match kind, row:
        case "move", (kib, bandwidth):
            return kib * 1024, kib / (bandwidth * 2**20) * target.clock_ghz * 1e9
        case "matmul", (m, k, n, rate):
            cube = target.cube
            itemsize = DType(SERIES["matmul"].get(name, "f16")).bytes
            steps = ((m, cube.rows), (k * itemsize, cube.depth_bytes), (n, cube.columns))
            return math.prod(math.ceil(extent / step) for extent, step in steps), (
                2 * m * k * n / rate
            )
        case _, (repeats, _, rate):  # the rate counts bytes, whatever the type
            return repeats, repeats * target.vector.repeat_bytes / rate
        case _:
            raise typer.BadParameter(f"{name}: {row} is no point of a {kind}")


# The places in a target that a series belongs to.


def places(series: Series, target: Target) -> list[str]:
    """The keys of a target that a series gives, the one that it was measured for first."""
    if series.kind == "matmul":
        found = [f"cube.dtypes.{SERIES['matmul'].get(series.name)}"]
    elif series.kind == "move":
        found = [SERIES["paths"].get(series.name, "")]
    else:
        mnemonic, *types = series.name.split("_")
        rows = SERIES["vector"].get(mnemonic, ())
        dtypes = [SERIES["dtypes"].get(dtype, ()) for dtype in types]
        if "vcast" in rows:
            names = [f"{a}-{b}" for a in dtypes[0] for b in dtypes[-1]]
        else:
            names = list(dtypes[0])
        found = [f"vector.ops.{row}.{name}" for row in rows for name in names]
    found += SERIES["also"].get(series.name, ())
    return [place for place in found if _has(target, place)]


def _has(target: Target, place: str) -> bool:
    match place.split("."):
        case "paths", path, "cost":
            return path in _ends(target)
        case "cube", "dtypes", dtype:
            return dtype in target.cube.dtypes
        case "vector", "ops", row, dtype:
            return dtype in target.vector.ops.get(row, {})
        case parts:
            return parts[0] == "cube"


def _ends(target: Target) -> dict[str, tuple[Scope, Scope]]:
    """The memory spaces of each path by its name, such as ``global-ub``."""
    return {f"{source}-{dest}": (source, dest) for source, dest in target.paths}


def modelled(place: str, target: Target, work: Numbers) -> Numbers:
    """Cycles that the NPU simulator charges for amounts of work at a place of a target."""
    match place.split("."):
        case "paths", path, "cost":
            spec = target.paths[_ends(target)[path]]
            cycles = [move_cycles(spec, 1, int(size)) for size in work]
        case "cube", "dtypes", dtype:
            cycles = [product_cycles(target.cube, dtype, int(count)) for count in work]
        case "vector", "ops", row, dtype:
            cycles = [target.vector.ops[row][dtype].cycles(count) for count in work]
        case parts:
            staging = target.cube.l0a if parts[-1] == "l0a" else target.cube.l0b
            assert staging is not None
            cycles = [staging.cycles(size) for size in work]
    return np.array(cycles)


def fitted(series: Series, target: Target) -> Cost:
    """The fit of a series in the form that its place in the target has.

    A copy without a place is split as the target's other copies of global memory are.
    """
    first = (places(series, target) or [""])[0]
    chunk = 0
    if first.startswith("paths."):
        chunk = target.paths[_ends(target)[first.split(".")[1]]].cost.chunk
    elif not first and "GM" in series.name.split("_"):
        chunk = max(path.cost.chunk for ends, path in target.paths.items() if Scope.GLOBAL in ends)
    return fit(series, chunk=chunk, floor=SERIES["floors"].get(first, 0))


def literals(all_series: Sequence[Series], target: Target) -> dict[str, str]:
    """Key of the target's file → its value by the fits, each key by the series closest to it."""
    ranked: list[tuple[int, str, str]] = []
    for series in all_series:
        owned = places(series, target)
        if not owned:
            continue
        cost = fitted(series.every_other(0), target)
        for rank, place in enumerate(owned):
            exact = rank == 0 and "_UINT" not in series.name
            ranked += [(0 if exact else 1, *pair) for pair in _values(place, cost)]
    found: dict[str, str] = {}
    for _, key, value in sorted(ranked, key=lambda entry: entry[0]):
        found.setdefault(key, value)
    return found


def _values(place: str, cost: Cost) -> list[tuple[str, str]]:
    lines = [list(line) for line in cost.lines]
    if place.startswith("cube.dtypes."):
        ((head, slope),) = lines
        return [("cube.fixed", f"{head:g}"), (f"{place}.cycles", f"{slope}")]
    if place.startswith("vector."):
        (floor, _), (head, slope) = lines
        return [(place, f"[{floor:g}, {head:g}, {slope:g}]")]
    cells = [[*line, *rest] for line, rest in zip_longest(lines, zip(cost.again), fillvalue=())]
    text = ", ".join("[" + ", ".join(f"{c:.8g}" for c in row) + "]" for row in cells)
    return [(place, f"[{text}]")]


def rewritten(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """A target's file with other values, and the keys that it leaves to its base.

    Comments and order stay.
    """
    missing: list[str] = []
    for key, value in values.items():
        sections = re.split(r"(?m)^(?=\[[a-z.]+\])", text)
        changed = [_with_value(section, key, value) for section in sections]
        if not any(found for _, found in changed):
            missing.append(key)
        text = "".join(section for section, _ in changed)
    return text, missing


def _with_value(section: str, key: str, value: str) -> tuple[str, bool]:
    """A section of a file with another value for a key, and whether it has the key."""
    header = section.split("]", 1)[0].removeprefix("[")
    if not key.startswith(f"{header}."):
        return section, False
    parts = [re.escape(part) + " = " for part in key.removeprefix(f"{header}.").split(".")]
    inner = parts[0] + "".join(rf".*?\b{part}" for part in parts[1:])
    pattern = re.compile(rf"(?m)^({inner})(\[\[.*?\]\]|\[.*?\]|[0-9.]+)")
    changed, count = pattern.subn(lambda found: found[1] + value, section, count=1)
    return changed, count > 0


# What is printed.


def reason(series: Series, cycles: Numbers) -> str:
    """Why a series misses the aim: wrong points, a curve that goes down, or the worst point."""
    ratio = series.cycles / cycles
    errors = np.abs(1 / ratio - 1)
    wrong = np.maximum(ratio, 1 / ratio) > WRONG
    if wrong.any() and Outcome(errors[~wrong]).meets:
        said = "; ".join(
            f"{series.published[i]} is {max(ratio[i], 1 / ratio[i]):.0f} × off"
            for i in np.flatnonzero(wrong)
        )
        return f"wrong in the table: {said}"
    order = np.argsort(series.work, kind="stable")
    falls = series.cycles[order][1:] / series.cycles[order][:-1]
    if len(falls) and falls.min() < 0.95:
        at = int(np.argmin(falls))
        return (
            f"not monotonic: more work takes {1 - falls[at]:.0%} less at "
            f"{series.published[int(order[at + 1])]}"
        )
    worst = int(np.argmax(errors))
    return f"the form misses {series.published[worst]} by {errors[worst]:.0%}"


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    series: Series
    place: str
    by_fit: Outcome | None
    by_target: Outcome | None
    reason: str

    @property
    def decisive(self) -> Outcome | None:
        """The target's errors where the model has a place for the series, else the fit's."""
        return self.by_target or self.by_fit


def row_of(series: Series, target: Target, *, all_points: bool) -> Row:
    """Errors of the fit on the other half, and of the shipped target there or on all points."""
    given, other = series.every_other(0), series.every_other(1)
    by_fit = by_target = None
    said = ""
    if len(given.work) > 1 and len(other.work):
        cost = fitted(given, target)
        cycles = np.array([cost.cycles(work) for work in other.work])
        by_fit = Outcome(np.abs(cycles / other.cycles - 1))
        said = "" if by_fit.meets else reason(other, cycles)
    owned = places(series, target)
    if owned:
        tested = series if all_points else other
        cycles = modelled(owned[0], target, tested.work)
        by_target = Outcome(np.abs(cycles / tested.cycles - 1))
        if by_target.meets:
            said = ""
        elif by_fit is not None and by_fit.meets:
            said = f"its own fit meets the aim, but {owned[0]} is fitted on another series"
        else:
            said = reason(tested, cycles)
    place = owned[0] if owned else "not modelled"
    return Row(series, place, by_fit, by_target, said)


def report(rows: Sequence[Row], target: Target, console: Console, title: str) -> None:
    """Print the table, the series that miss the aim with their reasons, and a summary line."""
    table = Table(title=title, title_justify="left")
    for name in ("series", "place in the target", "points"):
        table.add_column(name, no_wrap=True)
    for name in ("fit: median", "p95", "target: median", "p95", "aim"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        cells = [
            text
            for found in (row.by_fit, row.by_target)
            for text in (
                ("", "") if found is None else (_percent(found.median), _percent(found.p95))
            )
        ]
        met = "" if row.decisive is None else "met" if row.decisive.meets else "not met"
        place = row.place.removesuffix(".cost")
        table.add_row(row.series.name, place, str(len(row.series.work)), *cells, met)
    console.print(table)
    judged = [row for row in rows if row.decisive is not None]
    for row in judged:
        if row.reason:
            console.print(f"not met: {row.series.name}: {row.reason}", markup=False, soft_wrap=True)
    counts = [
        f"{sum(row.reason == '' for row in part)} of {len(part)} {name}"
        for part, name in (
            ([row for row in judged if row.by_target], "series of the model"),
            ([row for row in judged if not row.by_target], "series not modelled (fit alone)"),
        )
    ]
    console.print(
        f"{target.name}: median ≤ {MEDIAN:.0%} and p95 ≤ {P95:.0%} met by {', '.join(counts)}",
        soft_wrap=True,
    )


def _percent(value: float) -> str:
    return f"{value:.1%}" if value < 10 else "> 1000%"


def targets_of(file: Path, name: str | None) -> list[str]:
    """The targets that a file of points is for: as said, by its device, or by its name."""
    if name is not None:
        return [name]
    devices: dict[str, str] = SERIES["devices"]
    source = str(json.loads(file.read_text()).get("source", ""))
    found = [target for device, target in devices.items() if re.search(rf"\b{device}\b", source)]
    known = list(devices.values())
    return found or [target for target in known if target in file.name] or known


def main(
    points: Annotated[Path | None, typer.Option(help="Another file of points.")] = None,
    target: Annotated[str | None, typer.Option(help="Target: a name or a TOML file.")] = None,
    write: Annotated[bool, typer.Option(help="Put the fits into the target's TOML file.")] = False,
) -> None:
    """Compare the costs of targets with published measurements."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    if points is None:
        files = [POINTS / f"{name}_measured.json" for name in SERIES["devices"].values()]
    else:
        files = [points]
    for file in files:
        for name in targets_of(file, target):
            machine = load_target(name)
            all_series = read_points(file, machine)
            if write:
                machine = calibrated(name, literals(all_series, machine), console)
            title = f"{machine.name}, {file.name}: fit on every other point, tested on the others"
            tested = "the other half" if points is None or write else "all points"
            everything = tested == "all points"
            rows = [row_of(series, machine, all_points=everything) for series in all_series]
            report(rows, machine, console, f"{title}; target on {tested}")


def calibrated(name: str, values: Mapping[str, str], console: Console) -> Target:
    """Write values into the file of a target; returns what the file then says."""
    file = Path(name)
    if file.suffix != ".toml":
        file = Path(npu_target.__file__).parent / "targets" / f"{name}.toml"
    text, missing = rewritten(file.read_text(), values)
    for key in missing:
        console.print(f"{file.name} leaves to its base: {key} = {values[key]}", markup=False)
    file.write_text(text)
    return parse_target(file.read_bytes(), file.name)


if __name__ == "__main__":
    typer.run(main)
