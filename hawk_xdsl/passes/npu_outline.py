"""The pass ``npu-outline``: groups linalg ops into ``npu.undecided`` ops."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from xdsl.context import Context
from xdsl.dialects.builtin import DYNAMIC_INDEX, ModuleOp, TensorType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.linalg.structured import equation_of, static_shape
from hawk_xdsl.linalg.view import view_through
from hawk_xdsl.linalg.view_ops import emit_moves, emit_reshape, emit_source_reshape
from hawk_xdsl.passes.function_pass import functions_of
from hawk_xdsl.passes.npu_demote_f64 import NpuDemoteF64Pass
from hawk_xdsl.passes.npu_drop_empty import NpuDropEmptyPass
from hawk_xdsl.passes.npu_expand_loops import NpuExpandLoopsPass
from hawk_xdsl.passes.npu_hoist_elementwise import NpuHoistElementwisePass
from hawk_xdsl.passes.npu_inline_pointwise import NpuInlinePointwisePass
from hawk_xdsl.passes.npu_join_rows import NpuJoinRowsPass
from hawk_xdsl.passes.npu_narrow_sums import NpuNarrowSumsPass
from hawk_xdsl.passes.npu_normalize import NpuNormalizePass
from hawk_xdsl.passes.npu_scalars_to_tensors import NpuScalarsToTensorsPass
from hawk_xdsl.passes.npu_sink_expansions import NpuSinkExpansionsPass
from hawk_xdsl.passes.npu_split_concat import NpuSplitConcatPass
from hawk_xdsl.passes.outline_dataflow import (
    LayoutPath,
    external_values,
    is_generator,
    is_layout,
    label_of,
    layout_path,
)
from hawk_xdsl.passes.outline_grouping import Group, Grouping
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.pass_error import PassError

BEFORE: Sequence[type[NpuPass]] = (
    *(
        NpuScalarsToTensorsPass,
        NpuDropEmptyPass,
        NpuSplitConcatPass,
        NpuNormalizePass,
        NpuDemoteF64Pass,
    ),
    *(NpuNarrowSumsPass, NpuInlinePointwisePass, NpuHoistElementwisePass, NpuExpandLoopsPass),
)
"""The rewrites that come before grouping, in this order."""

BIASES = ("f32", "f16", "bf16")
"""What sums in f32 may start from on the Ascend family."""


@dataclass(frozen=True)
class NpuOutlinePass(NpuPass):
    """Replaces the linalg ops of every function by ``npu.undecided`` ops that hold them.

    Grouping looks at loops and data flow only; it knows no operator. See ``Grouping`` for which
    ops come together. The ops of a group are cloned into its region with the constants, fills and
    layout ops that feed them. Outside stay arguments, plain reshapes, constants that are not one
    number repeated, and ops that no group can hold.

    Args:
        biases: dtypes of a row that sums in f32 may start from, as far as the target's matrix unit
            has that.
        join_rows: whether what one mixed kernel can compute is one op (``npu-join-rows``).
        whole_rows: whether the rows of a contraction stay one axis for what is done to its result
            (``npu-sink-expansions``), as kernels of dynamic shapes need it.
        borders: whether the padding of a convolution is the border of its windows.
        permutes: whether a contraction stores its result permuted, where only that is needed.
        epilogues: whether a contraction starts from a bias, and does with its sums what its store
            can do (``epilogue_of``).
    """

    name = "npu-outline"

    biases: tuple[str, ...] = BIASES
    join_rows: bool = False

    whole_rows: bool = False

    borders: bool = False

    permutes: bool = True

    epilogues: bool = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Outlines each function with a body of one block.

        Raises:
            PassError: a function has tensors of dynamic shapes.
        """
        for function in functions_of(op):
            _check_static(function.body.block)
        for rewrite in BEFORE:
            rewrite().apply(ctx, op)
        if self.whole_rows:
            NpuSinkExpansionsPass().apply(ctx, op)
        labels: Counter[str] = Counter()
        for function in list(functions_of(op)):
            grouping = Grouping(
                function.body.block,
                self.biases,
                permutes=self.permutes,
                epilogues=self.epilogues,
                borders=self.borders,
            )
            _Outliner(function.body.block, labels, grouping).run()
        if self.join_rows:
            NpuJoinRowsPass().apply(ctx, op)


def _check_static(block: Block) -> None:
    values = [*block.args, *(result for op in block.walk() for result in op.results)]
    for value in values:
        if isinstance(value.type, TensorType) and DYNAMIC_INDEX in value.type.get_shape():
            raise PassError(f"npu-outline: dynamic shapes are not supported: {value.type}")


