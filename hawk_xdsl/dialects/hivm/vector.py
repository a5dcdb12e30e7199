"""The vector instructions of HIVM that reduce, scan, rearrange or make elements; the whole list."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    IndexType,
    MemRefType,
    i32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.hivm.attributes import (
    HivmReduceOpAttr,
)
from hawk_xdsl.dialects.hivm.elementwise import (
    ELEMENTWISE,
    TILE_OR_SCALAR,
    HivmVcastOp,
    HivmVcmpOp,
    HivmVectorOp,
    HivmVselOp,
    integers,
)
from hawk_xdsl.dialects.hivm.operand import (
    element_of,
    expect_shape,
    is_tile,
    shape_of,
)


@irdl_op_definition
class HivmVbrcOp(HivmVectorOp):
    """Fills ``dst`` with a scalar, or repeats a tile along ``broadcast_dims``."""

    name = "hivm.hir.vbrc"
    src = operand_def(TILE_OR_SCALAR)
    dst = operand_def(MemRefType)
    temp_buffer = opt_operand_def(MemRefType)
    broadcast_dims = opt_prop_def(DenseArrayBase.constr(i64))

    def __init__(self, src: SSAValue, dst: SSAValue, broadcast_dims: Sequence[int] = ()) -> None:
        super().__init__(
            operands=[src, dst, None], properties={"broadcast_dims": integers(broadcast_dims)}
        )

    def verify_tiles(self) -> None:
        """One dtype; extents of 1 are repeated along the dimensions given and no others."""
        if element_of(self.src) != element_of(self.dst):
            raise VerifyException(
                f"{self.name}: {element_of(self.src)} into {element_of(self.dst)}"
            )
        if is_tile(self.src) and self.broadcast_dims is not None:
            dims = self.broadcast_dims.get_values()
            wanted = [1 if i in dims else n for i, n in enumerate(shape_of(self.dst))]
            expect_shape(self, "source", self.src, wanted)


@irdl_op_definition
class HivmVreduceOp(HivmVectorOp):
    """Reduces dimensions to extent 1; with an index, ``dst`` are the values and their i32 indices.

    ``unsigned_src`` is asked for by the later tools only.
    """

    name = "hivm.hir.vreduce"
    src = operand_def(MemRefType)
    dst = var_operand_def(MemRefType)
    temp_buffer = opt_operand_def(MemRefType)
    indices = opt_operand_def(MemRefType)
    arith = prop_def(HivmReduceOpAttr)
    reduce_dims = prop_def(DenseArrayBase.constr(i64))
    unsigned_src = opt_prop_def(BoolAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        kind: str,
        src: SSAValue,
        dst: Sequence[SSAValue],
        reduce_dims: Sequence[int],
        *,
        unsigned_src: bool | None = None,
    ) -> None:
        super().__init__(
            operands=[src, dst, None, None],
            properties={
                "arith": HivmReduceOpAttr(kind),
                "reduce_dims": integers(reduce_dims),
                "unsigned_src": None if unsigned_src is None else BoolAttr.from_bool(unsigned_src),
            },
        )

    def print(self, printer: Printer) -> None:
        """As the vendor's tools write it: they differ in what they ask for beside it.

        ``hivm.hir.vreduce <max> ins(%x : T) outs(%y : U) reduce_dims = [1]``.
        """
        printer.print_string(" ")
        self.arith.print_parameter(printer)
        _print_group(printer, "ins", [self.src])
        _print_group(printer, "outs", self.dst)
        if self.temp_buffer is not None:
            _print_group(printer, "temp_buffer", [self.temp_buffer])
        if self.indices is not None:
            _print_group(printer, "indices", [self.indices])
        if self.unsigned_src is not None:
            said = "true" if self.unsigned_src.value.data else "false"
            printer.print_string(f" unsigned_src = {said}")
        dims = ", ".join(map(str, self.reduce_dims.get_values()))
        printer.print_string(f" reduce_dims = [{dims}]")
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> "HivmVreduceOp":
        """As printed."""
        kind = HivmReduceOpAttr.parse_parameter(parser)
        (src,), dst = _parse_group(parser, "ins"), _parse_group(parser, "outs")
        temporary = _parse_group(parser, "temp_buffer", optional=True)
        indices = _parse_group(parser, "indices", optional=True)
        unsigned = None
        if parser.parse_optional_keyword("unsigned_src") is not None:
            parser.parse_punctuation("=")
            unsigned = parser.parse_boolean()
        parser.parse_keyword("reduce_dims")
        parser.parse_punctuation("=")
        dims = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
        attributes = parser.parse_optional_attr_dict()
        op = cls(kind, src, dst, dims, unsigned_src=unsigned)
        if temporary or indices:
            op = cls.create(
                operands=[src, *dst, *temporary, *indices],
                properties={
                    **op.properties,
                    "operandSegmentSizes": DenseArrayBase.from_list(
                        i32, [1, len(dst), len(temporary), len(indices)]
                    ),
                },
            )
        op.attributes.update(attributes)
        return op

    @property
    def with_index(self) -> bool:
        """Whether it gives the index of the element it found, too."""
        return "with_index" in self.arith.data

    def verify_tiles(self) -> None:
        """Distinct dimensions, extents of 1 there, a value tile, an i32 tile for indices."""
        shape, dims = shape_of(self.src), tuple(map(int, self.reduce_dims.get_values()))
        if not dims or len(set(dims)) != len(dims) or not set(dims) <= set(range(len(shape))):
            raise VerifyException(f"{self.name}: dimensions {list(dims)} of {list(shape)}")
        if len(self.dst) != 1 + self.with_index:
            raise VerifyException(f"{self.name}: {len(self.dst)} results of {self.arith.data}")
        for result in self.dst:
            wanted = [1 if i in dims else n for i, n in enumerate(shape)]
            expect_shape(self, "result", result, wanted)
        if element_of(self.dst[0]) != element_of(self.src):
            raise VerifyException(f"{self.name}: the value must have the dtype of the source")
        if self.with_index and element_of(self.dst[1]) != i32:
            raise VerifyException(f"{self.name}: indices are i32")


def _print_group(printer: Printer, keyword: str, values: Sequence[SSAValue]) -> None:
    printer.print_string(f" {keyword}(")
    printer.print_list(values, printer.print_operand)
    printer.print_string(" : ")
    printer.print_list([value.type for value in values], printer.print_attribute)
    printer.print_string(")")


def _parse_group(parser: Parser, keyword: str, *, optional: bool = False) -> list[SSAValue]:
    if optional:
        if parser.parse_optional_keyword(keyword) is None:
            return []
    else:
        parser.parse_keyword(keyword)
    parser.parse_punctuation("(")
    values = parser.parse_comma_separated_list(
        parser.Delimiter.NONE, parser.parse_unresolved_operand
    )
    parser.parse_punctuation(":")
    types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
    parser.parse_punctuation(")")
    return list(parser.resolve_operands(values, types, parser.pos))


class _ScanOp(HivmVectorOp):
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    cum_dims = prop_def(DenseArrayBase.constr(i64))
    reverse = opt_prop_def(BoolAttr)

    def __init__(self, src: SSAValue, dst: SSAValue, axis: int) -> None:
        super().__init__(
            operands=[src, dst],
            properties={"cum_dims": integers([axis]), "reverse": BoolAttr.from_bool(False)},
        )

    def verify_tiles(self) -> None:
        """One dtype, one shape, one dimension of it."""
        expect_shape(self, "result", self.dst, shape_of(self.src))
        dims = self.cum_dims.get_values()
        if len(dims) != 1 or not 0 <= int(dims[0]) < len(shape_of(self.src)):
            raise VerifyException(f"{self.name}: dimensions {list(dims)}")


@irdl_op_definition
class HivmVcumsumOp(_ScanOp):
    """The running sum along a dimension."""

    name = "hivm.hir.vcumsum"


@irdl_op_definition
class HivmVcumprodOp(_ScanOp):
    """The running product along a dimension."""

    name = "hivm.hir.vcumprod"


@irdl_op_definition
class HivmVtransposeOp(HivmVectorOp):
    """Permutes dimensions: extent ``i`` of ``dst`` is extent ``permutation[i]`` of ``src``."""

    name = "hivm.hir.vtranspose"
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    temp_buffer = opt_operand_def(MemRefType)
    permutation = opt_prop_def(DenseArrayBase.constr(i64))
    disable_align = opt_prop_def(BoolAttr)

    def __init__(self, src: SSAValue, dst: SSAValue, permutation: Sequence[int]) -> None:
        super().__init__(
            operands=[src, dst, None],
            properties={
                "permutation": integers(permutation),
                "disable_align": BoolAttr.from_bool(False),
            },
        )

    def verify_tiles(self) -> None:
        """A permutation, the permuted shape, one dtype."""
        shape = shape_of(self.src)
        order = [] if self.permutation is None else list(map(int, self.permutation.get_values()))
        if sorted(order) != list(range(len(shape))):
            raise VerifyException(f"{self.name}: {order} does not permute {list(shape)}")
        expect_shape(self, "result", self.dst, [shape[i] for i in order])
        if element_of(self.src) != element_of(self.dst):
            raise VerifyException(
                f"{self.name}: {element_of(self.src)} into {element_of(self.dst)}"
            )


@irdl_op_definition
class HivmVarangeOp(HivmVectorOp):
    """``dst[i, j, …] = offset + i · strides[0] + j · strides[1] + …``."""

    name = "hivm.hir.varange"
    dst = operand_def(MemRefType)
    offset = opt_operand_def(IndexType)
    strides = var_operand_def(IndexType)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(self, dst: SSAValue, offset: SSAValue, strides: Sequence[SSAValue]) -> None:
        super().__init__(operands=[dst, offset, strides])

    def verify_tiles(self) -> None:
        """A stride for each dimension."""
        if len(self.strides) != len(shape_of(self.dst)):
            raise VerifyException(f"{self.name}: {len(self.strides)} strides")


@irdl_op_definition
class HivmVgatherOp(HivmVectorOp):
    """``dst[i] = src[indices[i]]``, by i32 indices, along the last dimension."""

    name = "hivm.hir.vgather"
    src = operand_def(MemRefType)
    indices = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    temp_buffer = opt_operand_def(MemRefType)

    def __init__(self, src: SSAValue, indices: SSAValue, dst: SSAValue) -> None:
        super().__init__(operands=[src, indices, dst, None])

    def verify_tiles(self) -> None:
        """i32 indices of the result's shape, one dtype."""
        if element_of(self.indices) != i32:
            raise VerifyException(f"{self.name}: indices are i32, not {element_of(self.indices)}")
        expect_shape(self, "result", self.dst, shape_of(self.indices))
        if element_of(self.src) != element_of(self.dst):
            raise VerifyException(
                f"{self.name}: {element_of(self.src)} into {element_of(self.dst)}"
            )


VECTOR_OPS: tuple[type[HivmVectorOp], ...] = (
    *ELEMENTWISE.values(),
    HivmVselOp,
    HivmVcastOp,
    HivmVcmpOp,
    HivmVbrcOp,
    HivmVreduceOp,
    HivmVcumsumOp,
    HivmVcumprodOp,
    HivmVtransposeOp,
    HivmVarangeOp,
    HivmVgatherOp,
)
"""Every instruction of the vector unit that we know."""
