"""The vector instructions of HIVM that work element by element, most of them by name."""

from collections.abc import Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    AnyFloat,
    BoolAttr,
    DenseArrayBase,
    IntegerType,
    MemRefType,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.hivm.attributes import (
    HivmCastAttr,
    HivmCompareModeAttr,
    HivmRoundModeAttr,
)
from hawk_xdsl.dialects.hivm.operand import (
    agree,
    element_of,
    expect_shape,
    expect_space,
    shape_of,
    tiles,
)

TILE_OR_SCALAR = MemRefType | AnyFloat | IntegerType


def integers(values: Sequence[int]) -> DenseArrayBase:
    """A list of dimensions, as HIVM's properties hold it."""
    return DenseArrayBase.from_list(i64, values)


class HivmVectorOp(IRDLOperation):
    """An instruction of the vector unit: its tiles are in ub."""

    def verify_(self) -> None:
        """All tiles are in ub; the vendor's verifier does not ask."""
        for value in tiles(self.operands):
            expect_space(self, "operand", value, "ub")
        self.verify_tiles()

    def verify_tiles(self) -> None:
        """Shapes and dtypes of this instruction."""


class HivmElementwiseOp(HivmVectorOp):
    """``dst = f(src…)`` element by element; ``broadcast`` names dimensions along which a source
    of extent 1 is repeated. Only the second source may be a scalar, of a ``vsel`` also the third.
    """

    src = var_operand_def(TILE_OR_SCALAR)
    dst = var_operand_def(MemRefType)
    temp_buffer = opt_operand_def(MemRefType)
    transpose = opt_prop_def(DenseArrayBase.constr(i64))
    broadcast = opt_prop_def(DenseArrayBase.constr(i64))
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    ARITY: ClassVar[int]

    def __init__(
        self,
        src: Sequence[SSAValue],
        dst: SSAValue,
        broadcast: Sequence[int] = (),
        temp_buffer: SSAValue | None = None,
        **properties: Attribute,
    ) -> None:
        super().__init__(
            operands=[src, [dst], temp_buffer],
            properties={
                "broadcast": integers(broadcast),
                "transpose": integers(()),
                **properties,
            },
        )

    @property
    def broadcast_dims(self) -> tuple[int, ...]:
        """The dimensions along which sources of extent 1 are repeated."""
        return () if self.broadcast is None else tuple(map(int, self.broadcast.get_values()))

    def verify_tiles(self) -> None:
        """As many sources as it takes, of one rank, broadcast only where it says so."""
        if len(self.src) != self.ARITY or len(self.dst) != 1:
            raise VerifyException(f"{self.name}: {len(self.src)} sources, it takes {self.ARITY}")
        to = shape_of(self.dst[0])
        for source in tiles(self.src):
            shape = shape_of(source)
            if len(shape) != len(to):
                raise VerifyException(f"{self.name}: {list(shape)} and {list(to)} differ in rank")
            for axis, (have, want) in enumerate(zip(shape, to, strict=True)):
                if not (agree(have, want) or (have == 1 and axis in self.broadcast_dims)):
                    raise VerifyException(
                        f"{self.name}: {list(shape)} does not broadcast to {list(to)} along "
                        f"{list(self.broadcast_dims)}"
                    )


def _elementwise(name: str, arity: int) -> type[HivmElementwiseOp]:
    body = {
        "name": f"hivm.hir.{name}",
        "ARITY": arity,
        "__annotations__": {"ARITY": ClassVar[int]},
        "__doc__": f"``dst = {name.removeprefix('v')}({', '.join('xy'[:arity])})``.",
        "__module__": __name__,
    }
    op = type(f"Hivm{name.capitalize()}Op", (HivmElementwiseOp,), body)
    return irdl_op_definition(cast(type[HivmElementwiseOp], op))


ELEMENTWISE: dict[str, type[HivmElementwiseOp]] = {
    name: _elementwise(name, arity)
    for arity, names in (
        (1, "vexp vln vabs vsqrt vrsqrt vrec vrelu vnot vtanh vsin vcos verf"),
        (2, "vadd vsub vmul vdiv vmax vmin vand vor vxor vshl vshr vmod vpow"),
    )
    for name in names.split()
}
"""The element-wise instructions by mnemonic."""


@irdl_op_definition
class HivmVselOp(HivmElementwiseOp):
    """``dst = src[0] ? src[1] : src[2]``; the condition is an i1 tile of the whole shape."""

    name = "hivm.hir.vsel"
    ARITY: ClassVar[int] = 3


@irdl_op_definition
class HivmVcastOp(HivmElementwiseOp):
    """Converts to the dtype of ``dst``."""

    name = "hivm.hir.vcast"
    ARITY: ClassVar[int] = 1
    round_mode = opt_prop_def(HivmRoundModeAttr)
    cast = opt_prop_def(HivmCastAttr)


@irdl_op_definition
class HivmVcmpOp(HivmVectorOp):
    """``dst = src[0] ⟨relation⟩ src[1]`` as an i1 tile."""

    name = "hivm.hir.vcmp"
    src = var_operand_def(TILE_OR_SCALAR)
    dst = var_operand_def(MemRefType)
    compare_mode = prop_def(HivmCompareModeAttr)
    is_signed = opt_prop_def(BoolAttr)
    transpose = opt_prop_def(DenseArrayBase.constr(i64))
    broadcast = opt_prop_def(DenseArrayBase.constr(i64))
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self, relation: str, src: Sequence[SSAValue], dst: SSAValue, broadcast: Sequence[int] = ()
    ) -> None:
        super().__init__(
            operands=[src, [dst]],
            properties={
                "compare_mode": HivmCompareModeAttr(relation),
                "broadcast": integers(broadcast),
                "transpose": integers(()),
            },
        )

    def verify_tiles(self) -> None:
        """An i1 destination, sources of one dtype and its shape: nothing is repeated."""
        if len(self.src) != 2 or len(self.dst) != 1:
            raise VerifyException(f"{self.name}: {len(self.src)} sources, it takes 2")
        if element_of(self.dst[0]) != IntegerType(1):
            raise VerifyException(f"{self.name}: the result is i1, not {element_of(self.dst[0])}")
        if element_of(self.src[0]) != element_of(self.src[1]):
            raise VerifyException(f"{self.name}: sources of two dtypes")
        for source in tiles(self.src):
            expect_shape(self, "source", source, shape_of(self.dst[0]))
