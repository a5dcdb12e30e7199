"""Makes the promotion of unsigned bytes explicit: torch-mlir promotes them as signed ones."""

import torch
from torch._ops import OpOverload
from torch.fx import Graph, Node

_ATEN = torch.ops.aten

_WIDENING_REDUCTIONS = frozenset(
    {_ATEN.sum.default, _ATEN.sum.dim_IntList, _ATEN.prod.default, _ATEN.prod.dim_int}
)
"""Reductions that compute in the type of their result."""

_CONVERSIONS = frozenset({_ATEN._to_copy, _ATEN.to, _ATEN.copy, _ATEN.type_as})
"""Conversions: these torch-mlir reads as they are meant."""


def promote_unsigned(program: torch.export.ExportedProgram) -> None:
    """Converts unsigned bytes, before the ops that promote them, to the type of the result.

    Args:
        program: is changed in place.
    """
    for node in list(program.graph.nodes):
        result = _dtype(node)
        if result in (None, torch.uint8, torch.bool) or not _promotes(node.target):
            continue
        for arg in node.all_input_nodes:
            if _dtype(arg) == torch.uint8:
                with program.graph.inserting_before(node):
                    node.replace_input_with(arg, converted(program.graph, arg, result, node))


def _promotes(target: object) -> bool:
    if not isinstance(target, OpOverload) or target.overloadpacket in _CONVERSIONS:
        return False
    return torch.Tag.pointwise in target.tags or target in _WIDENING_REDUCTIONS


def _dtype(node: Node) -> torch.dtype | None:
    value = node.meta.get("val")
    return value.dtype if isinstance(value, torch.Tensor) else None


def converted(graph: Graph, arg: Node, dtype: torch.dtype, like: Node) -> Node:
    """A value in a dtype, as a new node where the graph inserts; ``like`` says where it is from."""
    made = graph.call_function(_ATEN._to_copy.default, (arg,), {"dtype": dtype})
    made.meta = {**like.meta, "val": arg.meta["val"].to(dtype)}
    return made
