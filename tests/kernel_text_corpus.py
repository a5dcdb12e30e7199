"""Realistic kernels of every kind, from the files of ``kernels/corpus/``."""

from kernel_files import read_kernel

from hawk_xdsl.dialects.npu import Core


def max_blocks(core: Core) -> int:
    """As many blocks as ascend910b1 has cores."""
    return {Core.CUBE: 24, Core.VECTOR: 48}[core]


SOFTMAX = read_kernel("corpus/softmax")
LAYER_NORM = read_kernel("corpus/layer_norm")
GELU = read_kernel("corpus/gelu")
MATMUL = read_kernel("corpus/matmul")
RAGGED_MATMUL = read_kernel("corpus/ragged_matmul")
LINEAR_RELU = read_kernel("corpus/linear_relu")
BATCHED_MATMUL = read_kernel("corpus/batched_matmul")
ATTENTION_VALUES = read_kernel("corpus/attention_values")
TRANSPOSE = read_kernel("corpus/transpose")
EMBEDDING = read_kernel("corpus/embedding")
GATHER = read_kernel("corpus/gather")
SCAN = read_kernel("corpus/scan")
COLUMN_SUM = read_kernel("corpus/column_sum")
ELEMENTWISE = read_kernel("corpus/elementwise")
STRIDED = read_kernel("corpus/strided")
CAUSAL_MASK = read_kernel("corpus/causal_mask")
RESHAPE = read_kernel("corpus/reshape")
FLATTENED = read_kernel("corpus/flattened")
ATTENTION = read_kernel("corpus/attention")
PRODUCT_AND_EXP = read_kernel("corpus/product_and_exp")

CORPUS = (
    SOFTMAX, LAYER_NORM, GELU, MATMUL, RAGGED_MATMUL, LINEAR_RELU, BATCHED_MATMUL,
    ATTENTION_VALUES, TRANSPOSE, EMBEDDING, GATHER, SCAN, COLUMN_SUM, ELEMENTWISE, STRIDED,
    CAUSAL_MASK, RESHAPE, FLATTENED, ATTENTION, PRODUCT_AND_EXP,
)  # fmt: skip
