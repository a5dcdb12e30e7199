"""Kernels and ops of the tests and benchmarks, from the files of ``kernels/`` (see its README)."""

from dataclasses import dataclass
from pathlib import Path
from string import Template

from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature

FOLDER = Path(__file__).parent / "kernels"
OUT = " out"


@dataclass(frozen=True)
class Kernel:
    """A canonical text and its signature."""

    signature: Signature
    text: str


def read_kernel(name: str, **holes: object) -> Kernel:
    """The kernel of ``kernels/NAME.kernel``; each ``$hole`` of the file is given a value."""
    header, text = _filled(f"{name}.kernel", holes).split("\n\n", 1)
    inputs, outputs = [], []
    for line in header.splitlines():
        written = line.endswith(OUT)
        (outputs if written else inputs).append(operand(line.removesuffix(OUT)))
    symbol = Path(name).name
    return Kernel(Signature(symbol, tuple(inputs), tuple(outputs), "ascend910b1"), text)


def read_module(name: str, **holes: object) -> str:
    """The text of ``kernels/NAME.mlir``; each ``$hole`` of the file is given a value."""
    return _filled(f"{name}.mlir", holes)


def operand(text: str) -> GlobalOperand:
    """``x: f32[8, 64]`` as an operand."""
    name, type_ = text.split(": ")
    dtype, extents = type_.rstrip("]").split("[")
    return GlobalOperand(name, dtype, tuple(int(extent) for extent in extents.split(",")))


def signature(name: str, inputs: dict[str, str], outputs: dict[str, str]) -> Signature:
    """The signature of operands such as ``{"x": "f32[8, 64]"}``."""
    given, written = (
        tuple(operand(f"{name}: {type_}") for name, type_ in operands.items())
        for operands in (inputs, outputs)
    )
    return Signature(name, given, written, "ascend910b1")


def _filled(file: str, holes: dict[str, object]) -> str:
    text = (FOLDER / file).read_text(encoding="utf-8")
    return Template(text).substitute(holes) if holes else text
