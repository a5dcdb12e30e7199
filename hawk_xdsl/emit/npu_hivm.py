"""``xdsl-opt -t npu-hivm``: each launch of a module in the vendor's dialect."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from hawk_xdsl.errors import HawkError
from hawk_xdsl.hivm.convert_npu_to_hivm import hivm_functions
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.transforms.device_launch import exported_launches
from hawk_xdsl.transforms.pass_error import PassError
from hawk_xdsl.vendor.generic_form import mixed_text


@dataclass(frozen=True)
class NpuHivmTarget(Target):
    """One module of all launches, as the vendor's tools read it.

    Args:
        planned: with our addresses, flags and barriers; else their compiler makes its own.
    """

    name = "npu-hivm"

    planned: bool = False

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Raises ``PassError`` for a kernel that has no form there."""
        try:
            functions = [
                function
                for launch in exported_launches(module)
                for function in hivm_functions(
                    launch, load_target(launch.stages[0].kernel.target.data), self.planned
                )
            ]
            made = ModuleOp([*functions])
            made.verify()
        except PassError:
            raise
        except HawkError as error:
            raise PassError(f"npu-hivm: {error}") from error
        output.write(mixed_text(made))
