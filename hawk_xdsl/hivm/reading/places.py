"""Where the vendor's views lie: an argument of the kernel, or bytes of the core at an address."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, NoneAttr, StridedLayoutAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue

from hawk_xdsl.dialects.npu import AllocOp, Scope, ScopeAttr
from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.writing import Writer


class Place(ABC):
    """The elements that views are of.

    Attributes:
        count: how many elements there are.
    """

    count: int

    @abstractmethod
    def root(self, writer: Writer) -> SSAValue:
        """The buffer as it is declared."""

    def shaped(self, writer: Writer, shape: tuple[int, ...]) -> SSAValue:
        """The buffer in a shape without gaps, of its first elements if it has a few more.

        Raises ``HivmImportError`` for an argument that is not made of whole rows.
        """
        root = self.root(writer)
        assert isinstance(root.type, MemRefType)
        if root.type.get_shape() == shape:
            return root
        key = ("shaped", root, shape)
        return writer.once(key, lambda: _cast(self._whole(writer, root, shape), shape))

    def _whole(self, writer: Writer, root: SSAValue, extents: Sequence[int]) -> SSAValue:
        """The elements that a shape has, of a buffer that may have a few more."""
        count = prod(extents)
        if count == self.count:
            return root
        assert isinstance(root.type, MemRefType)
        layout = StridedLayoutAttr([1], 0)
        part = MemRefType(root.type.element_type, [count], layout, root.type.memory_space)
        return writer.once(
            ("part", root, count), lambda: memref.SubviewOp.get(root, [0], [count], [1], part)
        )


class Argument(Place):
    """An argument of the kernel."""

    def __init__(self, value: SSAValue) -> None:
        assert isinstance(value.type, MemRefType)
        self.value = value
        self.count = prod(value.type.get_shape())

    def root(self, writer: Writer) -> SSAValue:
        """The argument."""
        return self.value

    def _whole(self, writer: Writer, root: SSAValue, extents: Sequence[int]) -> SSAValue:
        if prod(extents) != self.count:
            raise HivmImportError(f"a view of {root.type} that is not made of its whole rows")
        return root


class PlacedBuffer(Place):
    """Bytes of a core: an ``npu.alloc`` where the vendor declares them, once they are used."""

    def __init__(
        self,
        anchor: tuple[Block, Operation | None],
        element: Attribute,
        shape: Sequence[int],
        scope: Scope,
        address: int,
    ) -> None:
        self._anchor = anchor
        self._type = MemRefType(element, list(shape), NoneAttr(), ScopeAttr(scope))
        self._address = address
        self._value: SSAValue | None = None
        self.count = prod(shape)

    def root(self, writer: Writer) -> SSAValue:
        """The allocation."""
        if self._value is None:
            op = AllocOp(self._type, self._address)
            block, after = self._anchor
            if after is not None:
                block.insert_ops_after([op], after)
            elif block.first_op is not None:
                block.insert_ops_before([op], block.first_op)
            else:
                block.add_op(op)
            self._value = op.buffer
        return self._value


def _cast(root: SSAValue, extents: Sequence[int]) -> Operation:
    """Another shape of a buffer without gaps."""
    assert isinstance(root.type, MemRefType)
    strides = [prod(extents[place + 1 :]) for place in range(len(extents))]
    type_ = MemRefType(root.type.element_type, list(extents), NoneAttr(), root.type.memory_space)
    return memref.ReinterpretCastOp(root, [], [], [], [0], list(extents), strides, type_)
