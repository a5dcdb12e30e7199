"""What the passes share: options that do not exist are told in one line."""

from typing import Self

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec

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
