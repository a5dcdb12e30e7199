"""Verified kernels of a model: through the front end, the outline and the templates."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.npu_target import Target
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.universe import context
from mutation.subjects import Subject

ENCODER = Path(__file__).parents[2] / "examples" / "encoder.py"


def compiled_subjects(target: Target) -> Iterator[Subject]:
    """The encoder example's kernels, each different one once."""
    module, example = runpy.run_path(str(ENCODER))["factory"]()
    program = import_torch(module, example)
    lowered = program.module.clone()
    NpuOutlinePass().apply(context(), lowered)
    settings = Settings(sources=Sources.COMPOSITION, budget=Budget(tuning=0))
    seen: set[str] = set()
    with (
        TemporaryDirectory() as directory,
        open_decider(target, settings, store=Path(directory) / "store.sqlite") as decider,
    ):
        for op in [op for op in lowered.walk() if isinstance(op, UndecidedOp)]:
            decision = decider.decide(op, "k")
            assert decision.verdict is not None and decision.specification is not None
            if decision.specification.digest not in seen:
                seen.add(decision.specification.digest)
                yield Subject(f"encoder {decision.label}", op, decision.verdict.text)
