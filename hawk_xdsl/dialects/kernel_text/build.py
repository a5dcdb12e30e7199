"""Building npu kernels from kernel text, statement by statement."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from xdsl.dialects import affine, arith, scf
from xdsl.dialects.builtin import AffineMapAttr, IndexType, MemRefType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.build_across import open_across
from hawk_xdsl.dialects.kernel_text.build_cube import build_mmad
from hawk_xdsl.dialects.kernel_text.build_mixed import BuiltPart, joined
from hawk_xdsl.dialects.kernel_text.build_move import (
    build_fill,
    build_load,
    build_read,
    build_store,
    build_view,
)
from hawk_xdsl.dialects.kernel_text.build_vector import (
    build_arange,
    build_broadcast,
    build_cast,
    build_compare,
    build_cumulate,
    build_elementwise,
    build_reduce,
    build_transpose,
)
from hawk_xdsl.dialects.kernel_text.context import KernelContext
from hawk_xdsl.dialects.kernel_text.emission import Objection
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.extents import sizes_map
from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear, bounds
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.kernel_text.scope import BlockFrame, Global, Scalar
from hawk_xdsl.dialects.kernel_text.signature import (
    GlobalOperand,
    KernelProgram,
    Signature,
    StageKernel,
)
from hawk_xdsl.dialects.npu import Core, CrossSetOp, CrossWaitOp, KernelOp

RELATIONS = {"<": "slt", "<=": "sle", ">": "sgt", ">=": "sge", "==": "eq", "!=": "ne"}
"""The comparison that each relation of an ``if`` becomes."""


def build(
    text: str | ast.KernelText, signature: Signature, max_blocks: Callable[[Core], int]
) -> KernelProgram:
    """Build the kernels of a kernel text.

    Args:
        text: the body, or its syntax tree.
        signature: what the names of global operands stand for.
        max_blocks: how many blocks the target runs at once on a kind of core.

    Returns:
        One kernel a stage, in order, and the temps between them.

    Raises:
        KernelTextError: with the line, for text that is ill-formed or breaks a rule.
    """
    tree = parse(text) if isinstance(text, str) else text
    temps = temps_of(tree.temps, signature)
    kernels: list[StageKernel] = []
    for number, stage in enumerate(tree.stages):
        name = signature.name if len(tree.stages) == 1 else f"{signature.name}_{number}"
        builders = [
            StageBuilder(
                name,
                core := core_of(part.core, signature, part.line),
                signature,
                temps,
                max_blocks(core),
            )
            for part in stage.parts or (stage,)
        ]
        for builder, part in zip(builders, stage.parts or (stage,), strict=True):
            for statement in part.body:
                builder.append(statement)
        if stage.parts:
            parts = [builder.part() for builder in builders]
            kernels.append(joined(name, parts, signature, stage.line))
        else:
            kernels.append(builders[0].finish(stage.line))
    return KernelProgram(tuple(kernels), temps)


def core_of(name: str, signature: Signature, line: int | None) -> Core:
    """The kind of core that a stage runs on. Raises ``KernelTextError`` for an unknown name."""
    core = signature.places.core(name)
    if core is None:
        known = ", ".join(signature.places.core_names())
        reason = f"{signature.target} has no kind of core called `{name}`; it has {known}"
        raise KernelTextError(reason, line=line)
    return core


def temps_of(nodes: Sequence[ast.Temp], signature: Signature) -> tuple[GlobalOperand, ...]:
    """The temps as operands. Raises ``KernelTextError`` for a name or a shape that cannot be."""
    names = {operand.name for operand in (*signature.inputs, *signature.outputs)}
    temps: list[GlobalOperand] = []
    for node in nodes:
        if node.name in names:
            raise KernelTextError(f"the name `{node.name}` is already taken", line=node.line)
        if min(node.shape) < 1:
            reason = f"shape {list(node.shape)} has an empty dimension"
            raise KernelTextError(reason, line=node.line)
        names.add(node.name)
        temps.append(GlobalOperand(node.name, node.dtype, node.shape))
    return tuple(temps)


class StageBuilder:
    """Builds one kernel. ``append`` statements, or ``open`` and ``close`` blocks around them."""

    def __init__(
        self,
        name: str,
        core: Core,
        signature: Signature,
        temps: Sequence[GlobalOperand],
        max_blocks: int,
        objection: Objection | None = None,
    ) -> None:
        self._name = name
        self._core = core
        self._target = signature.target
        self._max_blocks = max_blocks
        given = () if objection is None else (objection,)
        self._context = KernelContext.create(signature, temps, *given)

    def append(self, statement: ast.Statement) -> None:
        """Append a statement, blocks with their bodies.

        Raises:
            KernelTextError: if a rule or a verifier rejects it; the kernel is then as it was.
        """
        with self._context.transaction():
            if isinstance(statement, ast.For | ast.If | ast.Across):
                self.open(statement)
                for inner in statement.body:
                    self.append(inner)
                self.close()
                return
            self._context.line = statement.line
            match statement:
                case ast.Store():
                    build_store(self._context, statement)
                case ast.Signal(flag, move):
                    self._context.emit(CrossSetOp(move, flag))
                case ast.Await(flag, move):
                    self._context.emit(CrossWaitOp(move, flag))
                case _:
                    self._assign(statement)

    def open(self, block: ast.Block) -> None:
        """Open a block; its body is not looked at. Raises ``KernelTextError``, as ``append``."""
        with self._context.transaction():
            self._context.line = block.line
            match block:
                case ast.For():
                    self._open_for(block)
                case ast.If():
                    self._open_if(block)
                case ast.Across():
                    self._open_across(block)

    def close(self) -> None:
        """Close the innermost open block."""
        frame = self._context.frames.pop()
        assert frame.owner is not None, "no block is open"
        frame.block.add_op(scf.YieldOp())

    def written(self) -> set[str]:
        """The names of the global operands that are stored into so far."""
        return {name for name, entry in self._context.globals.items() if entry.written}

    def part(self) -> BuiltPart:
        """What was built, as the body of one kind of core of a mixed kernel."""
        context = self._context
        assert len(context.frames) == 1, "a block is open"
        operands = list(context.globals.values())
        return BuiltPart(self._core, context.frame.block, operands, context.total, self._max_blocks)

    def finish(self, line: int | None = None) -> StageKernel:
        """The kernel, with the operands it uses as arguments: inputs first, then outputs.

        Raises:
            KernelTextError: if it stores nothing.
        """
        context = self._context
        assert len(context.frames) == 1, "a block is open"
        entries = context.globals.values()
        read = [entry for entry in entries if entry.read and not entry.written]
        written = [entry for entry in entries if entry.written]
        if not written:
            raise KernelTextError("the kernel stores nothing", line=line)
        block = context.frame.block
        _replace_arguments(block, [*read, *written])
        op = KernelOp(
            self._name,
            [entry.argument.type for entry in read],
            [entry.argument.type for entry in written],
            target=self._target,
            core=self._core,
            blocks=min(context.total, self._max_blocks),
            body=Region(block),
            extents=context.extents,
            sizes=sizes_map(context.extents, [entry.sizes for entry in (*read, *written)]),
        )
        try:
            op.verify()
        except VerifyException as error:
            raise KernelTextError(str(error), line=line) from error
        return StageKernel(op, tuple(entry.operand.name for entry in (*read, *written)))

    def _assign(self, node: ast.Assign) -> None:
        context, name = self._context, node.name
        match node.value:
            case ast.Load():
                build_load(context, name, node.value)
            case ast.Read():
                build_read(context, name, node.value)
            case ast.Fill():
                build_fill(context, name, node.value)
            case ast.View():
                build_view(context, name, node.value)
            case ast.Mmad():
                build_mmad(context, name, node.value)
            case ast.Elementwise():
                build_elementwise(context, name, node.value)
            case ast.Compare():
                build_compare(context, name, node.value)
            case ast.Cast():
                build_cast(context, name, node.value)
            case ast.Reduce():
                build_reduce(context, name, node.value)
            case ast.Cumulate():
                build_cumulate(context, name, node.value)
            case ast.Transpose():
                build_transpose(context, name, node.value)
            case ast.Arange():
                build_arange(context, name, node.value)
            case ast.Broadcast():
                build_broadcast(context, name, node.value)

    def _open_for(self, node: ast.For) -> None:
        context = self._context
        start, stop, last = self._range(node.loop)
        values = [context.index(value) for value in (start, stop, Linear(constant=node.loop.step))]
        block = Block(arg_types=[IndexType()])
        owner = scf.ForOp(values[0], values[1], values[2], [], block)
        context.append(owner)
        frame = BlockFrame("for", block, owner)
        context.frames.append(frame)
        frame.variable = self._define(node.loop, block.args[0], start, last, stop)

    def _range(self, loop: ast.Loop) -> tuple[Linear, Linear, int | None]:
        """Start, stop and the largest number of steps taken."""
        context = self._context
        if loop.step < 1:
            context.fail("the step of a loop is at least 1")
        start, stop = context.linear(loop.start), context.linear(loop.stop)
        length = bounds(stop.plus(start, -1))
        if length is None:
            return start, stop, None
        if length[1] < 1:
            context.fail(f"the loop over `{loop.variable}` never runs")
        return start, stop, (length[1] - 1) // loop.step

    def _define(
        self, loop: ast.Loop, value: SSAValue, start: Linear, last: int | None, stop: Linear
    ) -> IndexVariable:
        context = self._context
        context.variables += 1
        value.name_hint = loop.variable
        variable = IndexVariable(
            loop.variable,
            context.variables,
            len(context.frames),
            value,
            start,
            loop.step,
            last,
            stop if stop.has_extents else None,
        )
        context.define(loop.variable, Scalar(variable))
        return variable

    def _open_if(self, node: ast.If) -> None:
        context = self._context
        left = context.index(context.linear(node.left))
        right = context.index(context.linear(node.right))
        predicate = RELATIONS[node.relation]
        condition = context.emit(arith.CmpiOp(left, right, predicate))
        block = Block()
        self._enter("if", block, scf.IfOp(condition, [], [block]))
        if isinstance(node.left, ast.Variable) and isinstance(node.right, ast.Integer):
            narrow(context, node.left.name, node.relation, node.right.value)

    def _enter(self, kind: str, block: Block, owner: Operation) -> None:
        self._context.append(owner)
        self._context.frames.append(BlockFrame(kind, block, owner))

    def _open_across(self, node: ast.Across) -> None:
        block, owner, variables = open_across(self._context, node)
        self._enter("across", block, owner)
        for loop, (map_, start, stop, last) in zip(node.loops, variables, strict=True):
            value = self._context.emit(affine.ApplyOp([block.args[0]], AffineMapAttr(map_))).result
            self._define(loop, value, start, last, stop)


def narrow(context: KernelContext, name: str, relation: str, limit: int) -> None:
    """Let a loop variable have the range, in the block just opened, that a condition leaves it.

    In ``if t >= 48 { … }`` of ``t in 0..60 step 1`` the slice ``x0[t-48, 0:64]`` starts at 0 to 11.
    """
    binding = context.lookup(name)
    if not isinstance(binding, Scalar) or relation not in ("<", "<=", ">", ">="):
        return
    variable = binding.variable
    start, last = variable.start, variable.last
    if start is None or start.terms or last is None or variable.step != 1:
        return
    low, high = start.constant, start.constant + last
    match relation:
        case "<":
            high = min(high, limit - 1)
        case "<=":
            high = min(high, limit)
        case ">":
            low = max(low, limit + 1)
        case _:
            low = max(low, limit)
    if low <= high:
        narrower = replace(variable, start=Linear(constant=low), last=high - low)
        context.frame.names[name] = Scalar(narrower)


def _replace_arguments(block: Block, used: Sequence[Global]) -> None:
    """Leave only the used operands as arguments, in the given order, before the extents."""
    old = [argument for argument in block.args if isinstance(argument.type, MemRefType)]
    for number, entry in enumerate(used):
        argument = block.insert_arg(entry.argument.type, len(old) + number)
        entry.argument.replace_all_uses_with(argument)
        argument.name_hint = entry.operand.name
        entry.argument = argument
    for argument in old:
        block.erase_arg(argument)
