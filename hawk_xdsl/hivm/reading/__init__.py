"""The vendor's final kernels (HIVM, planned and synchronised) as ``npu.kernel``."""

from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.kernels import Reading, import_kernels

__all__ = ["HivmImportError", "Reading", "import_kernels"]
