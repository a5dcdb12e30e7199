"""What the stock ``xdsl-opt`` finds when hawk-xdsl is installed: the npu dialect and the passes."""

from xdsl.ir import Dialect
from xdsl.universe import Universe


def _npu() -> Dialect:
    from hawk_xdsl.dialects.npu import NPU

    return NPU


HAWK_UNIVERSE = Universe(all_dialects={"npu": _npu}, all_passes={})
"""The entry point of the ``xdsl.universe`` group."""
