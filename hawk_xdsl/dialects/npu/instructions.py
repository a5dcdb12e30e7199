"""The table of the vector unit's instructions: one row says everything about one of them.

The ops, the kernel text's grammar and builder, the interpreter, the certificates' functions, the
damage that mutants do, a kernel model's words and ``docs/instructions.md`` are made from it. A new
element-wise instruction is one row here, and its costs in ``[vector.ops]`` of a target's file::

    InstructionRow("vsinh", OpForm.UNARY, "Hyperbolic sine.", np.sinh)       # here
    vsinh = { f16 = [4, 0, 8], f32 = [3, 0, 8] }                          # targets/NAME.toml
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.npu import arithmetic
from hawk_xdsl.dialects.npu.attributes import Accumulation, Comparison, Reduction, Rounding

Compute = Callable[..., object]
"""A function of one tile, ``f(x, out)``, or of two, ``f(x, y, out=out)``, as numpy's are called."""


class OpForm(StrEnum):
    """How an instruction is written, what its operands are, and which op class declares it."""

    UNARY = "TILE"
    BINARY = "TILE, TILE or NUMBER"
    COMPARE = "RELATION TILE, TILE or NUMBER"
    SELECT = "MASK, TILE or NUMBER, TILE or NUMBER"
    CAST = "TILE to DTYPE round MODE"
    BROADCAST = "TILE or SCALAR to SHAPE"
    REDUCE = "KIND TILE axis AXES"
    CUMULATE = "KIND TILE axis AXIS"
    TRANSPOSE = "TILE perm PERMUTATION"
    ARANGE = "DTYPE SHAPE axis AXIS"
    GATHER = "TILE, TILE of i32"

    @property
    def is_elementwise(self) -> bool:
        """Whether a row alone declares an instruction: a mnemonic and a function of elements."""
        return self in (OpForm.UNARY, OpForm.BINARY)


KINDS: dict[OpForm, type[StrEnum]] = {
    OpForm.COMPARE: Comparison,
    OpForm.CAST: Rounding,
    OpForm.REDUCE: Reduction,
    OpForm.CUMULATE: Accumulation,
}
"""The words that a form chooses from."""


@dataclass(frozen=True)
class InstructionRow:
    """One instruction of the vector unit.

    Attributes:
        mnemonic: its name in the kernel text; the op is ``npu.MNEMONIC``.
        form: how it is written.
        meaning: one sentence: what an element of the result is.
        compute: the function of its elements in numpy, each result rounded to the dtype. ``None``
            for forms that are not element-wise: the NPU simulator has those by form.
        function: its name in specifications and certificates; the mnemonic without its v if empty.
        of_integers: whether it works on the bits of integers only.
        counts_bits: whether the second operand is a number of bits: to shift by less than 0, or by
            all bits of the dtype or more, is a trap.
        in_place: whether the destination may be exactly one of the sources.
        narrows_in_place: whether it may lie, without gaps, where a source of wider elements starts:
            each repeat writes behind what it and the next ones read (the vendor's planner puts
            narrowing casts there).
        confused_with: the element-wise instruction that a wrong kernel has in its place; another
            one of its form if empty.
    """

    mnemonic: str
    form: OpForm
    meaning: str
    compute: Compute | None = None
    function: str = ""
    of_integers: bool = False
    counts_bits: bool = False
    in_place: bool = True
    narrows_in_place: bool = False
    confused_with: str = ""

    @property
    def op_name(self) -> str:
        """The op's name: ``npu.vexp``."""
        return f"npu.{self.mnemonic}"

    @property
    def computes(self) -> str:
        """The name of its function in specifications."""
        return self.function or self.mnemonic.removeprefix("v")

    def cost_row(self, kind: str = "", *, scalar: bool = False) -> str:
        """Its row in a target's ``[vector.ops]``.

        Args:
            kind: the word that a reduction, scan or comparison chooses.
            scalar: whether the second operand is a number.
        """
        if self.form in (OpForm.REDUCE, OpForm.CUMULATE):
            return f"{self.mnemonic}_{kind}"
        if scalar and self.form in (OpForm.BINARY, OpForm.COMPARE):
            return f"{self.mnemonic}_scalar"
        return self.mnemonic

    @property
    def cost_rows(self) -> tuple[str, ...]:
        """All rows that it can have in a target's ``[vector.ops]``."""
        if self.form in (OpForm.REDUCE, OpForm.CUMULATE):
            return tuple(self.cost_row(str(kind)) for kind in KINDS[self.form])
        return tuple(dict.fromkeys((self.mnemonic, self.cost_row(scalar=True))))


