"""report.json: written whole, added to, and read back field by field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hawk_xdsl.files.boundary import reading, writing
from hawk_xdsl.files.typed import member, typed
from hawk_xdsl.files.whole_file import write_whole
from hawk_xdsl.npu_target import Units
from hawk_xdsl.report.rows import ReportRow
from hawk_xdsl.report.run_record import RunRecord
from hawk_xdsl.vendor.verdict import VendorVerdict


def write_report(rows: Sequence[ReportRow], path: Path, **figures: object) -> None:
    """The rows and further figures as JSON."""
    document = {**figures, "kernels": [asdict(row) for row in rows]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def add_to_report(path: Path, **figures: object) -> None:
    """Adds figures to a written report, or replaces them. Raises ``ReadError``, ``WriteError``."""
    with reading(path, "the report", todo="compile it again"):
        document = typed(dict[str, object], json.loads(path.read_text(encoding="utf-8")))
    with writing(path, "the report"):
        write_whole(path, json.dumps({**document, **figures}, indent=2) + "\n")


@dataclass(frozen=True)
class Report:
    """What is read back of a written report.

    Attributes:
        model: what was compiled.
        target: for which target.
        bound_shares: the bound over the cycles, by kernel.
        units: what each op needs at least of the units; ``None`` if one is not known.
    """

    model: str
    target: str
    bound_shares: Mapping[str, float]
    units: tuple[Units, ...] | None


def read_report(path: Path) -> Report:
    """A report that :func:`write_report` wrote. Raises ``ReadError`` for any other file."""
    with reading(path, "the report", todo="compile it again"):
        document: object = json.loads(path.read_text(encoding="utf-8"))
        rows = member(tuple[dict[str, object], ...], document, "kernels")
        shares: dict[str, float] = {}
        units: list[Units] | None = []
        for number, row in enumerate(rows):
            place = f"kernels[{number}]"
            # A union is no type[T] for pyright: both are asked for one after the other.
            if row.get("bound_share") is not None:
                share = member(float, row, "bound_share", place)
                for name in member(str, row, "kernel", place).split(", "):
                    shares[name.removeprefix("@")] = share
            cycles = row.get("unit_cycles")
            if not cycles:
                units = None
            elif units is not None:
                own = (member(float, cycles, unit, place) for unit in ("cube", "vector"))
                units.append(Units(*own))
        model, target = (member(str, document, key) for key in ("model", "target"))
        return Report(model, target, shares, None if units is None else tuple(units))


@dataclass(frozen=True)
class FullReport:
    """Everything that a written report holds.

    Attributes:
        model: what was compiled.
        target: for which target.
        kernels: a row for each op.
        run: a run of the example; ``None`` if it was not run.
        stages: seconds of the compile by stage, in order.
        vendor: what the vendor's tools said of kernels, if they were asked.
    """

    model: str
    target: str
    kernels: tuple[ReportRow, ...]
    run: RunRecord | None = None
    stages: Mapping[str, float] = field(default_factory=dict[str, float])
    vendor: tuple[VendorVerdict, ...] = ()


def read_full_report(path: Path) -> FullReport:
    """All of a report that is ours, field by field. Raises ``ReadError``."""
    with reading(path, "the report", todo="compile it again"):
        document = typed(dict[str, object], json.loads(path.read_text(encoding="utf-8")))
        model, target = (member(str, document, key) for key in ("model", "target"))
        kernels = member(tuple[ReportRow, ...], document, "kernels")
        run = typed(RunRecord, document["run"], "run") if "run" in document else None
        stages = typed(dict[str, float], document.get("stages", {}), "stages")
        answers = typed(tuple[dict[str, object], ...], document.get("vendor", ()), "vendor")
        vendor = tuple(
            typed(VendorVerdict, {k: v for k, v in each.items() if k != "passed"}, f"vendor[{n}]")
            for n, each in enumerate(answers)
        )
        return FullReport(model, target, kernels, run, stages, vendor)
