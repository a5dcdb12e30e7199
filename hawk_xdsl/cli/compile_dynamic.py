"""``hawk compile`` for a model with a dynamic dimension: kernels for its range, tried at a few."""

from typing import TYPE_CHECKING

from rich.console import Console

from hawk_xdsl.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hawk_xdsl.cli.compile_progress import CompileProgress
    from hawk_xdsl.dynamic_model import DynamicModel
    from hawk_xdsl.frontend.dynamic_program import DynamicProgram


def check_dynamic_options(
    program: "DynamicProgram", formats: "Sequence[str]", *, learn: bool
) -> None:
    """Raises ``OptionError`` for what a model with a dynamic dimension has not yet."""
    from hawk_xdsl.exports import DEFAULT

    for name in formats:
        if name != DEFAULT:
            raise OptionError(f"--emit {name}: not for {program.extent}: a dynamic dimension")
    if learn:
        raise OptionError(f"--learn: not for {program.extent}: a dynamic dimension")


def say_dynamic(
    model: "DynamicModel", console: Console, told: "CompileProgress", *, run: bool
) -> None:
    """Ends the progress, and prints the kernels and, if asked, what running them shows."""
    lines = list(_run(model, told.stage)) if run else []
    told.finished()
    for line in (*_kernels(model), *lines):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _kernels(model: "DynamicModel") -> "Iterator[str]":
    """The kernels with their ranges, and the lengths at which they were judged."""
    count = f"{len(model.kernels)} kernel" + ("s" if len(model.kernels) > 1 else "")
    yield f"{model.extent} on {model.target.name}: {count}, bound to the length at launch"
    for line in model.report:
        yield f"  {line}"
    yield "Nothing is written yet: call hawk_xdsl.compile_model for a dynamic dimension"


def _run(model: "DynamicModel", progress: "Callable[[str], None]") -> "Iterator[str]":
    """Runs the model at both ends of the range and between, against PyTorch where it is known."""
    from hawk_xdsl.reference.difference import error_between

    extent = model.extent
    for length in sorted({extent.low, (extent.low + extent.high) // 2, extent.high}):
        progress(f"running on the NPU simulator at {extent.name} = {length}")
        program = model.program.at(length)
        outputs = model(*program.example_inputs)
        head = f"{extent.name} = {length}: "
        if program.reference is None:
            yield head + "results of " + ", ".join(str(output.shape) for output in outputs)
        else:
            wanted = program.reference(program.example_inputs)
            yield from (head + line for line in error_between(outputs, wanted).lines("PyTorch"))
