"""What is undecided: a group of ops that nobody has written a kernel for yet."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    StringAttr,
    TensorType,
    UnitAttr,
)
from xdsl.dialects.utils import AbstractYieldOperation
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    IsTerminator,
)
from xdsl.utils.exceptions import VerifyException


@irdl_op_definition
class YieldOp(AbstractYieldOperation[Attribute]):
    """Ends the region of an ``npu.undecided`` with its results."""

    name = "npu.yield"
    traits = traits_def(IsTerminator())


@irdl_op_definition
class UndecidedOp(IRDLOperation):
    """A group of linalg ops that nobody has written a kernel for yet.

    The region is the reference: it says what is computed, and runs on the host if ``host`` is set.
    """

    name = "npu.undecided"

    inputs = var_operand_def(TensorType)
    results_ = var_result_def(TensorType)
    body = region_def("single_block")
    label = opt_prop_def(StringAttr)
    host = opt_prop_def(UnitAttr)

    traits = traits_def(IsolatedFromAbove())

    def __init__(
        self,
        inputs: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        body: Region,
        label: str | None = None,
        *,
        host: bool = False,
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "label": None if label is None else StringAttr(label),
            "host": UnitAttr() if host else None,
        }
        super().__init__(
            operands=[inputs], result_types=[result_types], regions=[body], properties=properties
        )

    def verify_(self) -> None:
        """Block arguments are the inputs, the yielded values the results."""
        if tuple(self.body.block.arg_types) != tuple(v.type for v in self.inputs):
            raise VerifyException("npu.undecided: block arguments must have the inputs' types")
        terminator = self.body.block.last_op
        if not isinstance(terminator, YieldOp):
            raise VerifyException("npu.undecided: the region must end with npu.yield")
        if tuple(v.type for v in terminator.arguments) != tuple(self.result_types):
            raise VerifyException("npu.undecided: npu.yield must give the result types")

    def print(self, printer: Printer) -> None:
        """``npu.undecided "label" host ins(%x : T) -> (T) { … }``."""
        if self.label is not None:
            printer.print_string(" ")
            printer.print_string_literal(self.label.data)
        if self.host is not None:
            printer.print_string(" host")
        _print_values(printer, "ins", self.inputs)
        printer.print_string(" -> (")
        printer.print_list(self.result_types, printer.print_attribute)
        printer.print_string(")")
        if self.attributes:
            printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body)

    @classmethod
    def parse(cls, parser: Parser) -> "UndecidedOp":
        """As printed."""
        label = parser.parse_optional_str_literal()
        host = parser.parse_optional_keyword("host") is not None
        inputs = _parse_values(parser, "ins")
        parser.parse_punctuation("->")
        results = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        op = cls(inputs, results, parser.parse_region(), label, host=host)
        if attributes is not None:
            op.attributes.update(attributes.data)
        return op


def _print_values(printer: Printer, keyword: str, values: Sequence[SSAValue]) -> None:
    printer.print_string(f" {keyword}(")
    printer.print_list(values, printer.print_operand)
    if values:
        printer.print_string(" : ")
        printer.print_list([v.type for v in values], printer.print_attribute)
    printer.print_string(")")


def _parse_values(parser: Parser, keyword: str) -> list[SSAValue]:
    parser.parse_keyword(keyword)
    parser.parse_punctuation("(")
    if parser.parse_optional_punctuation(")") is not None:
        return []
    operands = parser.parse_comma_separated_list(
        parser.Delimiter.NONE, parser.parse_unresolved_operand
    )
    parser.parse_punctuation(":")
    types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
    parser.parse_punctuation(")")
    return list(parser.resolve_operands(operands, types, parser.pos))
