"""Which dtype stands in for one that an instruction of the target does not take."""

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, DType
from hawk_xdsl.dialects.npu import Rounding
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.npu_target.target import Target


def dtype_instead(mnemonic: str, dtype: str, target: Target) -> DType | None:
    """The narrowest dtype that holds every value and can be cast to and back.

    ``None`` if the target has the instruction for the dtype itself, or there is no such dtype.
    Example: ``vtranspose`` of i8 in f16.
    """
    if supports(target, mnemonic, dtype):
        return None
    fits = (
        wide
        for wide in sorted(BUFFER_DTYPES, key=lambda each: each.bits)
        if wide.holds(dtype)
        and supports(target, mnemonic, wide)
        and supports(target, "vcast", f"{dtype}-{wide}")
        and supports(target, "vcast", f"{wide}-{dtype}")
    )
    return next(fits, None)


def exact_rounding(dtype: str) -> Rounding:
    """How a value that the dtype holds is cast to it: nothing is rounded."""
    return Rounding.RINT if DType(dtype).is_float else Rounding.TRUNC
