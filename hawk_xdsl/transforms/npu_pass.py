"""What the passes share: wrong options and unknown targets are told in one line."""

from typing import Self

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.transforms.pass_error import PassError


class NpuPass(ModulePass):
    """A pass of this package."""

    @classmethod
    def from_spec(cls, spec: ArgSpec) -> Self:
        """The pass with its options. Raises ``PassError`` for one that it does not have."""
        try:
            return super().from_spec(spec)
        except ValueError as error:
            raise PassError(f"{cls.name}: {error}") from None

    @staticmethod
    def target_of(kernel: KernelOp, given: str | None) -> Target:
        """The target given, else the kernel's own. Raises ``PassError`` if it is unknown."""
        try:
            return load_target(given or kernel.target.data)
        except HawkError as error:
            raise PassError(str(error)) from error
