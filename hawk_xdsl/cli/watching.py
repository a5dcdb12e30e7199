"""``hawk run --watch``: what a buffer held after each instruction that wrote into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from hawk_xdsl.compiled import Compiled, WatchedBuffer
from hawk_xdsl.dialects.npu import AllocOp, KernelOp
from hawk_xdsl.errors import HawkError, OptionError
from hawk_xdsl.npu_target import WrittenState
from hawk_xdsl.report import ReportRow

ALL = "all"
"""In place of a number: every block."""


@dataclass(frozen=True)
class Asked:
    """``@kernel:buffer[:block]``; without a block the first one, ``None`` for all."""

    kernel: str
    buffer: str
    block: int | None

    @classmethod
    def parse(cls, text: str) -> "Asked":
        """What was asked for. Raises ``OptionError``."""
        kernel, *rest = text.removeprefix("@").split(":")
        block = rest[1] if len(rest) == 2 else "0"
        if not kernel or len(rest) not in (1, 2) or not (block == ALL or block.isdecimal()):
            form = "@kernel:buffer or @kernel:buffer:block, the block a number or all"
            raise OptionError(f"--watch {text}: expected {form}")
        return cls(kernel, rest[0].removeprefix("%"), None if block == ALL else int(block))


@dataclass
class Shown:
    """Prints states with the statements of the kernel text, and keeps them if they are saved."""

    console: Console
    asked: Asked
    statements: Sequence[str]
    keep: bool
    states: list[WrittenState] = field(default_factory=list[WrittenState])
    count: int = 0

    def show(self, state: WrittenState) -> None:
        """Prints one state."""
        self.count += 1
        self.console.print(Text(self.heading(state), style="bold"), soft_wrap=True)
        values = np.asarray(state.values)
        shown = values.astype(np.float32) if values.dtype.kind == "V" else values
        self.console.print(Text(np.array2string(shown, threshold=64, precision=6)))
        if self.keep:
            self.states.append(state)

    def heading(self, state: WrittenState) -> str:
        """``@rows_0 block 0, %i0 = 0: b5 [2, 80] after npu.load, line 6: b5 = load …``."""
        shape = list(state.values.shape)
        said = f"@{self.asked.kernel} {state.place}: {state.buffer} {shape} after {state.op_name}"
        if state.line is not None:
            said += f", line {state.line}"
            if state.line <= len(self.statements):
                said += f": {self.statements[state.line - 1].strip()}"
        return said

    def save(self, folder: Path) -> None:
        """Writes each state as a .npy file, and what they are. Raises ``OSError``."""
        folder.mkdir(parents=True, exist_ok=True)
        lines: list[str] = []
        for number, state in enumerate(self.states):
            name = f"watched{number:04}.npy"
            np.save(folder / name, state.values)
            lines.append(f"{name}: {self.heading(state)}")
        (folder / "watched.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def watching(
    compiled: Compiled, rows: Sequence[ReportRow], text: str, console: Console, *, keep: bool
) -> tuple[Shown, WatchedBuffer]:
    """Who is shown what was asked for. Raises ``OptionError``, or ``HawkError`` if it is not there.

    Args:
        compiled: a model.
        rows: of its report, for the kernel text.
        text: what was asked for: ``@kernel:buffer[:block]``.
        console: where to print.
        keep: whether states are kept to be saved.
    """
    asked = Asked.parse(text)
    kernels = [op for op in compiled.module.ops if isinstance(op, KernelOp)]
    check_asked(asked, {op.sym_name.data: buffers_of(op) for op in kernels})
    shown = Shown(console, asked, statements_of(rows, asked.kernel), keep)
    return shown, WatchedBuffer(asked.kernel, asked.buffer, asked.block, shown.show)


def buffers_of(kernel: KernelOp) -> list[str]:
    """The names of what a kernel writes into: its buffers, then its outputs."""
    values = [op.buffer for op in kernel.walk() if isinstance(op, AllocOp)]
    names = (value.name_hint for value in (*values, *kernel.outputs))
    return [name for name in dict.fromkeys(names) if name is not None]


def statements_of(rows: Sequence[ReportRow], kernel: str) -> Sequence[str]:
    """The lines of the kernel text of a kernel; none if nobody knows it."""
    texts = (row.text for row in rows if kernel in row.symbols and row.text)
    return next(texts, "").splitlines()


def check_asked(asked: Asked, buffers: Mapping[str, Sequence[str]]) -> None:
    """Raises ``HawkError`` for a kernel or a buffer that there is not; ``buffers`` by kernel."""
    if asked.kernel not in buffers:
        known = ", ".join(f"@{name}" for name in buffers) or "none"
        raise HawkError(f"no kernel @{asked.kernel}; there are {known}")
    if asked.buffer not in buffers[asked.kernel]:
        known = ", ".join(buffers[asked.kernel])
        raise HawkError(f"@{asked.kernel} has no buffer {asked.buffer}; there are {known}")
