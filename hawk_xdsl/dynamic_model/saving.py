"""A model with a dynamic dimension as a directory: its kernels once, the rest at a few lengths."""

from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.files.whole_directory import check_replaceable, whole_directory
from hawk_xdsl.ir_text import placed_text
from hawk_xdsl.report import write_report
from hawk_xdsl.saved import (
    KERNELS_FOLDER,
    LENGTHS_FOLDER,
    MODULE_FILE,
    OWN,
    REPORT_FILE,
    write_data,
    write_target,
)

if TYPE_CHECKING:
    from hawk_xdsl.dynamic_model.model import DynamicModel


def length_file(name: str, length: int) -> str:
    """Where @main at a length is, within the directory."""
    return f"{LENGTHS_FOLDER}/{name}_{length}.mlir"


def save_dynamic(model: "DynamicModel", directory: Path) -> None:
    """Writes everything that running the model again needs.

    ``main.mlir`` has the kernels with their extents, ``lengths/`` @main at the lengths from which
    it is known at all. Whatever ends the process meanwhile, the directory is the old one or the new
    one. Raises ``WriteError`` for a directory that holds anything else.
    """
    check_replaceable(directory, OWN)
    with whole_directory(directory) as new:
        kernels = ModuleOp([op.clone() for op in model.kernels.values()])
        (new / MODULE_FILE).write_text(placed_text(kernels), encoding="utf-8")
        (new / LENGTHS_FOLDER).mkdir()
        for family in model.families:
            for length, module in family.modules.items():
                file = new / length_file(model.extent.name, length)
                file.write_text(placed_text(module), encoding="utf-8")
        (new / KERNELS_FOLDER).mkdir()
        for row in model.rows:
            if row.text:
                text = f"# {row.lengths}\n{row.text}"
                file = new / KERNELS_FOLDER / f"{row.symbols[0]}.kernel"
                file.write_text(text, encoding="utf-8")
        write_data(
            new, model.parameter_names, model.parameters, model.example_inputs, model.reference
        )
        _write_report(model, new / REPORT_FILE)
        write_target(new, model.target, model.target_given)


def _write_report(model: "DynamicModel", file: Path) -> None:
    dimension = {
        "name": model.extent.name,
        "ranges": [[family.extent.low, family.extent.high] for family in model.families],
        "axes": model.dimension.axes,
    }
    write_report(model.rows, file, model=model.name, target=model.target_given, dimension=dimension)
