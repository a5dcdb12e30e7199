"""The vendor's compiler on a kernel: what its verifier says, what it plans, where it sets flags."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.hivm import HivmPipeBarrierOp, HivmSetFlagOp, HivmWaitFlagOp
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.hivm.devices import Device
from hawk_xdsl.vendor.generic_form import mixed_text, read_vendor_module
from hawk_xdsl.vendor.running import VendorToolError, message_of, run_tool

_SET_FLAG = re.compile(r'"hivm\.hir\.set_flag"\([^)]*\) <\{([^}]*)\}>')
_PIPE = re.compile(r"(\w+_pipe) = #hivm\.pipe<(\w+)>")
_BARRIER = re.compile(r'"hivm\.hir\.pipe_barrier"\(\) <\{pipe = #hivm\.pipe<(\w+)>\}>')

_DUMPED = "//----- //\n"
_LAST_PASS = "convert-hivm-to-std"

_OF_VECTOR = (
    "-enable-hivm-compile=true",
    "--disable-hivm-tensor-compile=true",
    f"--mlir-print-ir-before={_LAST_PASS}",
    "--mlir-print-op-generic",
)
_OF_CUBE = (
    "--hivm-mark-multi-buffer=enable-auto=true",
    "--hivm-plan-memory",
    "--hivm-graph-sync-solver",
    "--hivm-enable-multi-buffer",
    "--mlir-print-op-generic",
)


def verify(text: str, device: Device, *, seconds: float) -> None:
    """Asks the vendor's verifier. Raises ``VendorToolError`` with what it says."""
    ran = run_tool(device.opt, (), text, seconds=seconds)
    if ran.status:
        raise VendorToolError(device.opt, message_of(ran.errors))


def planned_by_vendor(text: str, core: Core, device: Device, *, seconds: float) -> ModuleOp:
    """A kernel as the vendor's compiler plans, pads and synchronises it, before its closed part.

    Its whole pipeline crashes at the cube's instruction, so that of cube kernels the passes are run
    one by one. Raises ``VendorToolError``.
    """
    if core == Core.CUBE:
        ran = run_tool(device.opt, (device.append_spec, *_OF_CUBE), text, seconds=seconds)
        if ran.status:
            raise VendorToolError(device.opt, message_of(ran.errors))
        return read_vendor_module(ran.output, "the vendor's kernel")
    ran = run_tool(device.compiler, (*_OF_VECTOR, f"--target={device.name}"), text, seconds=seconds)
    _, dumped, rest = ran.errors.partition(_DUMPED)
    if not dumped:
        raise VendorToolError(device.compiler, message_of(_own(ran.errors)))
    body, end, _ = rest.partition("\n}) ")
    return read_vendor_module(f"{body}{end and chr(10)}}}) : () -> ()\n", "the vendor's kernel")


def _own(errors: str) -> str:
    """An error output without the complaints that the toolkit is missing."""
    return "\n".join(line for line in errors.splitlines() if "hivmc" not in line)


@dataclass(frozen=True)
class SyncCounts:
    """How often a kernel orders which pipes: flags by (from, to), barriers by pipe."""

    flags: Mapping[tuple[str, str], int]
    barriers: Mapping[str, int]

    @staticmethod
    def of(text: str) -> "SyncCounts":
        """Counts what is in a generic text; the barrier of all pipes at the end is not counted."""
        flags: Counter[tuple[str, str]] = Counter()
        for properties in _SET_FLAG.findall(text):
            pipes = dict(_PIPE.findall(properties))
            flags[pipes["set_pipe"], pipes["wait_pipe"]] += 1
        barriers = Counter(pipe for pipe in _BARRIER.findall(text) if pipe != "PIPE_ALL")
        return SyncCounts(dict(flags), dict(barriers))

    def misses(self, other: "SyncCounts") -> tuple[tuple[str, str], ...]:
        """The pairs of pipes that the other one orders more often.

        Where MTE1 is an end, that it orders them at all is enough: the vendor's matrix product
        releases each factor with a flag of its own, ours both with one.
        """
        return tuple(
            pair
            for pair, count in other.flags.items()
            if self.flags.get(pair, 0) < (1 if "PIPE_MTE1" in pair else count)
        )

    def __add__(self, other: "SyncCounts") -> "SyncCounts":
        """Those of two kernels together."""
        flags = Counter(self.flags) + Counter(other.flags)
        return SyncCounts(dict(flags), dict(Counter(self.barriers) + Counter(other.barriers)))

    @property
    def flag_count(self) -> int:
        """All flags that are set."""
        return sum(self.flags.values())

    @property
    def barrier_count(self) -> int:
        """All barriers."""
        return sum(self.barriers.values())


def synchronised_by_vendor(module: ModuleOp, device: Device, *, seconds: float) -> SyncCounts:
    """The order that the vendor's solver makes for our addresses, flags and barriers taken out.

    Raises ``VendorToolError``.
    """
    bare = module.clone()
    for op in list(bare.walk()):
        if isinstance(op, HivmSetFlagOp | HivmWaitFlagOp | HivmPipeBarrierOp):
            op.detach()
            op.erase()
    arguments = (device.append_spec, "--hivm-graph-sync-solver", "--mlir-print-op-generic")
    ran = run_tool(device.opt, arguments, mixed_text(bare), seconds=seconds)
    if ran.status:
        raise VendorToolError(device.opt, message_of(ran.errors))
    return SyncCounts.of(ran.output)
