"""The vendor's final kernels (HIVM, planned and synchronised) as ``npu.kernel``."""

from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.kernels import HivmReading, import_kernels

__all__ = ["HivmImportError", "HivmReading", "import_kernels"]
