"""One case through the vendor's compiler and library, and through the NPU simulator."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.npu_target import Target
from vendor_ops import across, elementwise
from vendor_ops.arena import Arena
from vendor_ops.bitcode import OpLibrary, library_path
from vendor_ops.cases import LETTERS, Case, Operand, values
from vendor_ops.compilation import VendorError, compile_kernel
from vendor_ops.machine import Event, HardwareError, Machine
from vendor_ops.ours import Ours, ours
from vendor_ops.program import Program, Run
from vendor_ops.tile import UnknownOperation
from vendor_ops.timing import Rates, tally

SEED = 7


@dataclass(frozen=True)
class Row:
    """What the two said of a case.

    Attributes:
        values: ``equal``, the largest difference, or why there are none.
        temporary: bytes that the vendor's compiler allocates for the instruction.
        charged_temporary: those that the target charges.
        functions: the library's functions that it calls, and how often.
        instructions: the hardware's instructions, and how often.
        scalar: accesses of the scalar unit to the unified buffer.
        cycles: by the published rates and the assumed waits.
        charged: by the target; ``None`` where it lacks the instruction.
    """

    name: str
    what: str
    values: str
    temporary: int = 0
    charged_temporary: int = 0
    functions: str = ""
    instructions: str = ""
    repeats: int = 0
    barriers: int = 0
    flags: int = 0
    scalar: int = 0
    cycles: float = 0.0
    charged: float | None = None

    @property
    def key(self) -> str:
        """What names the case."""
        return f"{self.name} {self.what}"

    @property
    def ratio(self) -> float | None:
        """What the target charges over what the library takes."""
        return self.charged / self.cycles if self.charged and self.cycles else None

    def as_dict(self) -> dict[str, object]:
        """For a file of rows."""
        return asdict(self)


@dataclass(frozen=True)
class Compiled:
    """A case as the vendor compiles it: a program, or why there is none."""

    case: Case
    program: Program | None
    refusal: str = ""


def compiled(case: Case, folder: Path | None = None) -> Compiled:
    """Compile a case, or take what an earlier run compiled from the same text.

    Args:
        case: the case.
        folder: where what the vendor's compiler says is kept; nowhere if ``None``.
    """
    text = hivm_text(case)
    kept = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.mlir" if folder else None
    if kept is not None and kept.exists():
        said = kept.read_text()
    else:
        try:
            said = compile_kernel(text)
        except VendorError as error:
            said = f"{_REFUSED}{error}"[:160]
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(said)
    if said.startswith(_REFUSED):
        return Compiled(case, None, said)
    return Compiled(case, Program(said))


_REFUSED = "refused: "


class Oracle:
    """The vendor's library, with all that some programs need of it."""

    def __init__(self, target: Target, programs: Iterable[Compiled]) -> None:
        needed = {name for one in programs if one.program for name in one.program.calls}
        self.machine = Machine(Arena.shared(), {**elementwise.HANDLERS, **across.HANDLERS})
        self.library = OpLibrary(library_path(), needed, self.machine)
        self.target = target
        self.rates = Rates(target)

    def row(self, one: Compiled) -> Row:
        """Run and compare one case."""
        case = one.case
        rng = np.random.default_rng(SEED)
        make = case.make or values
        inputs = [make(rng, operand, i) for i, operand in enumerate(case.inputs)]
        mine = ours(case, [array.copy() for array in inputs], self.target)
        partial = {
            "name": case.name,
            "what": case.what,
            "charged": mine.cycles,
            "charged_temporary": mine.temporary,
        }
        if one.program is None:
            return Row(values=one.refusal, **partial)
        try:
            found, run = self._run(case, one.program, inputs)
        except UnknownOperation as error:
            return Row(values=f"not lowered: {error}"[:160], **partial)
        except HardwareError as error:
            return Row(values=f"not run: {error}"[:160], **partial)
        events, functions = counted(case, run)
        total = tally(events, self.rates)
        return Row(
            values=difference(found, mine),
            temporary=temporary_of(run, case),
            functions=_times(functions),
            instructions=_times(
                [name for name, count in total.instructions.items() for _ in range(count)]
            ),
            repeats=total.repeats,
            barriers=total.barriers,
            flags=total.flags,
            scalar=total.scalar,
            cycles=round(total.cycles, 1),
            **partial,
        )

    def _run(self, case: Case, program: Program, inputs: Sequence[NDArray]) -> tuple[NDArray, Run]:
        out = np.zeros(case.out.shape, case.out.numpy)
        arguments = [array.copy() for array in inputs] + [out]
        with np.errstate(all="ignore"):
            run = program.run(self.machine, self.library, arguments)
        if case.as_bits:
            return run.truths[-1].truth().reshape(out.shape).astype(np.int8), run
        return out, run


