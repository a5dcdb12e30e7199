"""convert-hivm-to-npu: the vendor's final kernels as kernels that the NPU simulator runs."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.hivm.reading import HivmReading, import_kernels
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.transforms.npu_pass import NpuPass


@dataclass(frozen=True)
class ConvertHivmToNpuPass(NpuPass):
    """Reads the vendor's kernels as they are before its closed back end: planned and synchronised.

    Its IR before ``convert-hivm-to-std``, in generic form. Addresses, flags and barriers stay as
    they are. A loop whose iterations take buffers and event ids in turn is unrolled, so that each
    copy has its own.

    Args:
        target: the target that the kernels are for.
        blocks: how many blocks run a kernel that does not say it.
        own_events: give each copy of an unrolled loop event ids of its own. The vendor's kernels
            set one again that may still be set, which the NPU simulator refuses.

    Raises:
        HivmImportError: a kernel uses what is not read; nothing was changed.
        HawkError: no such target.
    """

    name = "convert-hivm-to-npu"

    target: str = "ascend910b1"
    blocks: int | None = None
    own_events: bool = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Convert every kernel of the module."""
        import_kernels(op, HivmReading(load_target(self.target), self.blocks, self.own_events))