INSTRUCTIONS: tuple[InstructionRow, ...] = (
    InstructionRow("vexp", OpForm.UNARY, "e to the power of the element.", np.exp),
    InstructionRow("vln", OpForm.UNARY, "Natural logarithm.", np.log, "log"),
    InstructionRow("vabs", OpForm.UNARY, "Absolute value.", np.abs),
    InstructionRow("vsqrt", OpForm.UNARY, "Square root.", np.sqrt),
    InstructionRow(
        "vrsqrt", OpForm.UNARY, "Reciprocal of the square root.", arithmetic.reciprocal_root
    ),
    InstructionRow("vrec", OpForm.UNARY, "Reciprocal.", arithmetic.reciprocal),
    InstructionRow(
        "vrelu", OpForm.UNARY, "The larger of the element and zero.", arithmetic.rectified
    ),
    InstructionRow(
        "vnot",
        OpForm.UNARY,
        "Bitwise complement; of i8, 0 and 1 are exchanged.",
        arithmetic.complement,
        of_integers=True,
    ),
    InstructionRow("vneg", OpForm.UNARY, "The negated element.", np.negative),
    InstructionRow("vadd", OpForm.BINARY, "Sum.", np.add, confused_with="vsub"),
    InstructionRow("vsub", OpForm.BINARY, "Difference.", np.subtract, confused_with="vadd"),
    InstructionRow("vmul", OpForm.BINARY, "Product.", np.multiply, confused_with="vdiv"),
    InstructionRow("vdiv", OpForm.BINARY, "Quotient.", arithmetic.quotient, confused_with="vmul"),
    InstructionRow(
        "vmax", OpForm.BINARY, "The larger; NaN if either is.", np.maximum, confused_with="vmin"
    ),
    InstructionRow(
        "vmin", OpForm.BINARY, "The smaller; NaN if either is.", np.minimum, confused_with="vmax"
    ),
    InstructionRow("vand", OpForm.BINARY, "Bitwise and.", np.bitwise_and, of_integers=True),
    InstructionRow("vor", OpForm.BINARY, "Bitwise or.", np.bitwise_or, of_integers=True),
    InstructionRow(
        "vshl",
        OpForm.BINARY,
        "The bits moved up by the second operand; zeros come in, the top ones are lost.",
        arithmetic.shifted_left,
        of_integers=True,
        counts_bits=True,
    ),
    InstructionRow(
        "vshr",
        OpForm.BINARY,
        "The bits moved down by the second operand; copies of the sign come in.",
        arithmetic.shifted_right,
        of_integers=True,
        counts_bits=True,
    ),
    InstructionRow(
        "vshru",
        OpForm.BINARY,
        "The bits moved down by the second operand; zeros come in.",
        arithmetic.shifted_right_unsigned,
        of_integers=True,
        counts_bits=True,
    ),
    InstructionRow(
        "vcmp",
        OpForm.COMPARE,
        "1 where the relation holds and 0 elsewhere, as i8; with NaN only ne holds.",
        in_place=False,
    ),
    InstructionRow(
        "vsel",
        OpForm.SELECT,
        "The second operand where the i8 mask is not 0, the third elsewhere.",
        in_place=False,
    ),
    InstructionRow(
        "vcast",
        OpForm.CAST,
        "The element in another dtype; from a float to an integer saturating.",
        in_place=False,
        narrows_in_place=True,
    ),
    InstructionRow(
        "vbrc",
        OpForm.BROADCAST,
        "A scalar everywhere, or a tile repeated along its extents of 1.",
        in_place=False,
    ),
    InstructionRow(
        "vreduce",
        OpForm.REDUCE,
        "The reduction of the axes to extent 1; argmax and argmin give the first index, as i32.",
        in_place=False,
    ),
    InstructionRow(
        "vcumulate",
        OpForm.CUMULATE,
        "The scan along an axis, the element itself included.",
        in_place=False,
    ),
    InstructionRow(
        "vtranspose", OpForm.TRANSPOSE, "The tile with its dimensions permuted.", in_place=False
    ),
    InstructionRow(
        "varange", OpForm.ARANGE, "The element's own index along an axis.", in_place=False
    ),
    InstructionRow(
        "vgather",
        OpForm.GATHER,
        "The element of a one-dimensional tile that an i32 index names; beyond it is a trap.",
        in_place=False,
    ),
)
"""Every instruction of the vector unit."""

ROWS: dict[str, InstructionRow] = {row.mnemonic: row for row in INSTRUCTIONS}
"""The table by mnemonic."""


def rows_of(*forms: OpForm) -> tuple[InstructionRow, ...]:
    """The rows of some forms, in the table's order."""
    return tuple(row for row in INSTRUCTIONS if row.form in forms)


def confusion(mnemonic: str) -> str | None:
    """The instruction that a wrong kernel has in another's place; ``None`` if there is none."""
    row = ROWS.get(mnemonic)
    if row is None:
        return None
    others = [name for name in interchangeable(mnemonic) if name != mnemonic]
    return row.confused_with or next(iter(others), None)


def interchangeable(mnemonic: str) -> tuple[str, ...]:
    """The element-wise instructions that build wherever this one does, itself included.

    They have its form and its kind of elements. Any other instruction is alone.
    """
    row = ROWS.get(mnemonic)
    if row is None or not row.form.is_elementwise:
        return (mnemonic,)
    return tuple(r.mnemonic for r in rows_of(row.form) if r.of_integers == row.of_integers)
