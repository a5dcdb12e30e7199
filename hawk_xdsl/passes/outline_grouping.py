"""Decides which linalg ops form one group: along data flow, by loop structure only."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects.tensor import ConcatOp
from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.linalg.structured import Equation, equation_of
from hawk_xdsl.passes.outline_border import border_of
from hawk_xdsl.passes.outline_dataflow import (
    COPIES,
    AxisUse,
    LayoutPath,
    axis_uses,
    input_ways,
    is_compute,
    reads_in_step,
    result_uses,
    sunk_layout,
)
from hawk_xdsl.passes.outline_epilogue import epilogue_of
from hawk_xdsl.semantics.loops import MOST_REGIONS


@dataclass(eq=False)
class Group:
    """Ops that become one ``npu.undecided``.

    Attributes:
        members: in program order.
        tail: layout ops after the last member, done when its result is stored.
    """

    members: list[Operation] = field(default_factory=list[Operation])
    tail: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class _Loop:
    """A loop of an op, or an axis of a tensor."""

    owner: Operation | SSAValue
    position: int


class _Classes:
    """Which loops of several ops are the same index, as seen from the tensors they share."""

    def __init__(self) -> None:
        self._class: dict[_Loop, frozenset[_Loop]] = {}

    def of(self, loop: _Loop) -> frozenset[_Loop]:
        return self._class.get(loop, frozenset({loop}))

    def join(self, a: _Loop, b: _Loop) -> None:
        """Makes two the same, unless that would make two loops of one op the same."""
        left, right = self.of(a), self.of(b)
        joined = left | right
        if left == right or len({loop.owner for loop in joined}) != len(joined):
            return
        for loop in joined:
            self._class[loop] = joined


def _cuts(group: Group) -> int:
    """At least how often the copies of a group cut its result into regions."""
    copies = [op for op in group.members if isinstance(op, COPIES)]
    return sum(len(op.inputs) - 1 if isinstance(op, ConcatOp) else 1 for op in copies)


class Grouping:
    """The groups of a function's body.

    A contraction is a group, together with what it starts from and what its store does
    (``epilogue_of``, if ``epilogues``; ``biases`` are the dtypes of a row that it may start from),
    with the padding of its windows (``border_of``, if ``borders``)
    and a permutation that only it feeds, if ``permutes``. Copies that only feed
    one another (a tensor filled in parts) are one group of their own. Any other op joins
    the group of an op whose result it reads index for index, if

    - no path from the one to the other leads through a third group;
    - all reductions of the joint group reduce the same indices, and
    - if there are reductions, one parallel index runs through all its ops, or through none.
    """

    def __init__(
        self,
        block: Block,
        biases: tuple[str, ...] = (),
        *,
        permutes: bool = True,
        epilogues: bool = True,
        borders: bool = False,
    ) -> None:
        self._biases = biases
        self._borders = borders
        self._epilogues = epilogues
        self._permutes = permutes
        self._place = {op: i for i, op in enumerate(block.ops)}
        self.group_of: dict[Operation, Group] = {}
        compute = [op for op in block.ops if is_compute(op)]
        self._equations: dict[Operation, Equation | None] = {op: equation_of(op) for op in compute}
        for op in compute:
            if op not in self.group_of:
                self.group_of |= self._started(op)
        self._owners: dict[SSAValue, Operation] = {
            group.tail[-1].results[0]: group.members[-1] for group in self.groups if group.tail
        }
        self.roots = frozenset(self._owners)
        self._paths = {op: list(input_ways(op, self.roots)) for op in block.ops}
        self._uses = {op: list(self._axis_uses(op)) for op in compute}
        for op in compute:
            self._join_producers(op)

    @property
    def groups(self) -> list[Group]:
        """In the order of their first members."""
        return list(dict.fromkeys(self.group_of.values()))

    def producer(self, root: SSAValue) -> Operation | None:
        """The op that computes a root, or ``None`` for an argument."""
        if root in self._owners:
            return self._owners[root]
        return root.owner if isinstance(root.owner, Operation) else None

    def paths(self, op: Operation) -> list[tuple[SSAValue, LayoutPath]]:
        """What an op reads, and how it gets there."""
        return self._paths[op]

    def _started(self, op: Operation) -> dict[Operation, Group]:
        """The group that an op begins with."""
        if not (self._is_alone(op) and self._equations[op]):
            return {op: Group([op])}
        before = border_of(op) if self._borders else ()
        after = epilogue_of(op, self._biases, filters=bool(before)) if self._epilogues else ()
        members = [*before, op, *after]
        group = Group(members, sunk_layout(members[-1]) if self._permutes else ())
        return dict.fromkeys(members, group)

    def _is_alone(self, op: Operation) -> bool:
        equation = self._equations[op]
        return isinstance(op, COPIES) or (equation is not None and equation.factors is not None)

    def _axis_uses(self, op: Operation) -> Iterator[AxisUse]:
        for value, path in self._paths[op]:
            yield from axis_uses(op, value, path)
        yield from result_uses(op)

    def _join_producers(self, op: Operation) -> None:
        for value, path in self._paths[op]:
            producer = self.producer(path.root)
            if producer not in self.group_of or producer is None:
                continue
            first, second = self.group_of[producer], self.group_of[op]
            few = _cuts(first) + _cuts(second) < MOST_REGIONS
            if first is not second and few and self._is_put_on(op, producer, value):
                self._merge(first, second)
                continue
            alone = self._is_alone(first.members[0]) or self._is_alone(second.members[0])
            if first is second or alone or not reads_in_step(op, value, path):
                continue
            if self._is_connected_outside(first, second):
                continue
            if self._has_common_loops(first.members + second.members):
                self._merge(first, second)

    def _is_put_on(self, op: Operation, producer: Operation, value: SSAValue) -> bool:
        """Whether a copy only feeds another one: together they are the regions of one tensor."""
        copies = isinstance(op, COPIES) and isinstance(producer, COPIES)
        return copies and value.owner is producer and len(list(value.uses)) == 1

    def _merge(self, first: Group, second: Group) -> None:
        first.members = sorted(first.members + second.members, key=self._place.__getitem__)
        for op in second.members:
            self.group_of[op] = first

    def _is_connected_outside(self, first: Group, second: Group) -> bool:
        """Whether ``second`` needs something that needs ``first``, other than directly.

        What comes before all of ``first`` in the program does not need it: the search ends there.
        """
        earliest = self._place[first.members[0]]
        waiting = [
            producer
            for op in second.members
            for producer in self._producers(op)
            if self.group_of.get(producer) not in (first, second)
        ]
        seen: set[Operation] = set()
        while waiting:
            op = waiting.pop()
            if op in seen:
                continue
            seen.add(op)
            group = self.group_of.get(op)
            if group is first:
                return True
            end = op if group is None else group.members[-1]
            if self._place[end] < earliest:
                continue
            for member in group.members if group is not None else [op]:
                waiting.extend(self._producers(member))
        return False

    def _producers(self, op: Operation) -> Iterator[Operation]:
        for _, path in self._paths[op]:
            producer = self.producer(path.root)
            if producer is not None:
                yield producer

    def _has_common_loops(self, members: list[Operation]) -> bool:
        classes = _Classes()
        for op in members:
            for use in self._uses[op]:
                classes.join(_Loop(op, use.loop), _Loop(use.tensor, use.axis))
        reductions: set[frozenset[frozenset[_Loop]]] = set()
        parallel: list[set[frozenset[_Loop]]] = []
        for op in members:
            equation = self._equations[op]
            assert equation is not None
            kinds: dict[bool, set[frozenset[_Loop]]] = {False: set(), True: set()}
            for loop, size in enumerate(equation.sizes):
                if size > 1:
                    kinds[equation.parallel[loop]].add(classes.of(_Loop(op, loop)))
            parallel.append(kinds[True])
            if equation.reduced:
                reductions.add(frozenset(kinds[False]))
        if not reductions:
            return True
        if len(reductions) > 1:
            return False
        [reduced] = reductions
        rows = [indices - reduced for indices in parallel]
        return bool(set.intersection(*rows)) or not any(rows)
