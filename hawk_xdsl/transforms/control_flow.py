"""A kernel as the sync pass sees it: a tree of instructions, loops and branches, with places."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects import scf
from xdsl.ir import Block

from hawk_xdsl.dialects.npu import KernelOp, Pipe, TileOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.pass_error import PassError
from hawk_xdsl.transforms.trip_count import at_most_one_trip


@dataclass(eq=False)
class Body:
    """The nodes of a block in program order. Place ``p`` of a body is before its node ``p``."""

    block: Block
    parent: "tuple[Body, int] | None"
    """The body and place of the loop or branch this is a body of; none for the kernel's own."""
    nodes: list["Node"] = field(default_factory=list["Node"])

    def path(self) -> "list[tuple[Body, int | None]]":
        """This body and those around it with the place in each, from the innermost outwards."""
        path: list[tuple[Body, int | None]] = [(self, None)]
        around = self.parent
        while around is not None:
            path.append(around)
            around = around[0].parent
        return path

    def is_loop(self) -> bool:
        """Whether this is the body of a loop that may run several times."""
        op = self.block.parent_op()
        return isinstance(op, scf.ForOp) and not at_most_one_trip(op)

    def repeated(self) -> "list[Body]":
        """Those of this body and the ones around it that are in a loop, innermost first."""
        around = [body for body, _ in self.path()]
        loops = [place for place, body in enumerate(around) if body.is_loop()]
        return around[: loops[-1] + 1] if loops else []


@dataclass(eq=False)
class InstructionNode:
    """An instruction and its number in program order."""

    op: TileOp
    pipe: Pipe
    """The queue it is issued to."""
    body: Body
    place: int
    number: int

    def place_in(self, body: Body) -> int | None:
        """The place in a body of the node that is or holds this instruction, if it is in there."""
        if body is self.body:
            return self.place
        return next((place for around, place in self.body.path() if around is body), None)


@dataclass(eq=False)
class LoopNode:
    """An ``scf.for``, which may run no time."""

    op: scf.ForOp
    body: Body


@dataclass(eq=False)
class BranchNode:
    """An ``scf.if``, of which at most one body runs."""

    op: scf.IfOp
    bodies: tuple[Body, ...]


Node = InstructionNode | LoopNode | BranchNode


@dataclass(frozen=True)
class ControlFlow:
    """A kernel's tree, its instructions in program order, and a number for every place."""

    body: Body
    instructions: tuple[InstructionNode, ...]
    order: dict[tuple[Body, int], int]
    """Rank of each (body, place) in program order."""
    target: Target
    """The machine whose pipes run it."""

    @classmethod
    def of(cls, kernel: KernelOp, target: Target) -> "ControlFlow":
        """Read a kernel. Raises ``PassError`` for an op with regions other than loop and branch."""
        instructions: list[InstructionNode] = []
        order: dict[tuple[Body, int], int] = {}
        body = _read(kernel.body.block, None, target, instructions, order)
        return cls(body, tuple(instructions), order, target)


def _read(
    block: Block,
    parent: tuple[Body, int] | None,
    target: Target,
    instructions: list[InstructionNode],
    order: dict[tuple[Body, int], int],
) -> Body:
    body = Body(block, parent)
    for op in block.ops:
        place = len(body.nodes)
        order.setdefault((body, place), len(order))
        if isinstance(op, TileOp):
            instruction = InstructionNode(op, target.pipe_of(op), body, place, len(instructions))
            instructions.append(instruction)
            body.nodes.append(instruction)
        elif isinstance(op, scf.ForOp):
            inner = _read(op.body.block, (body, place), target, instructions, order)
            body.nodes.append(LoopNode(op, inner))
        elif isinstance(op, scf.IfOp):
            regions = [region for region in op.regions if region.blocks]
            bodies = [_read(r.block, (body, place), target, instructions, order) for r in regions]
            body.nodes.append(BranchNode(op, tuple(bodies)))
        elif op.regions:
            raise PassError(f"npu-insert-sync: {op.name} in a kernel; use scf.for and scf.if")
    order.setdefault((body, len(body.nodes)), len(order))
    return body


def common_body(first: InstructionNode, second: InstructionNode) -> Body:
    """The innermost body that holds both."""
    around = {body for body, _ in first.body.path()}
    return next(body for body, _ in second.body.path() if body in around)


def bodies(body: Body) -> Iterator[Body]:
    """A body and all in it, inner ones first."""
    for node in body.nodes:
        if isinstance(node, LoopNode):
            yield from bodies(node.body)
        elif isinstance(node, BranchNode):
            for arm in node.bodies:
                yield from bodies(arm)
    yield body
