"""The table of ``benchmarks/vendor.py``, and whether its aims are met."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scheduler.operators import Compared

FASTER, NOT_UNDER, NEAR_BOUND, THERE = 1.3, 0.98, 1.1, 1.1
"""Of the aims: over all; each with our sync; which tiles are far from the bound; over those."""


@dataclass(frozen=True)
class Line:
    """A row of the table: cycles, ``None`` where there is no kernel."""

    name: str
    route: str
    emitted: float | None
    cleaned: float | None
    resynced: float | None
    tensors: float | None
    ours: float | None
    bound: float | None
    vendor_seconds: float | None
    our_seconds: float | None
    compiles: bool
    right: bool | None
    reason: str

    def ratio(self, theirs: float | None) -> float | None:
        """Theirs over ours."""
        return None if theirs is None or self.ours is None else theirs / self.ours


def line_of(row: Compared, found: Mapping[str, Any]) -> Line:
    """What was found of an operator."""
    vendor, ours = found.get("vendor", []), found.get("ours", {})
    kernels = [route for route in vendor if route["cleaned"] is not None]
    best = min(kernels, key=lambda route: route["cleaned"], default=None)
    tensors = [route["cleaned"] for route in kernels if route["name"].startswith("tensors")]
    # A kernel that our reading refuses was compiled all the same.
    compiles = bool(kernels) or any("not read" in route["reason"] for route in vendor)
    refused = next((r["reason"] for r in vendor if "not read" in r["reason"]), "")
    reason = "" if best else refused or (vendor[0]["reason"] if vendor else "not run")
    return Line(
        name=row.name,
        route="" if best is None else best["name"],
        emitted=_least(kernels, "emitted"),
        cleaned=None if best is None else best["cleaned"],
        resynced=_least(kernels, "ours"),
        tensors=min(tensors, default=None),
        ours=ours.get("cycles"),
        bound=ours.get("bound"),
        vendor_seconds=None if best is None else best["seconds"],
        our_seconds=ours.get("seconds"),
        compiles=compiles,
        right=None if best is None or best["error"] is None else best["error"] < 2e-2,
        reason=reason or ours.get("reason", ""),
    )


def print_table(rows: Sequence[Compared], done: Mapping[str, Any], console: Console) -> None:
    """One line an operator."""
    table = Table(box=SIMPLE_HEAD)
    columns = ("operator", "vendor's route", "emitted", "cleaned", "our sync", "ours", "bound",
               "cleaned / ours", "our sync / ours", "seconds", "ours")  # fmt: skip
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < 2 else "right", no_wrap=place != 1)
    for row in rows:
        line = line_of(row, done.get(row.name, {}))
        route = line.route + (" (values differ)" if line.right is False else "")
        table.add_row(
            line.name, route or f"none: {line.reason[:60]}", *map(_whole, (
                line.emitted, line.cleaned, line.resynced, line.ours, line.bound)),
            _two(line.ratio(line.cleaned)), _two(line.ratio(line.resynced)),
            _two(line.vendor_seconds), _two(line.our_seconds),
        )  # fmt: skip
    console.print(table)


def print_aims(rows: Sequence[Compared], done: Mapping[str, Any], console: Console) -> None:
    """Each aim, and what was reached."""
    lines = [line_of(row, done.get(row.name, {})) for row in rows]
    known = [line for line in lines if line.ours is not None]
    theirs = [line for line in lines if line.compiles]
    both = [line for line in theirs if "ours" in done.get(line.name, {})]
    missing = [line.name for line in both if line.ours is None]
    say = lambda text: console.print(text, highlight=False)  # noqa: E731
    ran = [sum(side in done.get(line.name, {}) for line in lines) for side in ("vendor", "ours")]
    say(f"operators {len(lines)}; run by the vendor {ran[0]}, compiled {len(theirs)}")
    say(f"run by us {ran[1]}, compiled {len(known)}; both {len(both)}")
    say(f"compiled by the vendor and not by us: {', '.join(missing) or 'none'} (aim: none)")
    for name, pick in (
        ("as emitted", lambda line: line.emitted),
        ("cleaned", lambda line: line.cleaned),
        (
            "cleaned, tensor routes only, where its scheduler chooses tiles",
            lambda line: line.tensors,
        ),
        ("with our sync on its tiles", lambda line: line.resynced),
    ):
        ratios = [ratio for line in known if (ratio := line.ratio(pick(line))) is not None]
        aim = f" (aim {FASTER})" if name == "cleaned" else ""
        say(f"vendor / ours, {name}: geometric mean {_mean(ratios)} over {len(ratios)}{aim}")
    slow = [
        f"{line.name} {ratio:.2f}" for line in known
        if (ratio := line.ratio(line.resynced)) is not None and ratio < NOT_UNDER
    ]  # fmt: skip
    say(f"under {NOT_UNDER} with our sync on its tiles: {', '.join(slow) or 'none'} (aim: none)")
    far = [
        ratio for line in known
        if line.bound and line.resynced and line.resynced > NEAR_BOUND * line.bound
        and (ratio := line.ratio(line.resynced)) is not None
    ]  # fmt: skip
    say(
        f"where its tiles with our sync exceed {NEAR_BOUND} x the bound: "
        f"{_mean(far)} over {len(far)} (aim {THERE})"
    )


def _least(routes: Sequence[Mapping[str, Any]], key: str) -> float | None:
    return min((route[key] for route in routes if route[key] is not None), default=None)


def _mean(ratios: Sequence[float]) -> str:
    if not ratios:
        return "-"
    return f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
