"""The ops that hold a program: what is undecided, and what became a kernel."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolNameConstraint,
    TensorType,
    UnitAttr,
    i64,
)
from xdsl.dialects.utils import AbstractYieldOperation
from xdsl.ir import Attribute, Block, BlockArgument, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    SingleBlockImplicitTerminator,
    SymbolOpInterface,
    ensure_terminator,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Core, CoreAttr
from hawk_xdsl.dialects.npu.schedule import ScheduleAttr
from hawk_xdsl.dialects.npu.tile_op import scope_of


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


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """Ends a kernel."""

    name = "npu.return"
    assembly_format = "attr-dict"
    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(KernelOp)))

    def __init__(self) -> None:
        super().__init__()


@irdl_op_definition
class KernelOp(IRDLOperation):
    """A program for one core, run once a block; its arguments are global buffers, ins then outs.

    ``schedule`` is what it was written for, where a strategy wrote it.
    """

    name = "npu.kernel"

    sym_name = prop_def(SymbolNameConstraint())
    input_count = prop_def(IntegerAttr.constr(i64))
    target = prop_def(StringAttr)
    core = prop_def(CoreAttr)
    blocks = prop_def(IntegerAttr.constr(i64))
    schedule = opt_prop_def(ScheduleAttr)
    body = region_def("single_block")

    traits = traits_def(
        IsolatedFromAbove(), SymbolOpInterface(), SingleBlockImplicitTerminator(ReturnOp)
    )

    def __init__(
        self,
        name: str,
        inputs: Sequence[Attribute],
        outputs: Sequence[Attribute],
        *,
        target: str,
        core: Core,
        blocks: int,
        body: Region | None = None,
        schedule: ScheduleAttr | None = None,
    ) -> None:
        region = Region(Block(arg_types=[*inputs, *outputs])) if body is None else body
        super().__init__(
            regions=[region],
            properties={
                "sym_name": StringAttr(name),
                "input_count": IntegerAttr(len(inputs), i64),
                "target": StringAttr(target),
                "core": CoreAttr(core),
                "blocks": IntegerAttr(blocks, i64),
                "schedule": schedule,
            },
        )
        ensure_terminator(self, SingleBlockImplicitTerminator(ReturnOp))

    @property
    def inputs(self) -> tuple[BlockArgument, ...]:
        """The arguments the kernel reads."""
        return tuple(self.body.block.args[: self.input_count.value.data])

    @property
    def outputs(self) -> tuple[BlockArgument, ...]:
        """The arguments the kernel writes."""
        return tuple(self.body.block.args[self.input_count.value.data :])

    def verify_(self) -> None:
        """Global static buffers as arguments, at least one block, at least one output."""
        if not 0 <= self.input_count.value.data < len(self.body.block.args):
            raise VerifyException("npu.kernel: a kernel needs at least one output")
        for argument in self.body.block.args:
            if not scope_of(argument).is_global:
                raise VerifyException("npu.kernel: arguments must be in global memory")
            assert isinstance(argument.type, MemRefType)
            if DYNAMIC_INDEX in argument.type.get_shape():
                raise VerifyException("npu.kernel: arguments need static shapes")
        if self.blocks.value.data < 1:
            raise VerifyException(f"npu.kernel: {self.blocks.value.data} blocks")

    def print(self, printer: Printer) -> None:
        """``npu.kernel @k ins(%x : M) outs(%y : M) on <vector> blocks 8 target "t" { … }``.

        With a schedule, ``schedule<"whole-tiles" …>`` comes after the target.
        """
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        _print_arguments(printer, "ins", self.inputs)
        _print_arguments(printer, "outs", self.outputs)
        printer.print_string(" on ")
        self.core.print_parameter(printer)
        printer.print_string(f" blocks {self.blocks.value.data} target ")
        printer.print_string_literal(self.target.data)
        if self.schedule is not None:
            printer.print_string(" schedule")
            self.schedule.print_parameters(printer)
        if self.attributes:
            printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(
            self.body,
            print_entry_block_args=False,
            print_empty_block=False,
            print_block_terminators=False,
        )

    @classmethod
    def parse(cls, parser: Parser) -> "KernelOp":
        """As printed."""
        name = parser.parse_symbol_name()
        parser.parse_keyword("ins")
        inputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        parser.parse_keyword("outs")
        outputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        parser.parse_keyword("on")
        core = CoreAttr.parse_parameter(parser)
        parser.parse_keyword("blocks")
        blocks = parser.parse_integer(allow_boolean=False, allow_negative=True)
        parser.parse_keyword("target")
        target = parser.parse_str_literal()
        schedule = None
        if parser.parse_optional_keyword("schedule") is not None:
            schedule = ScheduleAttr.new(ScheduleAttr.parse_parameters(parser))
        attributes = parser.parse_optional_attr_dict_with_keyword()
        region = parser.parse_region([*inputs, *outputs])
        op = cls(
            name.data,
            [argument.type for argument in inputs],
            [argument.type for argument in outputs],
            target=target,
            core=core,
            blocks=blocks,
            body=region,
            schedule=schedule,
        )
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


def _print_arguments(printer: Printer, keyword: str, values: Sequence[BlockArgument]) -> None:
    printer.print_string(f" {keyword}(")
    printer.print_list(values, printer.print_block_argument)
    printer.print_string(")")
