"""The error for a kernel of the vendor's that is not read."""

from hawk_xdsl.transforms.pass_error import PassError


class HivmImportError(PassError):
    """A kernel uses something that ``convert-hivm-to-npu`` does not read; one line names it."""
