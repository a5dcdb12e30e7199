"""Lines of MLIR on tensors, as the vendor's LLVM 19 reads them: names, types, literals."""

import re
import struct
from collections.abc import Sequence

from torch_mlir import ir


class UnsupportedError(Exception):
    """Something of an operator has no named form here; the message names it."""


def tensor(shape: Sequence[int], element: str) -> str:
    """The type of a tensor."""
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + element + ">"


def type_text(type_: ir.Type) -> str:
    """A type; f64, which holds attributes of PyTorch only, as f32."""
    return str(type_).replace("f64", "f32")


def element_of(type_: ir.Type) -> str:
    """The dtype of a tensor type."""
    return type_text(ir.ShapedType(type_).element_type)


def shape_of(type_: ir.Type) -> list[int]:
    """The shape of a tensor type."""
    return list(ir.ShapedType(type_).shape)


def narrowed(literal: str) -> str:
    """A literal of f64 in bits as one of f32."""
    found = re.match(r"0x([0-9A-Fa-f]{16}) : f64", literal)
    if not found:
        return literal.replace("f64", "f32")
    (value,) = struct.unpack(">d", bytes.fromhex(found.group(1)))
    (bits,) = struct.unpack(">I", struct.pack(">f", value))
    return f"0x{bits:08X} : f32"


class Lines:
    """Collects lines; every value gets a name of its own."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def name(self, prefix: str = "v") -> str:
        """A new name."""
        self._count += 1
        return f"%{prefix}{self._count}"

    def add(self, line: str) -> None:
        """A line without a result."""
        self.lines.append("    " + line)

    def value(self, line: str, prefix: str = "v") -> str:
        """A line with a result; its name."""
        name = self.name(prefix)
        self.add(f"{name} = {line}")
        return name

    def empty(self, shape: Sequence[int], element: str) -> str:
        """A tensor to write into."""
        return self.value(f"tensor.empty() : {tensor(shape, element)}", "e")

    def splat(self, literal: str, shape: Sequence[int], element: str) -> str:
        """A tensor of one number."""
        return self.value(f"arith.constant dense<{literal}> : {tensor(shape, element)}", "c")

    def transposed(self, value: str, shape: list[int], order: list[int], element: str) -> str:
        """A tensor with its dimensions permuted."""
        to = [shape[i] for i in order]
        into = self.empty(to, element)
        return self.value(
            f"linalg.transpose ins({value} : {tensor(shape, element)}) "
            f"outs({into} : {tensor(to, element)}) permutation = {order}", "t"
        )  # fmt: skip

    def collapsed(self, value: str, shape: list[int], kept: list[bool], element: str) -> str:
        """A tensor without its dimensions of extent 1 that are not kept."""
        to = [extent for extent, keep in zip(shape, kept, strict=True) if keep]
        return self.value(
            f"tensor.collapse_shape {value} {joined(kept)} : {tensor(shape, element)} "
            f"into {tensor(to, element)}", "r"
        )  # fmt: skip

    def broadcast(
        self, value: str, shape: list[int], dims: list[int | None], to: list[int], element: str
    ) -> str:
        """A tensor whose dimensions are those of a larger one, ``None`` for a single element."""
        if None in dims:
            kept = [dim is not None for dim in dims]
            value = self.collapsed(value, shape, kept, element)
            shape = [extent for extent, keep in zip(shape, kept, strict=True) if keep]
        real = [dim for dim in dims if dim is not None]
        order = sorted(range(len(real)), key=real.__getitem__)
        if order != list(range(len(real))):
            value = self.transposed(value, shape, order, element)
            shape = [shape[i] for i in order]
        new = [dim for dim in range(len(to)) if dim not in real]
        if not new:
            return value
        into = self.empty(to, element)
        return self.value(
            f"linalg.broadcast ins({value} : {tensor(shape, element)}) "
            f"outs({into} : {tensor(to, element)}) dimensions = {new}", "b"
        )  # fmt: skip


def joined(kept: Sequence[bool]) -> str:
    """The reassociation that joins dimensions of extent 1 to their neighbours."""
    if not any(kept):
        return "[]"
    groups: list[list[int]] = [[]]
    seen = False
    for dim, keep in enumerate(kept):
        if keep and seen:
            groups.append([])
        groups[-1].append(dim)
        seen = seen or keep
    return str(groups)
