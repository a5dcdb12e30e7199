"""The roofline of a target, in operations and bytes per second."""

from hawk_xdsl.inspection.document import Roof, Roofline
from hawk_xdsl.npu_target import Target, bound_cycles


def roofline_of(target: Target) -> Roofline:
    """The roofs of the cube for each dtype, and of the vector unit for each size of an element."""
    ghz = target.clock_ghz
    roofs: list[Roof] = []
    for dtype in target.cube.dtypes:
        one = bound_cycles(target, bytes_read=0, bytes_written=0, macs={dtype: 1})
        roofs.append(Roof("cube", str(dtype), round(2 * ghz / one.units.cube, 1)))
    for dtype in ("f32", "f16"):
        one = bound_cycles(target, bytes_read=0, bytes_written=0, vector_elements={dtype: 1})
        roofs.append(Roof("vector", dtype, round(ghz / one.units.vector, 1)))
    l2 = None if target.l2 is None else round(target.l2.hits[0][1] * ghz, 1)
    return Roofline(round(target.global_bandwidth * ghz, 1), l2, tuple(roofs))
