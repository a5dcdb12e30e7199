"""Where a kernel is called: in a launch of its own, or as a stage of the launch before it."""

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    MemRefType,
    SymbolRefAttr,
    TensorType,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.dialects.tensor import CastOp, CollapseShapeOp, ExpandShapeOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import ConstantLike, SymbolTable, SymbolUserOpInterface
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Join, JoinAttr
from hawk_xdsl.dialects.npu.kernel import KernelOp

LAUNCHED_AS: Mapping[Attribute, Attribute] = {i1: i8, i64: i32}
"""Element types of tensors that a kernel's memory holds in another form."""


def _launchable(value: Attribute, argument: Attribute) -> bool:
    """Whether a tensor or buffer can be passed for a kernel argument: see ``LAUNCHED_AS``."""
    if not isinstance(argument, MemRefType):
        return False
    if isinstance(value, MemRefType):
        return value == argument
    if not isinstance(value, TensorType):
        return False
    element = LAUNCHED_AS.get(value.element_type, value.element_type)
    return value.get_shape() == argument.get_shape() and element == argument.element_type


class _LaunchSymbol(SymbolUserOpInterface):
    def verify(self, op: Operation) -> None:
        assert isinstance(op, LaunchOp)
        kernel = SymbolTable.lookup_symbol(op, op.kernel)
        if not isinstance(kernel, KernelOp):
            raise VerifyException(f"npu.launch: {op.kernel} is not an npu.kernel")
        given = [v.type for v in op.buffers] + list(op.result_types)
        wanted = [v.type for v in kernel.buffers]
        if len(given) != len(wanted):
            raise VerifyException(
                f"npu.launch: {len(given)} buffers for the {len(wanted)} of {op.kernel}"
            )
        if len(op.extents) != len(kernel.ranges):
            raise VerifyException(
                f"npu.launch: {len(op.extents)} extents for the {len(kernel.ranges)} of {op.kernel}"
            )
        for value, argument in zip(given, wanted, strict=True):
            if not _launchable(value, argument):
                raise VerifyException(f"npu.launch: {value} given for {argument} of {op.kernel}")


def storage_of(value: SSAValue) -> SSAValue:
    """The tensor in whose memory a value lies: another shape of a tensor is the same memory."""
    while isinstance(value.owner, ExpandShapeOp | CollapseShapeOp | CastOp):
        value = value.owner.operands[0]
    return value


def is_still(op: Operation) -> bool:
    """Whether an op between launches does nothing at run time: another shape, or a constant."""
    return isinstance(op, ExpandShapeOp | CollapseShapeOp | CastOp) or op.has_trait(ConstantLike)


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Runs all blocks of a kernel: on tensors with results, or on buffers without.

    Behind the buffers come the lengths that the kernel needs, one index for each of its extents.

    With ``joins`` the kernel is a stage of the launch before it, whose cores go on with it: all of
    them together behind a barrier (``barrier``), or each as soon as it is free (``free``), for what
    needs nothing that a stage since the last barrier has written.
    """

    name = "npu.launch"

    kernel = prop_def(SymbolRefAttr)
    arguments = var_operand_def(TensorType | MemRefType | IndexType)
    joins = opt_prop_def(JoinAttr)
    outputs = var_result_def(TensorType)

    assembly_format = (
        "$kernel `(` $arguments `)` (`joins` $joins^)? attr-dict `:` "
        "functional-type($arguments, $outputs)"
    )
    traits = traits_def(_LaunchSymbol())

    def __init__(
        self, kernel: str, arguments: Sequence[SSAValue], result_types: Sequence[Attribute]
    ) -> None:
        super().__init__(
            operands=[arguments],
            result_types=[result_types],
            properties={"kernel": SymbolRefAttr(kernel)},
        )

    def confine(self, ranges: Sequence[tuple[int, int] | None]) -> None:
        """Says in which range the integers of each argument must lie; ``None``: in their own."""
        if any(ends is not None for ends in ranges):
            values = [[] if ends is None else list(ends) for ends in ranges]
            self.attributes["ranges"] = ArrayAttr(
                DenseArrayBase.from_list(i64, ends) for ends in values
            )

    @property
    def buffers(self) -> tuple[SSAValue, ...]:
        """The tensors or buffers among the arguments."""
        return tuple(v for v in self.arguments if not isinstance(v.type, IndexType))

    @property
    def tensors(self) -> list[SSAValue]:
        """Where its buffers and results are stored, in the order of the kernel's."""
        return [storage_of(value) for value in (*self.buffers, *self.results)]

    @property
    def extents(self) -> tuple[SSAValue, ...]:
        """The lengths among the arguments, one for each extent of the kernel."""
        return tuple(self.arguments[len(self.buffers) :])

    @property
    def ranges(self) -> list[tuple[int, int] | None]:
        """The range of each argument's integers, as ``confine`` was told."""
        found = self.attributes.get("ranges")
        if not isinstance(found, ArrayAttr):
            return [None] * len(self.arguments)
        return [_ends(item) for item in found.data]

    def verify_(self) -> None:
        """As many ranges as arguments; a stage follows another, and waits for what it reads."""
        if any(not isinstance(value.type, IndexType) for value in self.extents):
            raise VerifyException("npu.launch: extents stand behind all buffers")
        if len(self.ranges) != len(self.arguments):
            raise VerifyException(
                f"npu.launch: {len(self.ranges)} ranges for {len(self.arguments)} arguments"
            )
        if self.joins is None:
            return
        if not (before := self._stages_since_barrier()):
            raise VerifyException(
                f"npu.launch: {self.kernel} joins a launch, but none is before it"
            )
        made = {result for stage in before for result in stage.results}
        if self.joins.data is Join.FREE and made & {storage_of(v) for v in self.arguments}:
            raise VerifyException(
                f"npu.launch: {self.kernel} reads what a stage before it writes: it needs "
                "joins <barrier>"
            )

    def _stages_since_barrier(self) -> "list[LaunchOp]":
        """The stages before this one of the same launch, the nearest first, up to a barrier."""
        found: list[LaunchOp] = []
        op = self.prev_op
        while op is not None and (isinstance(op, LaunchOp) or is_still(op)):
            if isinstance(op, LaunchOp):
                found.append(op)
                if op.joins is None or op.joins.data is Join.BARRIER:
                    break
            op = op.prev_op
        return found


def _ends(item: Attribute) -> tuple[int, int] | None:
    values = item.get_values() if isinstance(item, DenseArrayBase) else ()
    return (int(values[0]), int(values[1])) if len(values) == 2 else None
