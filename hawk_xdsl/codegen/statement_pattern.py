"""The statement of an instruction entry: parsed once, filled with operands for every use.

``vreduce sum $a axis $axes`` is parsed as a reduction of the tile ``$a`` along axis 0; a use of it
has another tile instead, and the axes that its term runs over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template

from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text import KernelTextError, parse
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import renamed, rewritten
from hawk_xdsl.dialects.kernel_text.unparse import value_text
from hawk_xdsl.errors import HawkError

_DTYPE, _AXES = "dtype", "axes"


@dataclass(frozen=True)
class StatementPattern:
    """A statement whose operands, dtype and axes are those of a term.

    Attributes:
        text: as the entry has it.
        value: its syntax; the tile ``$a`` stands for the operand ``a``.
        operands: the names of the operands, in the order of the text.
        of_result: whether its dtype is the result's, ``$dtype``.
    """

    text: str
    value: ast.Value
    operands: tuple[str, ...]
    of_result: bool = False

    @staticmethod
    def call(function: str, operands: Sequence[str]) -> "StatementPattern":
        """``function $a, $b``, of a function that is no instruction of the kernel text."""
        value = ast.Elementwise(function, tuple(ast.Tile(f"${name}") for name in operands))
        return StatementPattern(value_text(value), value, tuple(operands))

    @property
    def mnemonic(self) -> str:
        """The instruction's name in kernel text."""
        return self.value.mnemonic

    @property
    def row(self) -> str:
        """What a target has or lacks: ``vreduce_sum`` of a ``vreduce sum``, ``vcmp_lt``."""
        if isinstance(self.value, ast.Reduce | ast.Cumulate):
            return f"{self.value.mnemonic}_{self.value.kind.value}"
        if isinstance(self.value, ast.Compare):
            return f"{self.value.mnemonic}_{self.value.predicate.value}"
        return self.value.mnemonic

    def filled(
        self, operands: Mapping[str, ast.Operand], dtype: str, axes: tuple[int, ...]
    ) -> ast.Value:
        """The statement of a term.

        Args:
            operands: by their names in the pattern.
            dtype: of the result.
            axes: the dimensions that a reduction or a scan runs over.
        """
        value = self.value
        match value:
            case ast.Fill():
                [number] = operands.values()
                assert isinstance(number, ast.Number), "what is filled is a number"
                value = replace(value, value=number)
            case ast.Reduce():
                value = replace(value, axes=axes)
            case ast.Cumulate():
                value = replace(value, axis=axes[0])
            case _:
                pass
        if self.of_result and isinstance(value, ast.Cast | ast.Fill | ast.Arange):
            value = replace(value, dtype=dtype)

        def change(node: ast.Node) -> ast.Node:
            if isinstance(node, ast.Tile):
                return operands[node.name.removeprefix("$")]
            return node

        return rewritten(value, change)


def parse_statement(text: str, *, file: str | None = None) -> StatementPattern:
    """The pattern of a statement with ``$`` before the names of operands, ``dtype`` and ``axes``.

    Raises ``HawkError``, with the file, for a text that is no statement of the kernel text.
    """
    template = Template(text)
    holes = template.get_identifiers()
    operands = [hole for hole in holes if hole not in (_DTYPE, _AXES)]
    stand_ins = {name: f"operand_{name}" for name in operands}
    if text.startswith("fill "):
        stand_ins = dict.fromkeys(operands, "0.0")
    try:
        written = template.substitute({**stand_ins, _DTYPE: WIDE_FLOAT, _AXES: "0"})
        [stage] = parse(f"result = {written}\n").stages
        [statement] = stage.body
    except (KernelTextError, ValueError) as error:
        raise HawkError(f"not a statement: {text!r}: {error}", file=file) from None
    assert isinstance(statement, ast.Assign)
    value = renamed(statement.value, {name: f"${key}" for key, name in stand_ins.items()})
    return StatementPattern(text, value, tuple(operands), _DTYPE in holes)
