"""The line of the kernel text that an op was built from, kept as the op's location."""

from functools import lru_cache

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr
from xdsl.ir import Operation

KERNEL_TEXT = "kernel text"
"""The file of such locations: a kernel text is no file, and kernels are renamed."""


def mark_line(op: Operation, line: int | None) -> None:
    """Notes that an op was built from a line, counted from 1."""
    if line is not None:
        op.location = _location(line)


def line_of(op: Operation) -> int | None:
    """The line of the kernel text that an op was built from; ``None`` if nobody wrote it there."""
    match op.location:
        case FileLineColLoc(filename=StringAttr(data=file), line=IntAttr(data=line)):
            return line if file == KERNEL_TEXT else None
        case _:
            return None


@lru_cache(maxsize=1024)
def _location(line: int) -> FileLineColLoc:
    return FileLineColLoc(StringAttr(KERNEL_TEXT), IntAttr(line), IntAttr(0))
