"""Statements of a tile before their buffers have names: blocks, live ranges, names, and bytes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import renamed
from hawk_xdsl.dialects.npu import VECTOR_OPS

_IN_PLACE = frozenset(op.name.removeprefix("npu.") for op in VECTOR_OPS if op.IN_PLACE)

Axes = tuple[str | None, ...]
"""The axis of each dimension of a tile; ``None`` is a dimension of extent 1."""


@dataclass(eq=False)
class TileValue:
    """A tile in ub, a view of one (``base``), or a scalar that was read (without dimensions).

    ``wanted`` is the name that it shall have if it is free.
    """

    dtype: str
    axes: Axes
    shape: tuple[int, ...]
    base: "TileValue | None" = None
    name: str = ""
    wanted: str = ""

    @property
    def root(self) -> "TileValue":
        """The buffer that holds the bytes."""
        return self if self.base is None else self.base.root

    def bytes(self, block: int) -> int:
        """Bytes on the core, where rows are whole blocks of so many. A scalar has none."""
        if not self.shape:
            return 0
        row = self.shape[-1] * DType(self.dtype).bytes
        return prod(self.shape[:-1]) * (-(-row // block) * block)


@dataclass(eq=False)
class Statement:
    """What a statement stores, or the value it assigns to ``out``.

    Operands have no names yet: in ``syntax`` they are ``@0``, ``@1``, … as :func:`operand` gives.
    ``again``: the destination exists already and is written once more.
    """

    syntax: ast.Value | ast.Store
    operands: tuple[TileValue, ...]
    out: TileValue | None
    again: bool = False

    @property
    def mnemonic(self) -> str:
        """The first word of the statement."""
        return self.syntax.mnemonic

    def named(self) -> ast.Assign | ast.Store:
        """The statement with the names of its operands."""
        names = {f"@{number}": value.name for number, value in enumerate(self.operands)}
        syntax = renamed(self.syntax, names) if names else self.syntax
        if isinstance(syntax, ast.Store):
            return syntax
        assert self.out is not None, "only a store assigns nothing"
        return ast.Assign(self.out.name, syntax)


def operand(number: int, *slices: ast.Slice) -> ast.Tile:
    """An operand of a statement by its number, or the part of it that slices say."""
    return ast.Tile(f"@{number}", slices or None)


def two_operands(mnemonic: str) -> ast.Elementwise:
    """An instruction of the operands 0 and 1."""
    return ast.Elementwise(mnemonic, (operand(0), operand(1)))


@dataclass(eq=False)
class ControlStatement:
    """A ``for``, or an ``if``: ``head`` is it without its body."""

    head: ast.For | ast.If
    body: "Block"


@dataclass(eq=False)
class Block:
    """Statements and loops in order."""

    items: list[Statement | ControlStatement] = field(
        default_factory=list["Statement | ControlStatement"]
    )

    def walk(self) -> Iterator[Statement]:
        """Every statement, those of loops included."""
        for item in self.items:
            if isinstance(item, ControlStatement):
                yield from item.body.walk()
            else:
                yield item


class Names:
    """Gives buffers their names, one over another where an instruction may work in place.

    ``anew``: never over another; values get the names that are wanted.
    """

    def __init__(self, *, anew: bool = False) -> None:
        self._count = 0
        self._scalars = 0
        self._anew = anew
        self._seen: frozenset[str] = frozenset()

    def assign(self, block: Block, kept: Sequence[TileValue] = ()) -> None:
        """Names everything that a block and its loops define; ``kept`` is needed afterwards."""
        last: dict[TileValue, int] = {value.root: len(block.items) for value in kept}
        own: set[TileValue] = set()
        for position, item in enumerate(block.items):
            for value in _used(item):
                last.setdefault(value.root, -1)
                if last[value.root] < len(block.items):
                    last[value.root] = position
        for position, item in enumerate(block.items):
            if isinstance(item, ControlStatement):
                before = self._seen
                self.assign(item.body)
                self._seen = before
            elif item.out is not None and not item.again:
                self._name(item, item.out, own, last, position)

    def _name(
        self,
        item: Statement,
        out: TileValue,
        own: set[TileValue],
        last: dict[TileValue, int],
        position: int,
    ) -> None:
        if not out.shape:
            out.name, self._scalars = f"q{self._scalars}", self._scalars + 1
            return
        if self._anew and out.wanted and out.wanted not in self._seen:
            out.name = out.wanted
            self._seen |= {out.name}
            return
        if out.base is not None:
            out.name = f"v{out.base.name}"
            return
        reused = next(
            (
                operand
                for operand in item.operands
                if item.mnemonic in _IN_PLACE
                and not self._anew
                and operand in own
                and last[operand] == position
                and (operand.dtype, operand.shape) == (out.dtype, out.shape)
            ),
            None,
        )
        if reused is None:
            out.name, self._count = f"b{self._count}", self._count + 1
        else:
            out.name = reused.name
            own.discard(reused)
        own.add(out)


def _used(item: Statement | ControlStatement) -> Iterator[TileValue]:
    statements = item.body.walk() if isinstance(item, ControlStatement) else iter((item,))
    for statement in statements:
        yield from statement.operands
        if statement.again and statement.out is not None:
            yield statement.out


def syntax_of(items: Sequence[Statement | ControlStatement]) -> tuple[ast.Statement, ...]:
    """Statements and loops whose buffers have names, in kernel text's syntax."""
    return tuple(
        replace(item.head, body=syntax_of(item.body.items))
        if isinstance(item, ControlStatement)
        else item.named()
        for item in items
    )


Temporary = Callable[[Statement], int]
"""Bytes that a statement needs beside its operands."""


def peak_bytes(blocks: Sequence[Block], block_bytes: int, temporary: Temporary) -> int:
    """The most bytes alive at once in blocks of statements of which the last one is repeated.

    ``block_bytes`` are those of the memory, which rows are padded to.
    """
    *before, main = blocks
    outer = sum(
        {
            statement.out.name: statement.out.bytes(block_bytes)
            for block in before
            for statement in block.walk()
            if statement.out is not None and statement.out.base is None
        }.values()
    )
    return outer + _peak(main, block_bytes, temporary)


def _peak(block: Block, block_bytes: int, temporary: Temporary) -> int:
    """The most bytes alive at once of what a block and its loops define."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    sizes: dict[str, int] = {}
    inside = [0] * len(block.items)
    for position, item in enumerate(block.items):
        if isinstance(item, ControlStatement):
            inside[position] = _peak(item.body, block_bytes, temporary)
        else:
            inside[position] = temporary(item)
            if item.out is not None and item.out.base is None and not item.again:
                first.setdefault(item.out.name, position)
                last[item.out.name] = position
                sizes[item.out.name] = item.out.bytes(block_bytes)
        for value in _used(item):
            if value.root.name in first:
                last[value.root.name] = position
    change = [0] * (len(block.items) + 1)
    for name, size in sizes.items():
        change[first[name]] += size
        change[last[name] + 1] -= size
    alive = most = 0
    for position in range(len(block.items)):
        alive += change[position]
        most = max(most, alive + inside[position])
    return most
