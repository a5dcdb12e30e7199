"""Asks the vendor's tools about one launch: verifier, plan, order, values."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.hivm.convert_npu_to_hivm import for_hivm, hivm_functions
from hawk_xdsl.hivm.devices import Device
from hawk_xdsl.hivm.launch_functions import block_count, cores_in_order, cores_of_block
from hawk_xdsl.hivm.spaces import SPACES
from hawk_xdsl.ir_text import generic_text
from hawk_xdsl.npu_target import Target
from hawk_xdsl.reference.difference import error_between
from hawk_xdsl.transforms.device_launch import DeviceLaunch
from hawk_xdsl.vendor.generic_form import mixed_text
from hawk_xdsl.vendor.planning import (
    SyncCounts,
    planned_by_vendor,
    synchronised_by_vendor,
    verify,
)
from hawk_xdsl.vendor.recording import Recorded, exact, simulate_launch
from hawk_xdsl.vendor.running import SECONDS
from hawk_xdsl.vendor.values import HivmProgram, run_hivm
from hawk_xdsl.vendor.verdict import NOT_ASKED, ToolAnswer, VendorVerdict

LARGEST_ERROR: Mapping[int, float] = {2: 2e-3, 4: 1e-5}
"""What max|y−ŷ|/max|ŷ| may be, by the bytes of the narrowest float among a kernel's arguments.

Sums are added in another order here than there, no more."""


@dataclass(frozen=True)
class VendorCheck:
    """The questions about launches of one target.

    Attributes:
        target: the target.
        device: what the vendor calls it.
        seconds: that each run of a tool, and of a kernel, may take.
    """

    target: Target
    device: Device
    seconds: float = SECONDS

    def verdict(self, recorded: Recorded) -> VendorVerdict:
        """Asks everything about one launch; a step that fails says why, and others go on."""
        begin = time.monotonic()
        launch, core = recorded.launch, str(recorded.launch.core)
        several = len(launch.stages) > 1
        stages = tuple(each.sym_name.data for each in launch.kernels) if several else ()
        try:
            ours = self._programs(launch, planned=True)
            given = self._programs(launch, planned=False)
        except HawkError as error:
            refused, silent = ToolAnswer(False, str(error)), ToolAnswer(False, NOT_ASKED)
            steps = refused, silent, silent, silent, silent
            return VendorVerdict(recorded.name, core, *steps, _since(begin), stages)
        verified = _asked(lambda: self._verify([*given, *ours]))
        order = _asked(lambda: self._order(launch, ours))
        found: list[HivmProgram] = []
        planned = _asked(lambda: self._plan(given, found))
        our_values = _asked(lambda: self._simulated(recorded) or self._values(ours, recorded))
        their_values = ToolAnswer(False, NOT_ASKED)
        if planned.passed:
            their_values = _asked(lambda: self._values(found, recorded))
        steps = verified, planned, order, our_values, their_values
        return VendorVerdict(recorded.name, core, *steps, _since(begin), stages)

    def _programs(self, launch: DeviceLaunch, *, planned: bool) -> list[HivmProgram]:
        """The functions of a launch, each in a module of its own: their tools plan one kind."""
        cores = cores_of_block(launch, self.target)
        functions = hivm_functions(launch, self.target, planned)
        programs = [
            HivmProgram(ModuleOp([function]), function.sym_name.data, core, cores[core])
            for function, core in zip(functions, cores_in_order(launch), strict=True)
        ]
        for program in programs:
            program.module.verify()
        return programs

    def _verify(self, programs: Sequence[HivmProgram]) -> ToolAnswer:
        for program in programs:
            verify(mixed_text(program.module), self.device, seconds=self.seconds)
        return ToolAnswer(True, "yes")

    def _plan(self, given: Sequence[HivmProgram], found: list[HivmProgram]) -> ToolAnswer:
        for program in given:
            text = mixed_text(program.module)
            made = planned_by_vendor(text, program.core, self.device, seconds=self.seconds)
            found.append(replace(program, module=made))
        return ToolAnswer(True, "yes")

    def _order(self, launch: DeviceLaunch, programs: Sequence[HivmProgram]) -> ToolAnswer:
        """Within each stage: between stages there is a barrier of all pipes."""
        if len(launch.stages) > 1:
            alone = map(DeviceLaunch.of, launch.kernels)
            programs = [made for each in alone for made in self._programs(each, planned=True)]
        missed: list[str] = []
        own, theirs = SyncCounts({}, {}), SyncCounts({}, {})
        for program in programs:
            ours = SyncCounts.of(generic_text(program.module))
            vendor = synchronised_by_vendor(program.module, self.device, seconds=self.seconds)
            missed += ["->".join(pair) for pair in ours.misses(vendor)]
            own, theirs = own + ours, theirs + vendor
        said = f"{_counts(own)}, {_counts(theirs)}"
        return ToolAnswer(
            not missed, f"{said}: none of ours for {', '.join(missed)}" if missed else said
        )

    def _simulated(self, recorded: Recorded) -> ToolAnswer | None:
        """What is wrong with rewritten kernels on the NPU simulator; ``None`` if nothing is."""
        stages = recorded.launch.stages
        kernels = [for_hivm(stage.kernel, self.target, planned=True) for stage in stages]
        made = simulate_launch(recorded, kernels, exact(self.target))
        error = error_between(recorded.of_results(made), recorded.results)
        if error.maximum <= self._allowed(recorded) and not error.unequal:
            return None
        return ToolAnswer(False, f"rewritten, the NPU simulator differs: {error.maximum:.1e}")

    def _values(self, programs: Sequence[HivmProgram], recorded: Recorded) -> ToolAnswer:
        sizes = {SPACES[scope]: self._bytes(scope) for scope in (Scope.UB, Scope.L1, Scope.L0C)}
        runs = run_hivm(
            [replace(program, module=program.module.clone()) for program in programs],
            recorded.buffers,
            block_count(recorded.launch, self.target),
            sizes,
            seconds=self.seconds,
        )
        errors = [
            error_between(
                recorded.of_results([arrays[n] for n in recorded.launch.outputs]), recorded.results
            )
            for arrays in runs
        ]
        largest = max(error.maximum for error in errors)
        unequal = [each for error in errors for each in error.unequal]
        agree = largest <= self._allowed(recorded) and not unequal
        return ToolAnswer(agree, f"{largest:.1e}" if not unequal else str(unequal[0]))

    @staticmethod
    def _allowed(recorded: Recorded) -> float:
        return LARGEST_ERROR[_narrowest((*recorded.inputs, *recorded.outputs))]

    def _bytes(self, scope: Scope) -> int:
        return self.target.memory(scope).bytes


def _asked(question: Callable[[], ToolAnswer]) -> ToolAnswer:
    try:
        return question()
    except HawkError as error:
        return ToolAnswer(False, str(error))


def _counts(order: SyncCounts) -> str:
    return f"{order.flag_count}/{order.barrier_count}"


def _narrowest(arrays: Sequence[Array]) -> int:
    """Bytes of the narrowest float; 4 if there is none."""
    floats = [array.dtype.itemsize for array in arrays if _is_float(array)]
    return max(2, min(floats, default=4))


def _is_float(array: Array) -> bool:
    return array.dtype.kind == "f" or array.dtype.name == "bfloat16"


def _since(begin: float) -> float:
    return round(time.monotonic() - begin, 2)
