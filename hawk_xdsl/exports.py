"""Export formats: how a compiled model is written as files; other packages add more by name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hawk_xdsl.ascendc.ascendc_files import write_ascendc_files
from hawk_xdsl.errors import OptionError
from hawk_xdsl.files.whole_directory import check_replaceable, whole_directory
from hawk_xdsl.plug_ins import plug_ins
from hawk_xdsl.report import write_report
from hawk_xdsl.saved import (
    KERNELS_FOLDER,
    MODULE_FILE,
    OWN,
    REPORT_FILE,
    write_data,
    write_target,
)
from hawk_xdsl.vendor.hivm_files import write_hivm_files

if TYPE_CHECKING:
    from hawk_xdsl.compiled import Compiled

PLUG_INS = "hawk_xdsl.exports"
"""The group of entry points whose objects are export formats."""

ExportFormat = Callable[["Compiled", Path], object]
"""Writes files of a compiled model into a folder that is there and empty of its own."""

DEFAULT = "model"
"""The format that ``hawk run`` reads."""


def write_ir(compiled: "Compiled", folder: Path) -> None:
    """Writes the final module, npu dialect and all, as MLIR text."""
    (folder / MODULE_FILE).write_text(compiled.ir, encoding="utf-8")


def write_kernels(compiled: "Compiled", folder: Path) -> None:
    """Writes the kernel text of each kernel that was decided, one file each."""
    texts = folder / KERNELS_FOLDER
    texts.mkdir(exist_ok=True)
    for placed in compiled.placed:
        if placed.decision.verdict is not None and not placed.repeated:
            text = f"# {placed.decision.label}\n{placed.decision.verdict.text}"
            (texts / f"{placed.symbols[0]}.kernel").write_text(text, encoding="utf-8")


def write_report_file(compiled: "Compiled", folder: Path) -> None:
    """Writes who decided each op, and how fast the kernels are, as JSON."""
    given = compiled.target_given
    write_report(compiled.report, folder / REPORT_FILE, model=compiled.program.name, target=given)


def write_model(compiled: "Compiled", folder: Path) -> None:
    """Writes everything that running the model again needs: the other formats, weights, example."""
    write_ir(compiled, folder)
    write_kernels(compiled, folder)
    write_report_file(compiled, folder)
    made = compiled.program
    write_data(folder, made.parameter_names, made.parameters, made.example_inputs, made.reference)
    write_target(folder, compiled.target, compiled.target_given)


HIVM = "hivm"
"""Kernels for the vendor's compiler, which plans and synchronises them."""

HIVM_PLANNED = "hivm-planned"
"""The same with our addresses, flags and barriers."""


def write_hivm(compiled: "Compiled", folder: Path) -> None:
    """Writes launches for the vendor's compiler. Raises ``PassError`` if one has no form there."""
    _write_hivm(compiled, folder / HIVM, planned=False)


def write_hivm_planned(compiled: "Compiled", folder: Path) -> None:
    """Writes kernels in the vendor's dialect with our addresses and flags. Raises ``PassError``."""
    _write_hivm(compiled, folder / HIVM_PLANNED, planned=True)


def _write_hivm(compiled: "Compiled", folder: Path, *, planned: bool) -> None:
    folder.mkdir()
    arguments = compiled.program.argument_names
    write_hivm_files(compiled.module, compiled.target, arguments, folder, planned=planned)


ASCENDC = "ascendc"
"""Finished vector kernels as C++ text, not compiled here."""


def write_ascendc(compiled: "Compiled", folder: Path) -> None:
    """Writes vector kernels as AscendC text; ``left_out.txt`` names those that have no form."""
    (folder / ASCENDC).mkdir()
    specifications = {
        symbol: placed.decision.specification.text
        for placed in compiled.placed
        if placed.decision.specification is not None
        for symbol in placed.symbols
    }
    write_ascendc_files(compiled.module, compiled.target, specifications, folder / ASCENDC)


_OWN_FORMATS: Mapping[str, ExportFormat] = {
    DEFAULT: write_model,
    "ir": write_ir,
    "kernels": write_kernels,
    "report": write_report_file,
    HIVM: write_hivm,
    HIVM_PLANNED: write_hivm_planned,
    ASCENDC: write_ascendc,
}


def available_exports() -> tuple[str, ...]:
    """The names of all formats: those of the package, then those of plug-ins."""
    return (*_OWN_FORMATS, *plug_ins(PLUG_INS, _OWN_FORMATS))


def check_exports(directory: Path, formats: Iterable[str]) -> None:
    """Raises ``OptionError`` for a format that is none, ``WriteError`` for a directory of others.

    ``directory`` is where the formats shall be written; what an earlier compile wrote may be there.
    """
    known = available_exports()
    for name in formats:
        if name not in known:
            raise OptionError(f"--emit {name}: expected one of {', '.join(known)}")
    check_replaceable(directory, OWN | frozenset(known))


def export(compiled: "Compiled", directory: Path, formats: Sequence[str] = (DEFAULT,)) -> None:
    """Writes a compiled model in some formats; those of plug-ins into folders of their names.

    Whatever ends the process meanwhile, the directory is the old one or the new one.
    Raises ``OptionError`` for an unknown format, ``WriteError`` for a directory that holds anything
    else, and ``PlugInError`` for a format that cannot be loaded.
    """
    check_exports(directory, formats)
    others = plug_ins(PLUG_INS, _OWN_FORMATS)
    with whole_directory(directory) as new:
        for name in dict.fromkeys(formats):
            if name in _OWN_FORMATS:
                _OWN_FORMATS[name](compiled, new)
            else:
                (new / name).mkdir()
                others[name].load()(compiled, new / name)
