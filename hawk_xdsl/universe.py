"""What the stock ``xdsl-opt`` finds of hawk-xdsl: dialects, passes, inputs and outputs."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from typing import Any, cast

from xdsl.context import Context
from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target


def _npu() -> Dialect:
    from hawk_xdsl.dialects.npu import NPU

    return NPU


def _tm_tensor() -> Dialect:
    from hawk_xdsl.dialects.tm_tensor import TM_TENSOR

    return TM_TENSOR


def _hivm(name: str) -> Callable[[], Dialect]:
    """One of the dialects that a kernel of the vendor's is written in."""

    def load() -> Dialect:
        from hawk_xdsl.dialects.hivm import ANNOTATION, HACC, HIVM

        return {"hivm": HIVM, "hacc": HACC, "annotation": ANNOTATION}[name]

    return load


def _found(room: str, name: str, kind: str) -> object:
    """The class of a name: the pass ``npu-outline`` is ``NpuOutlinePass`` in ``npu_outline``."""
    module = import_module(f"hawk_xdsl.{room}.{name.replace('-', '_')}")
    return getattr(module, f"{name.title().replace('-', '')}{kind}")


def _pass(room: str, name: str) -> Callable[[], type[ModulePass]]:
    """The pass of a name, imported when it is asked for."""
    return lambda: cast(type[ModulePass], _found(room, name, "Pass"))


def _target(name: str) -> Callable[[], type[Target]]:
    """The output of a name, imported when it is asked for."""
    return lambda: cast(type[Target], _found("emit", name, "Target"))


def _frontends() -> dict[str, Any]:
    """Inputs by name, if this xDSL has such: 0.75 is the first."""
    if "all_frontends" not in signature(Universe).parameters:
        return {}

    def upstream_mlir() -> type:
        from hawk_xdsl.frontend.upstream_mlir import UpstreamMlirFrontend

        return UpstreamMlirFrontend

    return {"all_frontends": {"upstream-mlir": upstream_mlir}}


HAWK_UNIVERSE = Universe(
    all_dialects={
        "npu": _npu,
        "tm_tensor": _tm_tensor,
        **{name: _hivm(name) for name in ("hivm", "hacc", "annotation")},
    },
    all_passes={
        name: _pass(room, name)
        for room, names in (
            ("passes", ("npu-scalars-to-tensors",)),
            ("passes", ("npu-drop-empty", "npu-split-concat", "npu-normalize", "npu-narrow-sums")),
            ("passes", ("npu-demote-f64", "npu-inline-pointwise")),
            ("passes", ("npu-hoist-elementwise", "npu-expand-loops", "npu-outline", "npu-decide")),
            ("passes", ("npu-join-rows", "npu-sink-expansions")),
            ("transforms", ("npu-multi-buffer", "npu-plan-memory", "npu-insert-sync")),
            ("transforms", ("npu-merge-launches", "npu-bypass-l2", "npu-bind-extents")),
            ("hivm", ("npu-legalize-hivm", "convert-npu-to-hivm", "convert-hivm-to-npu")),
        )
        for name in names
    },
    all_targets={name: _target(name) for name in ("npu-text", "npu-json", "npu-hivm")},
    **_frontends(),
)
"""The entry point of the ``xdsl.universe`` group."""


def context() -> Context:
    """A context that knows every dialect of the environment, as ``xdsl-opt`` makes one."""
    ctx = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        ctx.register_dialect(name, factory)
    return ctx
