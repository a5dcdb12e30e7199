"""What can go wrong in a kernel: typed traps with a stable code, the op, its place and numbers."""

from collections.abc import Mapping
from types import MappingProxyType

from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.kernel_text import line_of
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError

Facts = Mapping[str, int | str]


class TrapCode(StrEnum):
    """The rule that was broken. The spelling is stable: knowledge is indexed by it."""

    CAPACITY = "capacity"
    MISALIGNED = "misaligned"
    OUT_OF_BOUNDS = "out-of-bounds"
    UNINITIALISED_READ = "uninitialised-read"
    OVERLAP = "overlap"
    RACE = "race"
    CORE_RACE = "core-race"
    DEADLOCK = "deadlock"
    EVENT_MISUSE = "event-misuse"
    FIELD_RANGE = "field-range"
    ILLEGAL_PATH = "illegal-path"
    DTYPE = "dtype"
    WRONG_CORE = "wrong-core"
    SHAPE = "shape"
    INPUT_WRITTEN = "input-written"
    UNWRITTEN_OUTPUT = "unwritten-output"
    UNPLANNED = "unplanned"
    ARITHMETIC = "arithmetic"
    UNDEFINED = "undefined"
    UNSUPPORTED = "unsupported"


class Trap(HawkError):
    """A kernel broke a rule of the hardware.

    Args:
        code: the rule.
        message: one line of what happened, with names and numbers.
        op: the op it happened at; none for the end of the kernel.
        kernel: the name of the kernel.
        place: where in the run, such as ``block 3, %t = 8``; empty for a static rule.
        facts: the numbers of the message by name.

    ``text_line`` is the line of the kernel text that the op was built from, if it was.
    """

    def __init__(
        self,
        code: TrapCode,
        message: str,
        *,
        op: Operation | None = None,
        kernel: str = "",
        place: str = "",
        facts: Facts = MappingProxyType({}),
    ) -> None:
        self.code = code
        self.op_name = "" if op is None else op.name
        self.location = _location(op, kernel)
        self.place = place
        self.reason = message
        self.text_line = None if op is None else line_of(op)
        self.facts: Facts = MappingProxyType(dict(facts))
        where = f"{self.location} ({place})" if place else self.location
        super().__init__(f"{where}: {message} [{code}]")


def launched_from(trap: Trap, place: tuple[str, int] | None) -> Trap:
    """The trap with the place in the model of what was launched, and the line of the kernel text.

    ``model.py:12: npu.vadd %a, %b (op 7) in @k: … [race]; line 4 of its kernel text``.
    """
    if trap.text_line is not None:
        trap.message += f"; line {trap.text_line} of its kernel text"
    if place is not None:
        trap.file, trap.line = place
    return trap


def _location(op: Operation | None, kernel: str) -> str:
    """``npu.vadd %a, %b #7 in @k``: the op, its operands, and its number within the kernel."""
    owner = f"@{kernel}" if kernel else ""
    if op is None:
        return owner
    names = ", ".join(value_name(value) for value in op.operands)
    number = _number_in_kernel(op)
    text = f"{op.name} {names}".rstrip()
    if number is not None:
        text += f" (op {number})"
    return f"{text} in {owner}" if owner else text


def _number_in_kernel(op: Operation) -> int | None:
    """The position of an op in its kernel, counted from 1 in program order."""
    kernel = op.parent_op()
    while kernel is not None and not isinstance(kernel, KernelOp):
        kernel = kernel.parent_op()
    if kernel is None:
        return None
    return next((number for number, found in enumerate(kernel.walk()) if found is op), None)


def value_name(value: SSAValue) -> str:
    """A value's name as the IR prints it, as far as it has one."""
    if value.name_hint is not None:
        return f"%{value.name_hint}"
    if isinstance(value, BlockArgument):
        return f"%arg{value.index}"
    return f"a result of {value.owner.name}" if isinstance(value.owner, Operation) else "a value"


class Fault(Exception):
    """A broken rule, found where the op is not known; whoever runs the op makes it a ``Trap``."""

    def __init__(self, code: TrapCode, message: str, **facts: int | str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts
        self.op: Operation | None = None
        self.place = ""
