"""``hawk compile`` for a model with a dynamic dimension: kernels for its range, tried at a few."""

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from hawk_xdsl.errors import OptionError
from hawk_xdsl.exports import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hawk_xdsl.dynamic_model import DynamicModel
    from hawk_xdsl.frontend.dynamic_program import DynamicProgram


def check_dynamic_options(
    program: "DynamicProgram", formats: "Sequence[str]", *, learn: bool
) -> None:
    """Raises ``OptionError`` for what a model with a dynamic dimension has not yet."""
    for name in formats:
        if name != DEFAULT:
            raise OptionError(f"--emit {name}: not for {program.extent}: a dynamic dimension")
    if learn:
        raise OptionError(f"--learn: not for {program.extent}: a dynamic dimension")


def print_dynamic(model: "DynamicModel", console: Console) -> None:
    """The kernels with their ranges, and the lengths at which they were judged."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    count = len(model.kernels)
    say(f"{model.extent} on {model.target.name}: {count} kernels, chosen and bound at launch")
    for line in model.report:
        say(f"  {line}")
    say("Nothing is written yet for a dynamic dimension: call hawk_xdsl.compile_model from Python.")


def run_dynamic(model: "DynamicModel", console: Console, progress: "Callable[[str], None]") -> None:
    """Runs the model at both ends of the range and between, against PyTorch where it is known."""
    from hawk_xdsl.reference.difference import error_between

    extent = model.extent
    lines: list[str] = []
    for length in sorted({extent.low, (extent.low + extent.high) // 2, extent.high}):
        progress(f"running on the NPU simulator at {extent.name} = {length}")
        program = model.program.at(length)
        outputs = model(*program.example_inputs)
        finite = all(np.isfinite(x).all() for x in outputs if x.dtype.kind == "f")
        head = f"{extent.name} = {length}: "
        if program.reference is None:
            shapes = ", ".join(str(output.shape) for output in outputs)
            lines.append(f"{head}results of {shapes}" + ("" if finite else ", not all finite"))
        else:
            wanted = program.reference(program.example_inputs)
            lines += [head + line for line in error_between(outputs, wanted).lines("PyTorch")]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