class _Outliner:
    """Rewrites one function's body."""

    def __init__(self, block: Block, labels: Counter[str], grouping: Grouping) -> None:
        self._block = block
        self._labels = labels
        self._grouping = grouping
        self._old = list(block.ops)
        self._end = self._old[-1]
        self._new: dict[SSAValue, SSAValue] = {}
        self._reshaped: dict[tuple[SSAValue, tuple[int, ...]], SSAValue] = {}

    def run(self) -> None:
        outputs = self._outputs()
        for node in self._ordered():
            if isinstance(node, Group):
                self._outline(node, outputs)
            elif node is not self._end:
                self._keep(node)
        for position, value in enumerate(self._end.operands):
            self._end.operands[position] = self.outer(value)
        for op in reversed(self._old[:-1]):
            Rewriter.erase_op(op)

    def emit(self, op: Operation) -> SSAValue:
        """Adds an op to the function; its first result."""
        Rewriter.insert_op(op, InsertPoint.before(self._end))
        return op.results[0]

    def outer(self, value: SSAValue) -> SSAValue:
        """An old value's successor in the function, made now if it is a reshape or a constant."""
        if value in self._new:
            return self._new[value]
        op = value.owner
        if isinstance(op, Block):
            return value
        if is_generator(op):
            mapping = {operand: self.outer(operand) for operand in op.operands}
            self._new[value] = self.emit(op.clone(value_mapper=dict(mapping)))
        else:
            assert is_layout(op), f"{op.name} was not emitted before its use"
            self._new[value] = self._laid_out(layout_path(value, self._grouping.roots))
        return self._new[value]

    def source(self, path: LayoutPath) -> tuple[SSAValue, bool]:
        """The reshaped root of a path, as a value of the function, and whether it is the end."""
        view, covered = view_through(static_shape(path.root), path.chain)
        shape = view.shape if view.is_reshape else tuple(p.extent for p in view.factors)
        key = (path.root, shape)
        if key not in self._reshaped:
            root = self.outer(path.root)
            self._reshaped[key] = emit_source_reshape(root, view, self.emit)
        return self._reshaped[key], view.is_reshape and covered == len(path.chain)

    def _laid_out(self, path: LayoutPath) -> SSAValue:
        """A layout that no op absorbs: a reshape, or a group of its own."""
        source, complete = self.source(path)
        if complete:
            return source
        region = _RegionBuilder(self, frozenset())
        result = region.arrive(path)
        return self._undecided(region, [result], "layout", path.chain[-1]).results[0]

    def _outputs(self) -> dict[Group, list[SSAValue]]:
        """The values of each group that something outside of it needs."""
        found: dict[Group, dict[SSAValue, None]] = {g: {} for g in self._grouping.groups}
        for op in self._old:
            if is_layout(op) or is_generator(op):
                continue
            for _, path in self._grouping.paths(op):
                producer = self._grouping.producer(path.root)
                group = self._grouping.group_of.get(producer) if producer is not None else None
                if group is not None and self._grouping.group_of.get(op) is not group:
                    found[group][path.root] = None
        results: list[SSAValue] = [value for op in self._old for value in op.results]
        return {group: [v for v in results if v in values] for group, values in found.items()}

    def _ordered(self) -> list["Group | Operation"]:
        """Groups and kept ops, each after what it needs, else in program order."""
        place = {op: i for i, op in enumerate(self._old)}
        kept = [op for op in self._old if not (is_layout(op) or is_generator(op))]
        node_of = {op: self._grouping.group_of.get(op, op) for op in kept}
        needs: dict[Group | Operation, set[Group | Operation]] = {
            n: set() for n in node_of.values()
        }
        for op, node in node_of.items():
            for _, path in self._grouping.paths(op):
                producer = self._grouping.producer(path.root)
                if producer is not None and node_of[producer] is not node:
                    needs[node].add(node_of[producer])
            for value in external_values(op):
                if isinstance(value.owner, Operation) and value.owner in node_of:
                    needs[node] |= {node_of[value.owner]} - {node}
        nodes = list(needs)
        number = {node: i for i, node in enumerate(nodes)}
        last: dict[Group | Operation, int] = {}
        for op, node in node_of.items():
            last[node] = max(place[op], last.get(node, 0))
        needed_by: dict[Group | Operation, list[Group | Operation]] = {n: [] for n in nodes}
        for node in nodes:
            for other in needs[node]:
                needed_by[other].append(node)
        ready = [(last[n], i) for i, n in enumerate(nodes) if not needs[n]]
        heapify(ready)
        order: list[Group | Operation] = []
        while ready:
            node = nodes[heappop(ready)[1]]
            order.append(node)
            for other in needed_by[node]:
                needs[other].discard(node)
                if not needs[other]:
                    heappush(ready, (last[other], number[other]))
        return order

    def _keep(self, op: Operation) -> None:
        mapping = {value: self.outer(value) for value in external_values(op)}
        clone = op.clone(value_mapper=dict(mapping))
        Rewriter.insert_op(clone, InsertPoint.before(self._end))
        self._new.update(zip(op.results, clone.results, strict=True))

    def _outline(self, group: Group, outputs: dict[Group, list[SSAValue]]) -> None:
        region = _RegionBuilder(self, self._grouping.roots)
        for op in group.members:
            region.add(op)
        if not group.tail:
            results = [region.inner(value) for value in outputs[group]]
            undecided = self._undecided(region, results, label_of(group.members), _main(group))
            self._new.update(zip(outputs[group], undecided.results, strict=True))
            return
        root = group.members[-1].results[0]
        view, _ = view_through(static_shape(root), group.tail)
        result = emit_source_reshape(region.inner(root), view, region.emit)
        moved = emit_moves(result, view, region.emit)
        undecided = self._undecided(region, [moved], label_of(group.members), _main(group))
        reshaped = emit_reshape(undecided.results[0], view.shape, self.emit)
        self._new[group.tail[-1].results[0]] = reshaped

    def _undecided(
        self, region: "_RegionBuilder", results: list[SSAValue], kind: str, main: Operation
    ) -> UndecidedOp:
        region.block.add_op(YieldOp(*results))
        label = f"{kind}_{self._labels[kind]}"
        self._labels[kind] += 1
        types = [value.type for value in results]
        undecided = UndecidedOp(region.inputs, types, Region(region.block), label)
        undecided.location = main.location
        Rewriter.insert_op(undecided, InsertPoint.before(self._end))
        return undecided


