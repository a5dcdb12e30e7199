"""Attention of narrow floats as fused kernels compute it: products in f32, weights rounded once.

PyTorch leaves open how scaled_dot_product_attention rounds. Its own fused kernels, on a CPU too,
multiply narrow factors, sum in f32, and round the weights to the dtype of the values before the
second product. Its decomposition widens everything to f32 instead, which no matrix unit multiplies
as narrow factors. A causal mask is a choice here, as in those kernels: minus infinity where a row
has no column. A sum with minus infinity is no number where a score is infinite.
"""

from collections.abc import Callable, Mapping

import torch
from torch._ops import OperatorBase

NARROW = (torch.float16, torch.bfloat16)


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """softmax(Q Kᵀ · scale + mask) V; a row that the mask leaves nothing of gives zeros."""
    dtype = query.dtype
    if not (is_causal or dtype in NARROW) or key.dtype != dtype or value.dtype != dtype:
        return NotImplemented
    if dropout_p or not dtype.is_floating_point or dtype == torch.float64:
        return NotImplemented
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = torch.matmul(query.float(), key.float().transpose(-1, -2)) * factor
    if is_causal:
        rows, columns = (torch.arange(scores.shape[axis]) for axis in (-2, -1))
        scores = torch.where(columns <= rows[:, None], scores, float("-inf"))
    elif attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = torch.where(attn_mask, scores, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask.float()
    weights = torch.softmax(scores, -1)
    if attn_mask is not None:
        empty = (scores == float("-inf")).all(-1, keepdim=True)
        weights = torch.where(empty, 0.0, weights)
    return torch.matmul(weights.to(dtype).float(), value.float()).to(dtype)


FUSED_ATTENTION: Mapping[OperatorBase, Callable[..., object]] = {
    torch.ops.aten.scaled_dot_product_attention.default: _attention,
}
