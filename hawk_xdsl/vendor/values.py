"""What HIVM computes: through the vendor's lowering and MLIR's JIT, in a child process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.frontend.child import in_child
from hawk_xdsl.vendor.executable.lower import for_the_vendors_lowering, upstream
from hawk_xdsl.vendor.executable.native import NativeProgram, run_blocks


@dataclass(frozen=True)
class HivmProgram:
    """What the cores of one kind run, in HIVM.

    Attributes:
        module: of one function, planned or not.
        name: of the function.
        core: the kind.
        cores: how many of the kind a block has.
    """

    module: ModuleOp
    name: str
    core: Core = Core.VECTOR
    cores: int = 1


def run_hivm(
    programs: Sequence[HivmProgram],
    buffers: Callable[[], list[Array]],
    blocks: int,
    sizes: Mapping[str, int],
    *,
    seconds: float,
) -> list[list[Array]]:
    """What a launch leaves in its buffers.

    One core runs at a time, until it has to wait for another. With several kinds of cores it is run
    twice, with each kind first: what no flag orders goes wrong in one of the two.

    Args:
        programs: what runs; their modules are changed.
        buffers: makes the arrays of its buffers, filled with what is there before.
        blocks: how often it runs.
        sizes: bytes of each address space.
        seconds: that each of the steps may take.

    Returns:
        The arrays, of each run.

    Raises:
        VendorToolError: the vendor's lowering refuses it.
        HawkError: it cannot be run, crashes or does not end.
    """
    native = [
        NativeProgram(
            upstream(for_the_vendors_lowering(program.module, sizes), seconds=seconds),
            *(program.name, program.core, program.cores),
        )
        for program in programs
    ]

    def work(tell: object) -> list[list[Array]]:
        made: list[list[Array]] = []
        for program in native:
            arrays = buffers()
            run_blocks(native, arrays, blocks, program.core)
            made.append(arrays)
        return made

    return in_child(work, file=None, seconds=int(seconds))