class _RegionBuilder:
    """The region of one undecided op: clones ops, and makes arguments of what they need."""

    def __init__(self, outliner: _Outliner, roots: frozenset[SSAValue]) -> None:
        self.block = Block()
        self.inputs: list[SSAValue] = []
        self._outliner = outliner
        self._roots = roots
        self._values: dict[SSAValue, SSAValue] = {}

    def emit(self, op: Operation) -> SSAValue:
        """Adds an op; its first result."""
        self.block.add_op(op)
        return op.results[0]

    def add(self, op: Operation) -> None:
        """Clones an op, with all that it needs."""
        mapping = {value: self.inner(value) for value in external_values(op)}
        clone = op.clone(value_mapper=dict(mapping))
        self.block.add_op(clone)
        self._values.update(zip(op.results, clone.results, strict=True))

    def inner(self, value: SSAValue) -> SSAValue:
        """A value of the function, as seen inside of the region."""
        if value not in self._values:
            op = value.owner
            if isinstance(op, Operation) and is_generator(op):
                self.add(op)
            else:
                self._values[value] = self.arrive(layout_path(value, self._roots))
        return self._values[value]

    def arrive(self, path: LayoutPath) -> SSAValue:
        """The end of a path: from an argument, or from a value that is inside already."""
        owner = path.root.owner
        inside = path.root in self._values
        view, covered = view_through(static_shape(path.root), path.chain)
        if inside or (isinstance(owner, Operation) and is_generator(owner)):
            value = emit_source_reshape(self.inner(path.root), view, self.emit)
        else:
            source, _ = self._outliner.source(path)
            value = self._argument(source)
        if not view.is_reshape:
            value = emit_moves(value, view, self.emit)
            value = emit_reshape(value, view.shape, self.emit)
        for op in path.chain[covered:]:
            mapping = {other: self.inner(other) for other in external_values(op)[1:]}
            mapping[op.operands[0]] = value
            value = self.emit(op.clone(value_mapper=dict(mapping)))
        return value

    def _argument(self, source: SSAValue) -> SSAValue:
        for position, known in enumerate(self.inputs):
            if known is source:
                return self.block.args[position]
        self.inputs.append(source)
        return self.block.insert_arg(source.type, len(self.block.args))


def _main(group: Group) -> Operation:
    """The op that a group is named after: its first reduction, else its first op."""
    for op in group.members:
        equation = equation_of(op)
        if equation is not None and equation.reduced:
            return op
    return group.members[0]
