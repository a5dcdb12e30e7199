"""How fast a run was, and what made it slow: occupancy, waits, bytes by path, warnings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target.banks import BankSpec
from hawk_xdsl.npu_target.instructions import TileInstruction
from hawk_xdsl.npu_target.memory import TileView
from hawk_xdsl.npu_target.moves import MoveInstruction
from hawk_xdsl.npu_target.target import AdviceSpec, Target
from hawk_xdsl.npu_target.tile_instructions import VectorInstruction

STALL_SHARE = 0.1
"""The bottleneck waiting for flags during more of the run than this is worth a warning."""

Stalls = Mapping[tuple[Pipe, Pipe], float]
"""Cycles in which the second pipe did nothing but wait for a flag of the first one."""


@dataclass(frozen=True)
class PerformanceWarning:
    """Something slow that is no error.

    Attributes:
        code: ``small-move``, ``misaligned-global``, ``bank-conflict`` or ``sync-stall``.
        op_name: the instruction; the pipe for ``bank-conflict`` and ``sync-stall``.
        count: in how many of its runs.
        message: one line.
    """

    code: str
    op_name: str
    count: int
    message: str

    def __str__(self) -> str:
        return f"{self.op_name}: {self.message} [{self.code}]"


@dataclass(frozen=True, kw_only=True)
class Performance:
    """The time of a run, or of several one after the other.

    Attributes:
        cycles: from the launch until the last core is done.
        busy: cycles each pipe works, on the core that is done last.
        stalls: cycles a pipe waits for a flag of another before it goes on, on that core.
        bytes_moved: bytes by path (``global->ub``), over all blocks.
        warnings: what is slow.
    """

    cycles: float
    busy: Mapping[Pipe, float]
    stalls: Stalls
    bytes_moved: Mapping[str, int]
    warnings: tuple[PerformanceWarning, ...]

    @property
    def bottleneck(self) -> Pipe:
        """The pipe that works longest."""
        return max(self.busy, key=lambda pipe: self.busy[pipe])

    @property
    def occupancy(self) -> dict[Pipe, float]:
        """The share of the cycles in which each pipe works, of those that work at all."""
        return {pipe: time / self.cycles for pipe, time in self.busy.items() if time}

    @property
    def waiting(self) -> dict[Pipe, float]:
        """The share of the cycles in which each pipe waits for a flag, of those that wait."""
        shares: dict[Pipe, float] = {}
        for (_, pipe), time in self.stalls.items():
            shares[pipe] = shares.get(pipe, 0.0) + time / self.cycles
        return shares


def total(runs: Sequence[Performance], between: float) -> Performance:
    """Several stages one after the other, with the cycles between them; equal warnings once."""
    return Performance(
        cycles=sum(run.cycles for run in runs) + between,
        busy=_sum([run.busy for run in runs], 0.0),
        stalls=_sum([run.stalls for run in runs], 0.0),
        bytes_moved=_sum([run.bytes_moved for run in runs], 0),
        warnings=tuple(dict.fromkeys(warning for run in runs for warning in run.warnings)),
    )


_Key = TypeVar("_Key")
_Number = TypeVar("_Number", int, float)


def _sum(parts: Sequence[Mapping[_Key, _Number]], zero: _Number) -> dict[_Key, _Number]:
    sums: dict[_Key, _Number] = {}
    for part in parts:
        for key, value in part.items():
            sums[key] = sums.get(key, zero) + value
    return sums


def bytes_by_path(instructions: Sequence[TileInstruction]) -> dict[str, int]:
    """Bytes that a kernel's instructions have moved, by path."""
    moved: dict[str, int] = {}
    for move in instructions:
        if isinstance(move, MoveInstruction):
            moved[move.route] = moved.get(move.route, 0) + move.moved_bytes
    return moved


def warnings_of(
    run: Performance,
    instructions: Sequence[TileInstruction],
    banks: BankSpec | None,
    target: Target,
) -> tuple[PerformanceWarning, ...]:
    """What was slow in a run, from the counters of its instructions.

    Waits and bank conflicts are only told of the pipe that works longest: others cost nothing.
    ``banks`` are those of the vector unit's memory, ``None`` where they are not known or buffers
    have no addresses.
    """
    found = [*_stall_warnings(run)]
    if target.advice is not None:
        found = [*_move_warnings(instructions, target.advice), *found]
    if banks is not None and run.bottleneck == target.vector.pipe:
        found += _bank_warnings(instructions, banks, target.vector.pipe)
    return tuple(found)


def _move_warnings(
    instructions: Sequence[TileInstruction], advice: AdviceSpec
) -> Iterator[PerformanceWarning]:
    """Small and misaligned copies, by the name of the instruction."""
    runs, small, misaligned = Counter[str](), Counter[str](), Counter[str]()
    for move in instructions:
        if not isinstance(move, MoveInstruction):
            continue
        runs[move.op.name] += move.runs
        small[move.op.name] += move.small
        misaligned[move.op.name] += move.misaligned
    for name, all_runs in runs.items():
        if small[name]:
            text = f"{small[name]} of {all_runs} copies are below {advice.move_bytes} bytes"
            yield PerformanceWarning("small-move", name, small[name], text)
        if misaligned[name]:
            text = (
                f"{misaligned[name]} of {all_runs} copies start at a global address that is not "
                f"a multiple of {advice.global_alignment}"
            )
            yield PerformanceWarning("misaligned-global", name, misaligned[name], text)


def _stall_warnings(run: Performance) -> Iterator[PerformanceWarning]:
    for (source, pipe), time in run.stalls.items():
        share = time / run.cycles
        if pipe == run.bottleneck and share > STALL_SHARE:
            text = (
                f"the busiest pipe waits {share:.0%} of the time for flags of {source}; smaller "
                "tiles or more buffers in turn would let the two overlap"
            )
            yield PerformanceWarning("sync-stall", pipe, round(time), text)


def _bank_warnings(
    instructions: Sequence[TileInstruction], banks: BankSpec, vector: Pipe
) -> Iterator[PerformanceWarning]:
    """Instructions whose operands start in one bank group; as their last run had them."""
    runs, conflicts = 0, Counter[str]()
    for found in instructions:
        if not isinstance(found, VectorInstruction):
            continue
        tiles = [operand for operand in found.last_operands if isinstance(operand, TileView)]
        runs += found.runs
        if tiles and _conflict(tiles, banks):
            conflicts[found.op.name] += found.runs
    if conflicts:
        most = ", ".join(name for name, _ in conflicts.most_common(3))
        text = (
            f"{conflicts.total()} of {runs} instructions read two tiles of one bank group, "
            f"or write into the bank they read, most of them {most}"
        )
        yield PerformanceWarning("bank-conflict", vector, conflicts.total(), text)


def _conflict(tiles: Sequence[TileView], banks: BankSpec) -> bool:
    """Whether two sources share a group, or the destination, the last tile, a source's bank."""
    *sources, dest = [banks.place(tile.start) for tile in tiles]
    groups = {group for group, _ in sources}
    return len(groups) < len(sources) or dest in sources
