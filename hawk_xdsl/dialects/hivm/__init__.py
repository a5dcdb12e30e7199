"""HIVM, the vendor's dialect of kernels, as far as we write and read it, in MLIR's generic form.

Names, properties and the order of operands are those of the package ``ascendnpu-ir`` 1.2.0, whose
tools read what xDSL prints of it. The verifiers ask for more than the vendor's: address spaces,
fractals of matrix products, transposes, addresses on blocks.
"""

from xdsl.ir import Dialect

from hawk_xdsl.dialects.hivm.attributes import (
    ATTRIBUTES,
    HaccArgTypeAttr,
    HaccEntryAttr,
    HaccFunctionKindAttr,
    HivmAddressSpaceAttr,
    HivmCompareModeAttr,
    HivmEventAttr,
    HivmFuncCoreTypeAttr,
    HivmPipeAttr,
    HivmReduceOpAttr,
    HivmRoundModeAttr,
)
from hawk_xdsl.dialects.hivm.block_sync import (
    BLOCK_SYNC_OPS,
    HivmSetFftsBaseAddrOp,
    HivmSyncBlockOp,
    HivmSyncBlockSetOp,
    HivmSyncBlockWaitOp,
)
from hawk_xdsl.dialects.hivm.cube import HivmMmadL1Op
from hawk_xdsl.dialects.hivm.data_movement import (
    MOVES,
    HivmCopyOp,
    HivmFixpipeOp,
    HivmLoadOp,
    HivmNd2nzOp,
    HivmStoreOp,
    c0_of,
)
from hawk_xdsl.dialects.hivm.elementwise import (
    ELEMENTWISE,
    HivmElementwiseOp,
    HivmVcastOp,
    HivmVcmpOp,
    HivmVectorOp,
    HivmVselOp,
)
from hawk_xdsl.dialects.hivm.operand import FRACTAL, element_of, shape_of, space_of
from hawk_xdsl.dialects.hivm.structure import (
    STRUCTURE_OPS,
    AnnotationMarkOp,
    HivmGetBlockIdxOp,
    HivmGetBlockNumOp,
    HivmGetSubBlockIdxOp,
    HivmPointerCastOp,
)
from hawk_xdsl.dialects.hivm.sync import (
    SYNC_OPS,
    HivmPipeBarrierOp,
    HivmSetFlagOp,
    HivmSetMaskNormOp,
    HivmWaitFlagOp,
)
from hawk_xdsl.dialects.hivm.vector import (
    VECTOR_OPS,
    HivmVarangeOp,
    HivmVbrcOp,
    HivmVcumprodOp,
    HivmVcumsumOp,
    HivmVgatherOp,
    HivmVreduceOp,
    HivmVtransposeOp,
)

HIVM = Dialect(
    "hivm",
    [*STRUCTURE_OPS, *MOVES, *VECTOR_OPS, HivmMmadL1Op, *SYNC_OPS, *BLOCK_SYNC_OPS],
    [*ATTRIBUTES],
)
"""Kernels."""

HACC = Dialect("hacc", [], [HaccFunctionKindAttr, HaccArgTypeAttr, HaccEntryAttr])
"""What functions are for."""

ANNOTATION = Dialect("annotation", [AnnotationMarkOp], [])
"""Marks on values."""

__all__ = [
    "ANNOTATION",
    "ELEMENTWISE",
    "FRACTAL",
    "HACC",
    "HIVM",
    "AnnotationMarkOp",
    "HaccArgTypeAttr",
    "HaccEntryAttr",
    "HaccFunctionKindAttr",
    "HivmAddressSpaceAttr",
    "HivmCompareModeAttr",
    "HivmCopyOp",
    "HivmElementwiseOp",
    "HivmEventAttr",
    "HivmFixpipeOp",
    "HivmFuncCoreTypeAttr",
    "HivmGetBlockIdxOp",
    "HivmGetBlockNumOp",
    "HivmGetSubBlockIdxOp",
    "HivmLoadOp",
    "HivmMmadL1Op",
    "HivmNd2nzOp",
    "HivmPipeAttr",
    "HivmPipeBarrierOp",
    "HivmPointerCastOp",
    "HivmReduceOpAttr",
    "HivmRoundModeAttr",
    "HivmSetFftsBaseAddrOp",
    "HivmSetFlagOp",
    "HivmSetMaskNormOp",
    "HivmStoreOp",
    "HivmSyncBlockOp",
    "HivmSyncBlockSetOp",
    "HivmSyncBlockWaitOp",
    "HivmVarangeOp",
    "HivmVbrcOp",
    "HivmVcastOp",
    "HivmVcmpOp",
    "HivmVcumprodOp",
    "HivmVcumsumOp",
    "HivmVectorOp",
    "HivmVgatherOp",
    "HivmVreduceOp",
    "HivmVselOp",
    "HivmVtransposeOp",
    "HivmWaitFlagOp",
    "c0_of",
    "element_of",
    "shape_of",
    "space_of",
]
