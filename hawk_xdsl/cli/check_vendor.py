"""``hawk check-vendor``: a compiled model before the vendor's own tools."""

from pathlib import Path
from typing import Annotated

import typer

from hawk_xdsl.cli.app import app
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import OptionError


@app.command("check-vendor")
def check_vendor_command(
    directory: Annotated[Path, typer.Argument(help="What hawk compile wrote.")],
    kernel: Annotated[
        list[str] | None, typer.Option("--kernel", "-k", help="Only this kernel; several times.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="How long each run of a tool, and of a kernel, may take.")
    ] = 60.0,
) -> int:
    """Verify, plan and run each launch with the vendor's tools; exit with 1 if one fails.

    A launch is a kernel, or stages with barriers of all cores. Values are those that the vendor's
    own lowering gives on this machine's CPU. report.json gets what was found.
    """
    from hawk_xdsl.hivm.devices import device_of
    from hawk_xdsl.options import check_positive
    from hawk_xdsl.pipeline import load_compiled
    from hawk_xdsl.report import add_to_report
    from hawk_xdsl.saved import REPORT_FILE
    from hawk_xdsl.vendor.check import VendorCheck
    from hawk_xdsl.vendor.executable.native import load_jit
    from hawk_xdsl.vendor.recording import record
    from hawk_xdsl.vendor.tools import tool
    from hawk_xdsl.vendor.verdict import print_verdicts

    check_positive("seconds", seconds)
    compiled, _ = load_compiled(directory)
    device = device_of(compiled.target_given)
    tool(device.opt)
    load_jit()
    console = open_console()
    with console.status("running the model on the NPU simulator") as status:
        arguments = compiled.program.arguments(compiled.program.example_inputs)
        recorded = record(compiled.module, arguments, compiled.target)
        names = [each.name for each in recorded]
        for name in kernel or ():
            if name.removeprefix("@") not in names:
                raise OptionError(f"--kernel {name}: there are {', '.join(names)}")
        wanted = {name.removeprefix("@") for name in kernel or names}
        check = VendorCheck(compiled.target, device, seconds)
        verdicts = []
        for each in recorded:
            if each.name in wanted:
                status.update(f"@{each.name}")
                verdicts.append(check.verdict(each))
    print_verdicts(verdicts, console)
    add_to_report(directory / REPORT_FILE, vendor=[each.document for each in verdicts])
    return 0 if all(each.passed for each in verdicts) else 1
