"""What is read from the vendor's ops: operands by group, properties as words and numbers."""

import re

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    MemRefType,
    UnregisteredAttr,
    UnregisteredOp,
)
from xdsl.ir import Attribute, Operation, SSAValue

WORD = re.compile(r"<?\s*(\w+)\s*>?\s*$")


def name_of(op: Operation) -> str:
    """The op's name, also of one whose dialect is not registered."""
    return op.op_name.data if isinstance(op, UnregisteredOp) else op.name


def mnemonic(op: Operation) -> str | None:
    """``load`` of ``hivm.hir.load``; ``None`` for ops of other dialects."""
    name = name_of(op)
    return name.removeprefix("hivm.hir.") if name.startswith("hivm.hir.") else None


def attribute(op: Operation, name: str) -> Attribute | None:
    """A property or attribute."""
    return op.properties.get(name, op.attributes.get(name))


def word(given: Attribute | None) -> str:
    """The word of an attribute such as ``#hivm.round_mode<rint>``; empty if there is none."""
    if given is None:
        return ""
    text = given.value.data if isinstance(given, UnregisteredAttr) else str(given)
    found = WORD.search(text)
    return "" if found is None else found.group(1)


def flag(op: Operation, name: str) -> bool:
    """Whether a boolean or unit attribute is set."""
    given = attribute(op, name)
    return bool(given.value.data) if isinstance(given, IntegerAttr) else given is not None


def numbers(given: Attribute | None) -> tuple[int, ...]:
    """The numbers of an array attribute; none if there is none."""
    if isinstance(given, DenseArrayBase):
        return tuple(int(value) for value in given.get_values())
    if isinstance(given, ArrayAttr):
        return tuple(item.value.data for item in given.data if isinstance(item, IntegerAttr))
    return ()


def groups(op: Operation) -> list[tuple[SSAValue, ...]]:
    """The operands by their segments; one group an operand where the op has no segments."""
    operands = tuple(op.operands)
    found: list[tuple[SSAValue, ...]] = []
    for size in numbers(attribute(op, "operandSegmentSizes")) or (1,) * len(operands):
        found.append(operands[:size])
        operands = operands[size:]
    return found


def space(type_: MemRefType) -> str:
    """The vendor's memory space of a buffer: ``gm``, ``ub``, ``cbuf``, ``cc``."""
    return word(type_.memory_space) if "hivm" in str(type_.memory_space) else "gm"