def hivm_text(case: Case) -> str:
    """The kernel that loads the operands, runs the instruction and stores the result."""
    tiles: dict[str, Operand] = dict(zip(LETTERS, case.inputs, strict=False))
    tiles["o"] = case.out
    every = {**tiles, **dict(case.locals)}
    if case.as_bits:
        every.pop("o")
    arguments = ", ".join(f"%g{name}: {_memref(tile, 'gm')}" for name, tile in tiles.items())
    lines = ["%c0 = arith.constant 0 : index", "%c1 = arith.constant 1 : index",
             "%zero = arith.constant 0.0 : f16"]  # fmt: skip
    lines += [f"%n{i} = arith.constant {v} : {kind}" for i, (v, kind) in enumerate(case.numbers)]
    lines += [f"%{name} = memref.alloc() : {_memref(tile, 'ub')}" for name, tile in every.items()]
    lines += [_move("load", f"%g{n}", f"%{n}", tiles[n], "gm", "ub") for n in tiles if n != "o"]
    lines += [_filled(line, every) for line in case.hivm]
    if not case.as_bits:
        lines.append(_move("store", "%o", "%go", case.out, "ub", "gm"))
    body = "\n".join(f"  {line}" for line in lines)
    attributes = "hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>"
    return (
        f"module {{\nfunc.func @k({arguments}) attributes {{{attributes}}} {{\n{body}\n"
        "  return\n}\n}\n"
    )


def _memref(tile: Operand, space: str) -> str:
    extents = "x".join(map(str, tile.shape))
    return f"memref<{extents}x{tile.dtype}, #hivm.address_space<{space}>>"


def _move(op: str, source: str, dest: str, tile: Operand, a: str, b: str) -> str:
    return f"hivm.hir.{op} ins({source} : {_memref(tile, a)}) outs({dest} : {_memref(tile, b)})"


def _filled(line: str, tiles: dict[str, Operand]) -> str:
    """A line with its operands: ``ins({a}, {b})`` gets names and types; ``{A}`` is a type."""

    def group(found: re.Match[str]) -> str:
        names = re.findall(r"\{([a-z])\}", found[2])
        if not names or ":" in found[2]:
            return found[0]
        listed = ", ".join(f"%{name}" for name in names)
        types = ", ".join(_memref(tiles[name], "ub") for name in names)
        return f"{found[1]}({listed} : {types})"

    line = re.sub(r"(ins|outs|indices)\(([^()]*)\)", group, line)
    line = re.sub(r"\{([a-z])\}", r"%\1", line)
    return re.sub(r"\{([A-Z])\}", lambda found: _memref(tiles[found[1].lower()], "ub"), line)


def counted(case: Case, run: Run) -> tuple[list[Event], list[str]]:
    """What belongs to the instruction itself: from its first function to its last.

    What a kernel does between two of them, such as a barrier, belongs to it too.
    """
    calls = run.calls
    inner = [
        i
        for i, call in enumerate(calls)
        if (call.name and not call.name.startswith(case.aside or ("-",)))
        or any(event.name.startswith("scalar.") for event in call.events)
    ]
    if not inner:
        return [], []
    chosen = calls[inner[0] : inner[-1] + 1]
    events = [
        event
        for index, call in enumerate(chosen)
        for event in _between(call.events, call.name, index in (0, len(chosen) - 1))
    ]
    return events, [call.name for call in chosen if call.name]


def _between(events: list[Event], name: str, at_end: bool) -> list[Event]:
    """Events of a call; at an end of what is counted, the kernel's own flags are not of it."""
    if name or not at_end:
        return events
    return [
        event for event in events if event.name not in ("SET.FLAG.IMM", "WAIT.FLAG.IMM", "BARRIER")
    ]


def temporary_of(run: Run, case: Case) -> int:
    """Bytes of buffers that no operand is: the compiler allocated them for the instruction."""
    named = len(case.inputs) + len(case.locals) + (0 if case.as_bits else 1)
    return sum(-(-int(np.prod(t.sizes)) * t.bits // 8) for t in run.buffers[named:])


def difference(found: NDArray, mine: Ours) -> str:
    """Equal bit for bit, or by how much not."""
    expected = mine.values
    if found.tobytes() == expected.tobytes():
        return "equal"
    a, b = found.astype(np.float64), expected.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return "equal but for the sign of zero or NaN"
    scale = np.maximum(np.abs(b), np.finfo(np.float64).tiny)
    with np.errstate(all="ignore"):
        relative = np.where(same, 0, np.abs(a - b) / scale)
    return f"{np.nanmax(relative):.2g} in {int((~same).sum())} of {same.size}"


def _times(names: Sequence[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} ×{n}" if n > 1 else name for name, n in counts.items())
