"""hawk-xdsl: NPU kernels written and verified inside an xDSL compiler."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hawk_xdsl.compiled import Compiled
    from hawk_xdsl.dynamic_model.model import DynamicModel
    from hawk_xdsl.errors import HawkError
    from hawk_xdsl.knowledge_store import RetrievalMode
    from hawk_xdsl.npu_target import Simulation, Target, load_target, simulate
    from hawk_xdsl.pipeline import compile_mlir, compile_model, load_compiled, load_dynamic
    from hawk_xdsl.propose.settings import Budget, Settings, Sources

__all__ = [
    "Budget",
    "Compiled",
    "DynamicModel",
    "HawkError",
    "RetrievalMode",
    "Settings",
    "Simulation",
    "Sources",
    "Target",
    "compile_mlir",
    "compile_model",
    "load_compiled",
    "load_dynamic",
    "load_target",
    "simulate",
]

_ROOMS = {
    "compiled": ("Compiled",),
    "dynamic_model.model": ("DynamicModel",),
    "errors": ("HawkError",),
    "knowledge_store": ("RetrievalMode",),
    "npu_target": ("Simulation", "Target", "load_target", "simulate"),
    "pipeline": ("compile_mlir", "compile_model", "load_compiled", "load_dynamic"),
    "propose.settings": ("Budget", "Settings", "Sources"),
}
"""Where the public names are."""


def __getattr__(name: str) -> object:
    """Loads the public names when they are first used: ``xdsl-opt`` starts faster so."""
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"hawk_xdsl.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
