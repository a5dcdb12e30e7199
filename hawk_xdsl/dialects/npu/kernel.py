"""The ops of a kernel's structure: the kernel, its parts for several kinds of cores, its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    IndexType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    i64,
)
from xdsl.ir import Attribute, Block, BlockArgument, Region
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    SingleBlockImplicitTerminator,
    SymbolOpInterface,
    ensure_terminator,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Core, CoreAttr
from hawk_xdsl.dialects.npu.extent import ExtentAttr, NamedExtent, Size
from hawk_xdsl.dialects.npu.kernel_extents import (
    parse_extents,
    print_extents,
    shapes_of,
    verify_extents,
)
from hawk_xdsl.dialects.npu.schedule import ScheduleAttr
from hawk_xdsl.dialects.npu.tile_op import scope_of


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """Ends a kernel."""

    name = "npu.return"
    assembly_format = "attr-dict"
    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(KernelOp)))

    def __init__(self) -> None:
        super().__init__()


@dataclass(frozen=True)
class KernelPart:
    """What the cores of one kind run in a kernel.

    Attributes:
        core: the kind.
        block: their ops.
        cores: how many of them work on one block of the kernel.
    """

    core: Core
    block: Block
    cores: int


@irdl_op_definition
class PartOp(IRDLOperation):
    """The body for one kind of core of a mixed kernel, of which ``cores`` work on each block.

    Their numbers go on over the blocks: with two a block, the second of block 3 has
    ``npu.block_idx`` 7, and ``npu.block_count`` is twice the kernel's blocks.
    """

    name = "npu.part"

    core = prop_def(CoreAttr)
    cores = prop_def(IntegerAttr.constr(i64))
    body = region_def("single_block")

    assembly_format = "$core `cores` $cores attr-dict-with-keyword $body"
    traits = lazy_traits_def(lambda: (NoTerminator(), HasParent(KernelOp)))

    def __init__(self, core: Core, cores: int, body: Region) -> None:
        super().__init__(
            regions=[body],
            properties={"core": CoreAttr(core), "cores": IntegerAttr(cores, i64)},
        )

    def verify_(self) -> None:
        """At least one core a block."""
        if self.cores.value.data < 1:
            raise VerifyException(f"npu.part: {self.cores.value.data} cores a block")


@irdl_op_definition
class KernelOp(IRDLOperation):
    """A program for one core, run once a block; its arguments are global buffers, ins then outs.

    A mixed kernel has an ``npu.part`` for each of several kinds of cores. These run at once, meet
    in global memory and order themselves by flags between cores. Its last ``scratch`` outputs are
    where they meet: nobody needs them afterwards, and parts of them may stay unwritten.

    Behind the buffers stand the ``extents``, lengths that a launch gives; ``sizes`` maps them to
    the dynamic dimensions of the buffers, in order: ``(d0) -> (d0, 2 * d0)``.

    ``schedule`` is what it was written for, where a strategy wrote it.
    """

    name = "npu.kernel"

    sym_name = prop_def(SymbolNameConstraint())
    input_count = prop_def(IntegerAttr.constr(i64))
    target = prop_def(StringAttr)
    core = prop_def(CoreAttr)
    blocks = prop_def(IntegerAttr.constr(i64))
    schedule = opt_prop_def(ScheduleAttr)
    scratch = opt_prop_def(IntegerAttr.constr(i64))
    extents = opt_prop_def(ArrayAttr[ExtentAttr])
    sizes = opt_prop_def(AffineMapAttr)
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
        scratch: int = 0,
        extents: Sequence[NamedExtent] = (),
        sizes: AffineMapAttr | None = None,
    ) -> None:
        arguments = [*inputs, *outputs, *(IndexType() for _ in extents)]
        region = Region(Block(arg_types=arguments)) if body is None else body
        super().__init__(
            regions=[region],
            properties={
                "sym_name": StringAttr(name),
                "input_count": IntegerAttr(len(inputs), i64),
                "target": StringAttr(target),
                "core": CoreAttr(core),
                "blocks": IntegerAttr(blocks, i64),
                "schedule": schedule,
                "scratch": IntegerAttr(scratch, i64) if scratch else None,
                "extents": ArrayAttr(map(ExtentAttr, extents)) if extents else None,
                "sizes": sizes,
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
        return self.buffers[self.input_count.value.data :]

    @property
    def buffers(self) -> tuple[BlockArgument, ...]:
        """The arguments in global memory: inputs, then outputs."""
        arguments = self.body.block.args
        return tuple(arguments[: len(arguments) - len(self.ranges)])

    @property
    def extent_arguments(self) -> tuple[BlockArgument, ...]:
        """The arguments that are lengths, one for each of ``ranges``."""
        return tuple(self.body.block.args[len(self.buffers) :])

    @property
    def ranges(self) -> tuple[NamedExtent, ...]:
        """The extents and their ranges; none of a kernel of static shapes."""
        return () if self.extents is None else tuple(each.data for each in self.extents)

    @property
    def shapes(self) -> tuple[tuple[Size, ...], ...]:
        """The dimensions of each buffer, those that depend on extents as sizes over their names."""
        return shapes_of([argument.type for argument in self.buffers], self.ranges, self.sizes)

    @property
    def scratch_count(self) -> int:
        """How many of the last outputs only its parts need."""
        return 0 if self.scratch is None else self.scratch.value.data

    @property
    def is_mixed(self) -> bool:
        """Whether it has a part for each of several kinds of cores."""
        return self.core.data == Core.MIXED

    @property
    def parts(self) -> tuple[KernelPart, ...]:
        """What each kind of core runs: of a kernel that is not mixed all of it."""
        if not self.is_mixed:
            return (KernelPart(self.core.data, self.body.block, 1),)
        return tuple(
            KernelPart(op.core.data, op.body.block, op.cores.value.data)
            for op in self.body.block.ops
            if isinstance(op, PartOp)
        )

    def verify_(self) -> None:
        """Global buffers as arguments, at least one block, at least one output."""
        if not 0 <= self.input_count.value.data < len(self.body.block.args) - len(self.ranges):
            raise VerifyException("npu.kernel: a kernel needs at least one output")
        for argument in self.buffers:
            if not scope_of(argument).is_global:
                raise VerifyException("npu.kernel: arguments must be in global memory")
        verify_extents(self.extent_arguments, self.ranges, self.shapes)
        if self.blocks.value.data < 1:
            raise VerifyException(f"npu.kernel: {self.blocks.value.data} blocks")
        self._verify_parts()

    def _verify_parts(self) -> None:
        """A mixed kernel is parts for different kinds of cores; scratch leaves an output."""
        found = [op for op in self.body.block.ops if not isinstance(op, ReturnOp)]
        parts = [op.core.data for op in found if isinstance(op, PartOp)]
        if self.is_mixed and (len(parts) < 2 or len(parts) < len(found)):
            raise VerifyException("npu.kernel: a mixed kernel is two or more npu.part, and no more")
        if parts and not self.is_mixed:
            raise VerifyException("npu.kernel: npu.part stands in a kernel on <mixed> only")
        if len(set(parts)) < len(parts):
            raise VerifyException("npu.kernel: two npu.part for one kind of core")
        if not 0 <= self.scratch_count < len(self.outputs):
            raise VerifyException("npu.kernel: a kernel needs an output beside its scratch")
        if self.scratch_count and not self.is_mixed:
            raise VerifyException("npu.kernel: only a mixed kernel has scratch")

    def print(self, printer: Printer) -> None:
        """``npu.kernel @k ins(%x : M) outs(%y : M) on <vector> blocks 8 target "t" { … }``.

        With scratch, ``scratch 2`` comes before the target, and with a schedule,
        ``schedule<"whole-tiles" …>`` after it; with extents, ``extents(%n: n in 1 to 512)
        sizes affine_map<(d0) -> (d0)>`` comes before ``on``.
        """
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        _print_arguments(printer, "ins", self.inputs)
        _print_arguments(printer, "outs", self.outputs)
        print_extents(printer, self.extent_arguments, self.ranges, self.sizes)
        printer.print_string(" on ")
        self.core.print_parameter(printer)
        printer.print_string(f" blocks {self.blocks.value.data}")
        if self.scratch is not None:
            printer.print_string(f" scratch {self.scratch.value.data}")
        printer.print_string(" target ")
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
        lengths, extents, sizes = parse_extents(parser)
        parser.parse_keyword("on")
        core = CoreAttr.parse_parameter(parser)
        parser.parse_keyword("blocks")
        blocks = parser.parse_integer(allow_boolean=False, allow_negative=True)
        scratch = 0
        if parser.parse_optional_keyword("scratch") is not None:
            scratch = parser.parse_integer(allow_boolean=False, allow_negative=False)
        parser.parse_keyword("target")
        target = parser.parse_str_literal()
        schedule = None
        if parser.parse_optional_keyword("schedule") is not None:
            schedule = ScheduleAttr.new(ScheduleAttr.parse_parameters(parser))
        attributes = parser.parse_optional_attr_dict_with_keyword()
        region = parser.parse_region([*inputs, *outputs, *lengths])
        op = cls(
            name.data,
            [argument.type for argument in inputs],
            [argument.type for argument in outputs],
            target=target,
            core=core,
            blocks=blocks,
            body=region,
            schedule=schedule,
            scratch=scratch,
            extents=extents,
            sizes=sizes,
        )
        if attributes is not None:
            op.attributes.update(attributes.data)
        return op


def _print_arguments(printer: Printer, keyword: str, values: Sequence[BlockArgument]) -> None:
    printer.print_string(f" {keyword}(")
    printer.print_list(values, printer.print_block_argument)
    printer.print_string(")")
