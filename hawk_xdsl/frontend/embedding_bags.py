"""Bags of embeddings: those of one size are rows, others a product with who belongs where."""

from collections.abc import Callable, Mapping

import torch
from torch._ops import OpOverload
from torch.export.graph_signature import TensorArgument
from torch.fx import Graph, Node
from torch.fx.node import Argument

_ATEN = torch.ops.aten

_SUM, _MEAN, _MAX = range(3)
"""Modes of an embedding bag, as torch numbers them."""

_BAGS = (_ATEN.embedding_bag.padding_idx, _ATEN.embedding_bag.default)


def equal_bags(program: torch.export.ExportedProgram) -> None:
    """Takes bags that begin every n indices as rows of n: what a 2-d input of the module was.

    Args:
        program: is changed in place: such an embedding bag becomes a gather and a reduction.
    """
    for node in list(program.graph.nodes):
        if node.target not in _BAGS:
            continue
        count = _bag_size(node)
        uses = sorted(((user, user.args[1]) for user in node.users), key=lambda use: str(use[1]))
        if count is None or any(position for user, position in uses if user.users):
            continue
        with program.graph.inserting_before(node):
            made = _reduced(program.graph, node, count)
        for user, position in uses:
            if position == 0:
                user.replace_all_uses_with(made)
            program.graph.erase_node(user)
        program.graph.erase_node(node)
        rename_result(program, uses[0][0].name, made.name)


def rename_result(program: torch.export.ExportedProgram, old: str, new: str) -> None:
    """Says that a result of the program is the node of another name now."""
    for output in program.graph_signature.output_specs:
        if isinstance(output.arg, TensorArgument) and output.arg.name == old:
            output.arg.name = new


def _bag_size(node: Node) -> int | None:
    """How many indices are in each bag, if that is one number, and nothing else is asked for."""
    _, indices, offsets, *options = node.args
    plain = dict(enumerate(options))
    weights, last, padding = plain.get(3), plain.get(4, False), plain.get(5)
    if weights is not None or last or padding not in (None, -1) or node.kwargs:
        return None
    if not isinstance(offsets, Node) or not isinstance(indices, Node):
        return None
    values = indices.meta["val"]
    if offsets.target is not _ATEN.arange.start_step or values.dim() != 1:
        return None
    start, stop, step = offsets.args
    if start != 0 or stop != values.shape[0] or not isinstance(step, int) or step < 1:
        return None
    return step if values.shape[0] % step == 0 else None


def _reduced(graph: Graph, node: Node, count: int) -> Node:
    weight, indices, _, *options = node.args
    mode = options[1] if len(options) > 1 else _SUM
    assert isinstance(mode, int)
    reduction = {_SUM: _ATEN.sum.dim_IntList, _MEAN: _ATEN.mean.dim, _MAX: _ATEN.amax.default}[mode]
    places = _added(graph, node, _ATEN.reshape.default, indices, [-1, count])
    rows = _added(graph, node, _ATEN.embedding.default, weight, places)
    return _added(graph, node, reduction, rows, [1])


def _added(graph: Graph, like: Node, operator: OpOverload, *arguments: Argument) -> Node:
    """A call, with the place in the user's file of another node."""
    made = graph.call_function(operator, arguments)
    values = [each.meta["val"] if isinstance(each, Node) else each for each in arguments]
    made.meta = {**like.meta, "val": operator(*values)}
    return made


def _bags(
    weight: torch.Tensor,
    indices: torch.Tensor,
    offsets: torch.Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = _SUM,
    sparse: bool = False,
    per_sample_weights: torch.Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple[torch.Tensor, ...]:
    """Bags of any size: the sum of a bag is a product with who belongs to it.

    Of the results only the first is what torch gives; the others are for gradients.
    """
    if mode == _MAX or indices.dim() != 1 or offsets.dim() != 1:
        return NotImplemented
    count = indices.shape[0]
    places = torch.arange(count, dtype=offsets.dtype)
    starts = offsets[:-1] if include_last_offset else offsets
    after = places[None, :] >= starts[:, None]
    follows = torch.cat([starts[1:], torch.full_like(starts[:1], count)])
    belongs = torch.where(after & (places[None, :] < follows[:, None]), 1.0, 0.0)
    if padding_idx >= 0:
        belongs = torch.where(indices == padding_idx, 0.0, belongs)
    share = belongs if per_sample_weights is None else belongs * per_sample_weights.float()
    rows = _ATEN.embedding(weight, indices)
    total = (share @ rows.float()).to(weight.dtype)
    if mode == _MEAN:
        total = total / belongs.sum(1, keepdim=True).clamp(1.0).to(weight.dtype)
    nothing = torch.zeros_like(offsets)
    return total, torch.zeros_like(indices), nothing, nothing


BAGS: Mapping[OpOverload, Callable[..., object]] = {
    _ATEN._embedding_bag.default: _bags,
    _ATEN._embedding_bag_forward_only.default: _bags,
}
"""Which function stands for which op."""
