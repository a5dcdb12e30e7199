"""Cycles of what the library did: the published rates of each instruction, our assumed waits.

The trace of a call is run on two pipes in order, the scalar unit and the vector unit. A vector
instruction costs what is published for it; what a barrier or flag waits for is the tail of the
vector unit, which the target assumes, so it is the number of waits that is the library's.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from calibration import POINTS, read_points
from cost_fit import fit

from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.cost import move_cycles
from hawk_xdsl.npu_target.cost_lines import Cost
from vendor_ops.machine import Event

_WORDS = {
    "f32": "FP32", "f16": "FP16", "bf16": "BF16", "b16": "UINT16", "b32": "UINT32",
    **{f"s{n}": f"INT{n}" for n in (8, 16, 32, 64)},
    **{f"u{n}": f"UINT{n}" for n in (8, 16, 32, 64)},
}  # fmt: skip
_NAMES = {"MOVEV": "VECTORDUP", "VREDUCEv2": "VREDUCEV2"}
SCALAR, VECTOR = 0, 1
ALL = 6


@cache
def published(target_name: str, file: Path) -> dict[str, Cost]:
    """Costs of the hardware's instructions, fitted on the published points of each."""
    from hawk_xdsl.npu_target import load_target

    series = read_points(file, load_target(target_name))
    return {one.name: fit(one, chunk=0, floor=0) for one in series if one.kind == "vector"}


class Rates:
    """Cycles of an instruction by its name."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._costs = published(target.name, POINTS / f"{target.name}_measured.json")
        self.assumed: set[str] = set()

    def cycles(self, event: Event) -> float:
        """Of one instruction of the vector unit."""
        if event.name.startswith("MOV.UB"):
            path = next(p for (a, b), p in self.target.paths.items() if a == b)
            return move_cycles(path, 1, event.bytes)
        return self._cost(event.name).cycles(event.repeats)

    def _cost(self, name: str) -> Cost:
        for candidate in _candidates(name):
            if candidate in self._costs:
                return self._costs[candidate]
        self.assumed.add(name)
        turn = self.target.vector.ops["vtranspose"]
        if name.startswith("S.VNCHWCONV"):
            return turn["f32" if name.endswith("b32") else "f16"]
        return self.target.vector.ops["vadd_scalar"]["f32"]


def _candidates(name: str) -> Iterable[str]:
    """The published series of an instruction, then those of its kin."""
    mnemonic, *rest = name.split(".")
    mnemonic = _NAMES.get(mnemonic, mnemonic)
    if mnemonic == "VCONV":
        found = re.match(r"(f32|f16|bf16|[su]\d+)2(f32|f16|bf16|[su]\d+)", rest[0])
        assert found is not None
        yield f"VCONV_{_WORDS[found[1]]}_{_WORDS[found[2]]}"
        yield "VCONV_INT32_FP32" if "32" in rest[0] else "VCONV_INT16_FP16"
        return
    kinds = [word for word in rest if word in _WORDS] or ["b32"]
    for kind in (kinds[0], kinds[0].replace("b", "u"), kinds[0].replace("s", "f")):
        word = _WORDS.get(kind, "")
        for count in (3, 2):
            yield "_".join([mnemonic, *[word] * count])


@dataclass
class Tally:
    """What a sequence of events was."""

    instructions: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    barriers: int = 0
    flags: int = 0
    scalar: int = 0
    cycles: float = 0.0


def tally(events: Iterable[Event], rates: Rates) -> Tally:
    """Count events and time them, from the first vector instruction or scalar access on.

    What sets up registers before it overlaps with the instruction before; a barrier behind the last
    one is that of the next instruction.
    """
    target, found = rates.target, Tally()
    sync, scalar = target.sync, target.scalar
    tail = sync.tail[target.vector.pipe]
    now = {SCALAR: 0.0, VECTOR: 0.0}
    begun: float | None = None
    ended = 0.0
    busy = False  # whether the vector unit has worked since it was waited for
    read = scalar.read[target.space(Role.VECTOR)]
    for event in events:
        match event.name:
            case "BARRIER":
                if event.numbers[0] in (VECTOR, ALL):
                    found.barriers += 1
                    now[SCALAR] += scalar.issue
                    now[VECTOR] = max(
                        now[VECTOR] + sync.barrier + (tail if busy else 0), now[SCALAR]
                    )
                    busy = False
                if event.numbers[0] == ALL:
                    now[SCALAR] = max(now[SCALAR], now[VECTOR])
            case "SET.FLAG.IMM":
                if set(event.numbers) <= {SCALAR, VECTOR}:
                    found.flags += 1
                    now[event.numbers[0]] += sync.flag
            case "WAIT.FLAG.IMM":
                if set(event.numbers) <= {SCALAR, VECTOR}:
                    source, dest = event.numbers
                    ready = now[source] + (tail if source == VECTOR and busy else 0)
                    now[dest] = max(now[dest], ready) + sync.flag
            case "scalar.read" | "scalar.write":
                found.scalar += 1
                begun = now[SCALAR] if begun is None else begun
                now[SCALAR] += read if event.name == "scalar.read" else scalar.issue
                ended = max(ended, now[SCALAR])
            case "MOVEMASK" | "SET.CTRL" | "SET.CMPMASK" | "MOVEVA" | "GET.MAX.MIN.CNT":
                now[SCALAR] += scalar.issue
            case name if name.startswith("arith."):
                now[SCALAR] += scalar.operation
            case name:
                found.instructions[name] = found.instructions.get(name, 0) + 1
                found.repeats += 0 if event.bytes else event.repeats
                now[SCALAR] += scalar.issue
                start = max(now[VECTOR], now[SCALAR])
                begun = start if begun is None else begun
                now[VECTOR] = start + rates.cycles(event)
                busy, ended = True, now[VECTOR]
    found.cycles = ended - (begun or 0.0)
    return found
