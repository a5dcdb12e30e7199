"""The state of one kernel while it is built: blocks, names, and how operations are emitted."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn, TypeVar

from xdsl.dialects import affine, arith, memref
from xdsl.dialects.builtin import (
    AffineMapAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StridedLayoutAttr,
    i1,
    i32,
)
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.buffer_types import buffer_type, global_type, literal
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear, linear
from hawk_xdsl.dialects.kernel_text.parse import is_name
from hawk_xdsl.dialects.kernel_text.places import Places
from hawk_xdsl.dialects.kernel_text.scope import (
    Accumulation,
    Binding,
    Buffer,
    Extent,
    Frame,
    Global,
    Scalar,
)
from hawk_xdsl.dialects.kernel_text.signature import GlobalOperand, Signature
from hawk_xdsl.dialects.npu import AllocOp, Role, Scope

_Op = TypeVar("_Op", bound=Operation)

Objection = Callable[[Operation], str | None]
"""Why a machine cannot execute an operation; ``None`` if it can."""


def _no_objection(op: Operation) -> str | None:
    return None


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
class KernelContext:
    """Everything the statements of one kernel share.

    Attributes:
        globals: the operands in scope, by name.
        frames: the open blocks, the kernel first.
        line: the line of the statement being built.
        variables: how many index variables there are so far.
        total: iterations of ``across``; 1 without.
        has_across: whether there is one.
        objection: why the target cannot execute an operation; ``None`` if it can.
        places: the memory spaces that the text can name.
    """

    globals: dict[str, Global]
    frames: list[Frame]
    line: int | None = None
    variables: int = 0
    total: int = 1
    has_across: bool = field(default=False)
    objection: Objection = _no_objection
    places: Places = field(default_factory=Places)

    @staticmethod
    def create(
        signature: Signature,
        temps: Sequence[GlobalOperand],
        objection: Objection = _no_objection,
    ) -> "KernelContext":
        """An empty kernel whose block has all operands as arguments, used or not."""
        operands = [*signature.inputs, *signature.outputs, *temps]
        _expect_operands(operands)
        block = Block(arg_types=[global_type(o.dtype, o.shape) for o in operands])
        names: dict[str, Global] = {}
        for index, (operand, argument) in enumerate(zip(operands, block.args, strict=True)):
            argument.name_hint = operand.name
            is_temp = index >= len(signature.inputs) + len(signature.outputs)
            names[operand.name] = Global(operand, argument, index < len(signature.inputs), is_temp)
        return KernelContext(
            names, [Frame("kernel", block)], objection=objection, places=signature.places
        )

    # Errors and operations

    def fail(self, reason: str) -> NoReturn:
        """Raise a ``KernelTextError`` at the current line."""
        raise KernelTextError(reason, line=self.line)

    def space_of(self, role: Role) -> Scope:
        """The target's memory space for a role."""
        scope = self.places.space(role.word)
        return scope if scope is not None else self.fail(f"the target has no memory for {role}")

    def named_space(self, name: str, *roles: Role) -> Scope:
        """The memory space of a name, which must play one of the roles."""
        scope = self.places.space(name)
        if scope is None or not scope.has(*roles):
            known = " or ".join(self.places.space_names(*roles))
            self.fail(f"`{name}` is no memory space for this; expected {known}")
        return scope

    @property
    def frame(self) -> Frame:
        """The innermost open block."""
        return self.frames[-1]

    def emit(self, op: _Op, hint: str | None = None) -> _Op:
        """Verify an operation and append it; what its verifier says becomes an error here."""
        try:
            op.verify()
        except VerifyException as error:
            self.reject(op, str(error))
        if (reason := self.objection(op)) is not None:
            self.reject(op, reason)
        for result in op.results:
            result.name_hint = hint
        self.frame.block.add_op(op)
        return op

    def reject(self, op: Operation, reason: str) -> NoReturn:
        """Raise for an operation that is not emitted, and drop its uses of values."""
        op.drop_all_references()
        self.fail(reason)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Undo what was built inside if it raises."""
        depth, last = len(self.frames), self.frame.block.last_op
        saved = [(dict(frame.names), dict(frame.memo)) for frame in self.frames]
        use = {name: (entry.read, entry.written) for name, entry in self.globals.items()}
        state = (self.variables, self.total, self.has_across)
        try:
            yield
        except KernelTextError:
            del self.frames[depth:]
            for frame, (names, memo) in zip(self.frames, saved, strict=True):
                frame.names, frame.memo = names, memo
            block = self.frame.block
            while block.last_op is not None and block.last_op is not last:
                block.erase_op(block.last_op)
            for name, (read, written) in use.items():
                self.globals[name].read, self.globals[name].written = read, written
            self.variables, self.total, self.has_across = state
            raise

    # Names

    def lookup(self, name: str) -> Binding | None:
        """What a name stands for in the innermost block that defines it."""
        for frame in reversed(self.frames):
            if name in frame.names:
                return frame.names[name]
        return None

    def define(self, name: str, binding: Binding) -> None:
        """Define a name that is not visible yet in the innermost block."""
        if name in self.globals:
            self.fail(f"`{name}` is an operand in global memory; use another name")
        if self.lookup(name) is not None:
            self.fail(f"`{name}` is already defined")
        self.frame.names[name] = binding

    def redefine(self, name: str, buffer: Buffer) -> None:
        """Replace what is known about a visible buffer."""
        for frame in reversed(self.frames):
            if name in frame.names:
                frame.names[name] = buffer
                return

    def buffer(self, name: str) -> Buffer:
        """A visible buffer."""
        binding = self.lookup(name)
        if isinstance(binding, Buffer):
            return binding
        if binding is not None:
            self.fail(f"`{name}` is a scalar where a buffer is needed")
        if name in self.globals:
            self.fail(f"`{name}` is in global memory; load it first")
        self.fail(f"unknown buffer `{name}`")

    def global_operand(self, name: str) -> Global:
        """An operand in global memory."""
        if name in self.globals:
            return self.globals[name]
        known = ", ".join(self.globals)
        self.fail(f"unknown operand `{name}`; the operands are {known}")

    @property
    def guarded(self) -> bool:
        """Whether an ``if`` is open, so that the range of a variable is not known."""
        return any(frame.kind == "if" for frame in self.frames)

    # Index values

    def linear(self, expression: ast.Expression) -> Linear:
        """The normal form of an expression over the visible variables."""
        visible: dict[str, IndexVariable] = {}
        for frame in self.frames:
            for name, binding in frame.names.items():
                if isinstance(binding, Scalar):
                    visible[name] = binding.variable
        return linear(expression, visible, self.line)

    def remembered(self, key: object, make: Callable[[], SSAValue]) -> SSAValue:
        """A value computed before in a block that is still open, or now."""
        for frame in reversed(self.frames):
            if key in frame.memo:
                return frame.memo[key]
        value = make()
        self.frame.memo[key] = value
        return value

    def variable_value(self, variable: IndexVariable) -> SSAValue:
        """A variable as an index."""
        if isinstance(variable.value.type, IndexType):
            return variable.value
        return self.remembered(
            ("index", variable),
            lambda: (
                self.emit(
                    arith.IndexCastOp(variable.value, IndexType()), f"{variable.name}_index"
                ).result
            ),
        )

    def index_or_int(self, value: Linear) -> SSAValue | int:
        """An index value, or the number if it is one."""
        if not value.terms:
            return value.constant
        (symbol, factor), *rest = value.terms
        if isinstance(symbol, IndexVariable) and factor == 1 and not rest and not value.constant:
            return self.variable_value(symbol)
        return self.remembered(("apply", value), lambda: self._apply(value))

    def index(self, value: Linear) -> SSAValue:
        """An index value, a constant operation if it is a number."""
        result = self.index_or_int(value)
        return self.index_constant(result) if isinstance(result, int) else result

    def index_constant(self, value: int) -> SSAValue:
        """A constant of index type."""
        return self.constant(IntegerAttr.from_index_int_value(value))

    def constant(self, value: FloatAttr | IntegerAttr) -> SSAValue:
        """A constant."""
        return self.remembered(
            ("constant", value), lambda: self.emit(arith.ConstantOp(value)).result
        )

    def truth(self, value: bool) -> SSAValue:
        """A constant of type i1."""
        return self.constant(IntegerAttr(int(value), i1))

    def _operands(self, *values: Linear) -> tuple[IndexVariable, ...]:
        found = {variable for value in values for variable in value.variables}
        return tuple(sorted(found, key=lambda variable: variable.order))

    def _apply(self, value: Linear) -> SSAValue:
        variables = self._operands(value)
        operands = [self.variable_value(variable) for variable in variables]
        map_ = AffineMap(len(variables), 0, (value.affine(variables),))
        return self.emit(affine.ApplyOp(operands, AffineMapAttr(map_))).result

    def minimum(self, number: int, value: Linear, divisor: int = 1) -> SSAValue:
        """``min(number, ceil(value / divisor))`` as an index."""

        def make() -> SSAValue:
            variables = self._operands(value)
            operands = [self.variable_value(variable) for variable in variables]
            expression = value.affine(variables)
            if divisor != 1:
                expression = expression.ceil_div(divisor)
            map_ = AffineMap(len(variables), 0, (AffineExpr.constant(number), expression))
            return self.emit(affine.MinOp(operands, AffineMapAttr(map_))).result

        return self.remembered(("minimum", number, value, divisor), make)

    def extent_value(self, extent: Extent) -> SSAValue | int:
        """A valid extent as a subview takes it."""
        if isinstance(extent, int):
            return extent
        return self.minimum(extent.length, extent.limit, extent.stride)

    # Buffers

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
        accumulation = Accumulation(len(self.frames)) if filled else None
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
        self.redefine(name, replace(buffer, accumulation=Accumulation(len(self.frames))))

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
