"""Writes simulations as a Perfetto/Chrome trace: a track per core and pipe, flags as arrows.

Each kernel is a process, whose last track is its launch, or the barrier before it; copies say how
much L2 missed.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target.launches import Gap
from hawk_xdsl.npu_target.simulation import FlagWait, Simulation
from hawk_xdsl.npu_target.target import Target


class TraceRow(TypedDict, total=False):
    """An event of the Trace Event Format; times in microseconds. ``X`` is a slice, ``s`` and ``f``
    the ends of an arrow, ``M`` the name of a process or thread."""

    ph: Literal["X", "s", "f", "M"]
    name: str
    cat: str
    ts: float
    dur: float
    pid: int
    tid: int
    id: int
    bp: Literal["e"]
    args: dict[str, str | int]


class _TrackKey(NamedTuple):
    """A row of the picture."""

    core: int
    pipe: Pipe

    def number(self, target: Target) -> int:
        """Its place in the picture: cores one below the other, in each the target's pipes."""
        return self.core * len(target.all_pipes) + target.all_pipes.index(self.pipe)


@dataclass(frozen=True)
class _Slice:
    """Something a pipe does, in nanoseconds: viewers round to them, and slices may not overlap."""

    start: int
    end: int
    name: str
    category: str
    block: int
    misses: float | None = None

    @property
    def last(self) -> int:
        """The last nanosecond inside."""
        return max(self.start, self.end - 1)


def write_trace(
    launches: Sequence[tuple[str, Simulation]], gaps: Sequence[Gap], target: Target, path: Path
) -> None:
    """Write kernel launches, one after the other, as JSON that Perfetto and Chrome open.

    Args:
        launches: names and simulations with a timeline.
        gaps: what lies before each.
        target: its clock turns cycles into time.
        path: the file.
    """
    rows: list[TraceRow] = []
    begin, arrows = 0.0, count(1)
    for number, ((name, simulation), gap) in enumerate(zip(launches, gaps, strict=True)):
        rows += _gap_rows(number, name, gap, _Clock(target, begin))
        begin += gap.cycles
        rows += _launch_rows(number, name, _Clock(target, begin), simulation, arrows)
        begin += simulation.cycles
    document = {
        "displayTimeUnit": "ns",
        "otherData": {"target": target.name, "clock_ghz": target.clock_ghz, "time": "simulated"},
        "traceEvents": rows,
    }
    path.write_text(json.dumps(document), encoding="utf-8")


class _Clock(NamedTuple):
    """Turns cycles since a launch into nanoseconds since the first launch."""

    target: Target
    begin: float

    def ns(self, cycles: float) -> int:
        return round(self.target.microseconds(self.begin + cycles) * 1000)


def _gap_rows(pid: int, name: str, gap: Gap, clock: _Clock) -> Iterator[TraceRow]:
    """What comes before the kernel: a track of its own, below those of all cores."""
    target = clock.target
    if not gap.cycles:
        return
    what = gap.what or "launch"
    tid = sum(target.cores.values()) * len(target.all_pipes)
    start, end = clock.ns(0), clock.ns(gap.cycles)
    yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": "launch"}}
    yield {
        "ph": "X", "name": f"{what} @{name}", "cat": str(what), "ts": start / 1000,
        "dur": (end - start) / 1000, "pid": pid, "tid": tid,
    }  # fmt: skip


def _launch_rows(
    pid: int, name: str, clock: _Clock, simulation: Simulation, arrows: Iterator[int]
) -> Iterator[TraceRow]:
    """One launch: a process."""
    tracks = _tracks(clock, simulation)
    markers = [
        (wait, _leaves(wait, clock, tracks), _arrives(wait, clock, tracks))
        for wait in simulation.waits
    ]
    yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": f"@{name}"}}
    yield {
        "ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid},
    }  # fmt: skip
    for key in sorted(tracks, key=lambda key: key.number(clock.target)):
        tid = key.number(clock.target)
        label = f"core {key.core} {key.pipe}"
        yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": label}}
        yield {
            "ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid,
            "args": {"sort_index": tid},
        }  # fmt: skip
        for found in tracks[key]:
            yield {
                "ph": "X", "name": found.name, "cat": found.category, "ts": found.start / 1000,
                "dur": (found.end - found.start) / 1000, "pid": pid, "tid": tid,
                "args": _arguments(found),
            }  # fmt: skip
    for wait, leaves, arrives in markers:
        source, dest = _TrackKey(wait.core, wait.source), _TrackKey(wait.core, wait.target)
        name, arrow = _flag_name(wait), next(arrows)
        yield {
            "ph": "s", "name": name, "cat": "flag", "id": arrow, "ts": leaves / 1000,
            "pid": pid, "tid": source.number(clock.target),
        }  # fmt: skip
        yield {
            "ph": "f", "bp": "e", "name": name, "cat": "flag", "id": arrow, "ts": arrives / 1000,
            "pid": pid, "tid": dest.number(clock.target),
        }  # fmt: skip


def _arguments(found: _Slice) -> dict[str, str | int]:
    """What a viewer shows of a slice that is clicked."""
    if found.misses is None:
        return {"block": found.block}
    return {"block": found.block, "L2 misses": f"{found.misses:.0%}"}


_Tracks = dict[_TrackKey, list[_Slice]]


def _tracks(clock: _Clock, simulation: Simulation) -> _Tracks:
    """Instructions, and the waits that took time, by track in order of time."""
    tracks: _Tracks = {}
    for event in simulation.timeline:
        found = _Slice(
            clock.ns(event.start),
            clock.ns(event.end),
            event.name,
            "instruction",
            event.block,
            event.misses,
        )
        tracks.setdefault(_TrackKey(event.core, event.pipe), []).append(found)
    for wait in simulation.waits:
        start, end = clock.ns(wait.start), clock.ns(wait.end)
        if end > start:
            found = _Slice(start, end, f"wait {_flag_name(wait)}", "wait", wait.block)
            tracks.setdefault(_TrackKey(wait.core, wait.target), []).append(found)
    for slices in tracks.values():
        slices.sort(key=lambda found: (found.start, found.end))
    return tracks


def _flag_name(wait: FlagWait) -> str:
    return f"{wait.source} to {wait.target} {wait.event}"


def _leaves(wait: FlagWait, clock: _Clock, tracks: _Tracks) -> int:
    """Where an arrow starts: in the setter's last slice, for viewers bind arrows to slices."""
    slices = tracks.setdefault(_TrackKey(wait.core, wait.source), [])
    moment = clock.ns(wait.set_at)
    place = bisect_right(slices, moment, key=lambda found: found.end)
    if place and slices[place - 1].block == wait.block:
        return slices[place - 1].last
    return _mark(slices, place, moment, f"set {_flag_name(wait)}", wait.block)


def _arrives(wait: FlagWait, clock: _Clock, tracks: _Tracks) -> int:
    """Where an arrow ends: in the wait if it took time, else in what the pipe does next."""
    slices = tracks.setdefault(_TrackKey(wait.core, wait.target), [])
    start, end = clock.ns(wait.start), clock.ns(wait.end)
    if end > start:
        return end - 1
    place = bisect_right(slices, end - 1, key=lambda found: found.start)
    if place < len(slices) and slices[place].block == wait.block:
        return slices[place].start
    return _mark(slices, place, end, f"wait {_flag_name(wait)}", wait.block)


def _mark(slices: list[_Slice], place: int, moment: int, name: str, block: int) -> int:
    """A slice of a nanosecond where a pipe does nothing that an arrow could be bound to."""
    slices.insert(place, _Slice(moment, moment + 1, name, "wait", block))
    return moment
