"""Top-k of what a function gives in a narrow dtype: ordered before the result is rounded.

PyTorch leaves open which of equal numbers a top-k takes. Rounding to f16 makes equals of numbers
that are not, so the order of the unrounded ones is one of those it may take, and the one that the
model means: the probabilities of a router, say, decide which experts a token goes to.
"""

import torch
from torch.fx import Node

from hawk_xdsl.frontend.fused_attention import NARROW
from hawk_xdsl.frontend.promotion import converted

_ATEN = torch.ops.aten

_ROUNDED_LAST = frozenset(
    {_ATEN.softmax.int, _ATEN._softmax.default, _ATEN.log_softmax.int, _ATEN.sigmoid.default}
)
"""Functions that PyTorch computes in f32 and rounds at the end."""


def order_before_rounding(program: torch.export.ExportedProgram) -> None:
    """Lets each top-k of a rounded function have its numbers in f32, and rounds what it found.

    Args:
        program: is changed in place.
    """
    for node in list(program.graph.nodes):
        if node.target is _ATEN.topk.default and _is_rounded(node.args[0]):
            _widen(program.graph, node, node.args[0])
    program.graph.lint()


def _is_rounded(source: Node) -> bool:
    return source.target in _ROUNDED_LAST and source.meta["val"].dtype in NARROW


def _widen(graph: torch.fx.Graph, node: Node, source: Node) -> None:
    dtype, given = source.meta["val"].dtype, source.args[0]
    assert isinstance(given, Node) and callable(source.target)
    with graph.inserting_before(node):
        wide = converted(graph, given, torch.float32, given)
        exact = graph.call_function(source.target, (wide, *source.args[1:]), dict(source.kwargs))
        exact.meta = {**source.meta, "val": source.meta["val"].to(torch.float32)}
    node.replace_input_with(source, exact)
    values, places = node.meta["val"]
    node.meta["val"] = (values.to(torch.float32), places)
    for user in list(node.users):
        if user.args[1] == 0:
            user.meta["val"] = values.to(torch.float32)
            with graph.inserting_after(user):
                narrow = converted(graph, user, dtype, user)
            user.replace_all_uses_with(narrow, lambda other, own=narrow: other is not own)
