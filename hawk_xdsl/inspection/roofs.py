"""The roofline of a target, in operations and bytes per second."""

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.inspection.document import Roof, Roofline
from hawk_xdsl.npu_target import Target


def roofline_of(target: Target) -> Roofline:
    """The roofs of the cube for each dtype, and of the vector unit for each size of an element."""
    ghz, cube = target.clock_ghz, target.cube
    roofs: list[Roof] = []
    for dtype, spec in cube.dtypes.items():
        depth = cube.depth_bytes // DType(dtype).bytes
        operations = 2 * cube.rows * cube.columns * depth / spec.cycles
        roofs.append(
            Roof("cube", str(dtype), round(operations * target.cores[target.matrix_core] * ghz, 1))
        )
    for dtype in ("f32", "f16"):
        operations = target.vector.repeat_bytes / DType(dtype).bytes
        roofs.append(
            Roof("vector", dtype, round(operations * target.cores[target.vector_core] * ghz, 1))
        )
    l2 = None if target.l2 is None else round(target.l2.hits[0][1] * ghz, 1)
    return Roofline(round(target.global_bandwidth * ghz, 1), l2, tuple(roofs))
