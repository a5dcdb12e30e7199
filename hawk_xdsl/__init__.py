"""hawk-xdsl: NPU kernels written and verified inside an xDSL compiler."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hawk_xdsl.npu_target import simulate
    from hawk_xdsl.pipeline import compile_model

__all__ = ["compile_model", "simulate"]


def __getattr__(name: str) -> object:
    """Loads the public functions when they are first used: ``xdsl-opt`` starts faster so."""
    if name == "compile_model":
        from hawk_xdsl.pipeline import compile_model

        return compile_model
    if name == "simulate":
        from hawk_xdsl.npu_target import simulate

        return simulate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
