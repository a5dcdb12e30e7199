"""``hawk compile`` for a model with a dynamic dimension: kernels for its range, tried at a few."""

from typing import TYPE_CHECKING

from rich.console import Console

from hawk_xdsl.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hawk_xdsl.cli.compile_progress import CompileProgress
    from hawk_xdsl.dynamic_model.model import DynamicModel
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


def finish_dynamic(
    model: "DynamicModel", output: "Path", console: Console, told: "CompileProgress", *, run: bool
) -> None:
    """Writes the model, ends the progress, and prints the kernels and what running them shows."""
    from hawk_xdsl.report import add_to_report
    from hawk_xdsl.saved import REPORT_FILE

    told.stage("writing the files")
    model.save(output)
    lines = list(_run(model, output, told)) if run else []
    told.finished()
    add_to_report(output / REPORT_FILE, stages=dict(told.clock.seconds))
    for line in (*_kernels(model), *lines):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _kernels(model: "DynamicModel") -> "Iterator[str]":
    """The kernels with their ranges, and the lengths at which they were judged."""
    count = f"{len(model.report)} kernel" + ("s" if len(model.report) > 1 else "")
    yield f"{model.extent} on {model.target.name}: {count}, bound to the length at launch"
    for line in model.report:
        yield f"  {line}"


def _run(model: "DynamicModel", output: "Path", told: "CompileProgress") -> "Iterator[str]":
    """Runs the model at both ends of the range and between, against PyTorch where it is known.

    The run of the longest is kept in the report.
    """
    from hawk_xdsl.reference.difference import error_between
    from hawk_xdsl.report import add_to_report
    from hawk_xdsl.saved import REPORT_FILE

    extent = model.extent
    for length in sorted({extent.low, (extent.low + extent.high) // 2, extent.high}):
        told.stage(f"running on the NPU simulator at {extent.name} = {length}")
        inputs = model.dimension.cut(model.example_inputs, length)
        ran = model.at(length).run(inputs, told.detail)
        if length == extent.high:
            add_to_report(output / REPORT_FILE, run=ran.record.document)
        head = f"{extent.name} = {length}: "
        if model.reference is None:
            yield head + "results of " + ", ".join(str(array.shape) for array in ran.outputs)
        else:
            wanted = model.reference(inputs)
            yield from (head + line for line in error_between(ran.outputs, wanted).lines("PyTorch"))
        yield head + ran.time.line(model.target)
