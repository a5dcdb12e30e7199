"""The state of one kernel while it is built: its operands, buffers and scalars."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    IndexType,
    IntegerType,
    MemRefType,
    StridedLayoutAttr,
    i32,
)
from xdsl.ir import Block, SSAValue

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.buffer_types import buffer_type, global_type, literal
from hawk_xdsl.dialects.kernel_text.emission import Objection, no_objection
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.extents import extent_variables, linear_sizes
from hawk_xdsl.dialects.kernel_text.index import IndexVariable
from hawk_xdsl.dialects.kernel_text.index_emission import IndexEmission
from hawk_xdsl.dialects.kernel_text.parse import is_name
from hawk_xdsl.dialects.kernel_text.scope import (
    AccumulatorFill,
    BlockFrame,
    Buffer,
    Extent,
    Global,
    Scalar,
)
from hawk_xdsl.dialects.kernel_text.signature import GlobalOperand, Signature
from hawk_xdsl.dialects.npu import AllocOp, Role, Scope


def _expect_operands(operands: Sequence[GlobalOperand]) -> None:
    """Raise ``KernelTextError`` unless the operands can be named and held."""
    names = [operand.name for operand in operands]
    for name, dtype, shape in operands:
        if not is_name(name):
            raise KernelTextError(f"an operand cannot be named `{name}`")
        if names.count(name) > 1:
            raise KernelTextError(f"two operands are named `{name}`")
        if dtype not in BUFFER_DTYPES:
            raise KernelTextError(f"operand `{name}` has dtype {dtype}; kernels hold none such")
        if not shape or min(shape) < 1:
            raise KernelTextError(f"operand `{name}` has shape {list(shape)}")


@dataclass
class KernelContext(IndexEmission):
    """The state of one kernel while it is built: what its statements share, and its buffers."""

    @staticmethod
    def create(
        signature: Signature,
        temps: Sequence[GlobalOperand],
        objection: Objection = no_objection,
    ) -> "KernelContext":
        """An empty kernel whose block has all operands as arguments, used or not."""
        operands = [*signature.inputs, *signature.outputs, *temps]
        _expect_operands(operands)
        types = [global_type(o.dtype, signature.sizes_of(o)) for o in operands]
        block = Block(arg_types=[*types, *(IndexType() for _ in signature.extents)])
        extents = extent_variables(signature.extents, block.args[len(operands) :])
        names: dict[str, Global] = {}
        for index, (operand, argument) in enumerate(zip(operands, block.args, strict=False)):
            argument.name_hint = operand.name
            is_input, is_temp = (
                index < len(signature.inputs),
                index >= len(signature.inputs) + len(signature.outputs),
            )
            sizes = linear_sizes(signature, operand, extents)
            names[operand.name] = Global(operand, argument, is_input, is_temp, sizes)
        context = KernelContext(
            names,
            [BlockFrame("kernel", block)],
            variables=len(extents),
            objection=objection,
            places=signature.places,
            extents=signature.extents,
        )
        for variable in extents.values():
            context.define(variable.name, Scalar(variable))
        return context

    def subview(
        self,
        source: SSAValue,
        offsets: Sequence[SSAValue | int],
        sizes: Sequence[SSAValue | int],
        strides: Sequence[int],
        dropped: Sequence[bool],
    ) -> SSAValue:
        """A part of a buffer without the dropped dimensions; the buffer itself if it is all."""
        type_ = source.type
        assert isinstance(type_, MemRefType)
        whole = all(offset == 0 for offset in offsets) and tuple(sizes) == type_.get_shape()
        if whole and not any(dropped):
            return source
        full = memref.SubviewOp.infer_result_type(type_, offsets, sizes, strides)
        layout = full.layout
        assert isinstance(layout, StridedLayoutAttr)
        kept = [index for index, drop in enumerate(dropped) if not drop]
        result = MemRefType(
            full.element_type,
            [full.get_shape()[index] for index in kept],
            StridedLayoutAttr([layout.strides.data[index] for index in kept], layout.offset),
            full.memory_space,
        )
        op = memref.SubviewOp.get(source, offsets, sizes, strides, result)
        return self.emit(op, source.name_hint).result

    def valid_view(self, buffer: Buffer) -> SSAValue:
        """A buffer cut to its valid extents."""
        return self.cut(buffer.base, buffer.extents)

    def cut(self, base: SSAValue, extents: Sequence[Extent]) -> SSAValue:
        """The leading part of a buffer."""
        if all(isinstance(extent, int) for extent in extents):
            return base
        rank = len(extents)

        def make() -> SSAValue:
            sizes = [self.extent_value(extent) for extent in extents]
            return self.subview(base, [0] * rank, sizes, [1] * rank, [False] * rank)

        return self.remembered(("cut", base, tuple(extents)), make)

    def destination(
        self,
        name: str,
        dtype: str,
        shape: tuple[int, ...],
        extents: tuple[Extent, ...],
        scope: Scope | None = None,
    ) -> Buffer:
        """The buffer that an assignment writes: new, or the one the name stands for.

        Without a ``scope`` it is where the vector unit works.

        Raises:
            KernelTextError: if the name is taken by a buffer of another kind.
        """
        scope = scope or self.space_of(Role.VECTOR)
        if not shape:
            self.fail("a buffer needs at least one dimension; use read for a single element")
        binding = self.lookup(name)
        if isinstance(binding, Buffer):
            self._expect_same(name, binding, dtype, shape, scope)
            if binding.extents != extents and binding.accumulation is None:
                self.fail(f"`{name}` was assigned before with other valid extents at the edge")
            return binding
        if isinstance(binding, Scalar):
            self.fail(f"`{name}` is a scalar and cannot be assigned")
        if name in self.globals:
            self.fail(f"`{name}` is an operand in global memory; use another name")
        base = self.emit(AllocOp(buffer_type(dtype, shape, scope)), name).buffer
        filled = scope.has(Role.ACCUMULATOR)
        accumulation = AccumulatorFill(len(self.frames)) if filled else None
        buffer = Buffer(base, base, dtype, shape, extents, scope, len(self.frames), accumulation)
        self.define(name, buffer)
        return buffer

    def _expect_same(
        self, name: str, old: Buffer, dtype: str, shape: tuple[int, ...], scope: Scope
    ) -> None:
        before = f"{old.dtype}{list(old.shape)} in {old.scope}"
        after = f"{dtype}{list(shape)} in {scope}"
        if before != after:
            self.fail(f"`{name}` is {before} and cannot become {after}; use another name")

    def restart(self, name: str, buffer: Buffer) -> None:
        """Mark an l0c buffer as filled here."""
        assert buffer.accumulation is not None
        if any(frame in buffer.accumulation.around for frame in self.frames):
            self.fail(f"fill `{name}` before the mmad of this loop, not after it")
        self.redefine(name, replace(buffer, accumulation=AccumulatorFill(len(self.frames))))

    # Scalars

    def scalar(self, operand: ast.Operand, dtype: str) -> SSAValue:
        """A number, a loop variable or a scalar that was read, as a value of a dtype."""
        if isinstance(operand, ast.Number):
            return self.constant(literal(operand.value, dtype, self.line))
        binding = self.lookup(operand.name)
        assert isinstance(binding, Scalar)
        if binding.dtype is not None:
            if binding.dtype != dtype:
                self.fail(f"`{operand.name}` is {binding.dtype}, but {dtype} is needed")
            return binding.variable.value
        return self.remembered(
            ("scalar", binding.variable, dtype), lambda: self._convert(binding.variable, dtype)
        )

    def _convert(self, variable: IndexVariable, dtype: str) -> SSAValue:
        element = DType(dtype).mlir
        if isinstance(element, IntegerType):
            return self.emit(arith.IndexCastOp(variable.value, element)).result
        integer = self.emit(arith.IndexCastOp(variable.value, i32)).result
        return self.emit(arith.SIToFPOp(integer, element)).result
