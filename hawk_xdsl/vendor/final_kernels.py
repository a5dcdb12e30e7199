"""The vendor's final kernels, as its compiler prints them, on the NPU simulator."""

import re

from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import ReadError
from hawk_xdsl.hivm.reading import HivmReading, import_kernels
from hawk_xdsl.universe import context
from hawk_xdsl.vendor.running import message_of, run_tool

_DEVICE = re.compile(r"dlti\.target_system_spec = #dlti\.target_system_spec<.*>>>, ")
"""What a module says of the device, in a form that xDSL does not know."""

_DUMP = re.compile(r"// -----// IR Dump Before[^\n]*//----- //\n(.*?\n\}\n)", re.DOTALL)


def printed_module(errors: str) -> str | None:
    """The module that ``--mlir-print-ir-before=convert-hivm-to-std`` printed; ``None``: nothing."""
    return max(_DUMP.findall(errors), key=len, default=None)


def final_kernels(text: str, reading: HivmReading) -> list[KernelOp]:
    """The kernels of a module as the vendor's compiler prints it.

    Raises:
        ReadError: what its own tool makes of it cannot be parsed.
        HivmImportError: a kernel uses what is not read.
        VendorToolError, NoVendorToolsError: its tool refuses the text, or is not installed.
    """
    ran = run_tool("bishengir-opt", ["--mlir-print-op-generic"], text)
    if not ran.output:
        raise ReadError(f"bishengir-opt: {message_of(ran.errors)}")
    ctx = context()
    ctx.allow_unregistered = True
    try:
        module = Parser(ctx, _DEVICE.sub("", ran.output)).parse_module()
        assert isinstance(module, ModuleOp)
        module.verify()
    except (ParseError, VerifyException) as error:
        raise ReadError(f"a kernel of the vendor's: {str(error).splitlines()[-1]}") from error
    import_kernels(module, reading)
    return [op for op in module.walk() if isinstance(op, KernelOp)]
