"""Asks the vendor's tools about one kernel: verifier, plan, order, values."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.hivm.convert_npu_to_hivm import for_hivm, hivm_function
from hawk_xdsl.hivm.devices import Device
from hawk_xdsl.hivm.spaces import SPACES
from hawk_xdsl.npu_target import Target, simulate
from hawk_xdsl.reference.difference import error_between
from hawk_xdsl.vendor.generic_form import generic_text, mixed_text
from hawk_xdsl.vendor.planning import (
    SyncCounts,
    planned_by_vendor,
    synchronised_by_vendor,
    verify,
)
from hawk_xdsl.vendor.recording import Recorded
from hawk_xdsl.vendor.running import SECONDS
from hawk_xdsl.vendor.values import run_hivm
from hawk_xdsl.vendor.verdict import NOT_ASKED, ToolAnswer, VendorVerdict

LARGEST_ERROR: Mapping[int, float] = {2: 2e-3, 4: 1e-5}
"""What max|y−ŷ|/max|ŷ| may be, by the bytes of the narrowest float among a kernel's arguments.

Sums are added in another order here than there, no more."""


@dataclass(frozen=True)
class VendorCheck:
    """The questions about kernels of one target.

    Attributes:
        target: the target.
        device: what the vendor calls it.
        seconds: that each run of a tool, and of a kernel, may take.
    """

    target: Target
    device: Device
    seconds: float = SECONDS

    def verdict(self, recorded: Recorded) -> VendorVerdict:
        """Asks everything about one kernel; a step that fails says why, and others go on."""
        begin = time.monotonic()
        kernel = recorded.kernel
        try:
            ours = self._module(recorded, planned=True)
            given = self._module(recorded, planned=False)
        except HawkError as error:
            refused, silent = ToolAnswer(False, str(error)), ToolAnswer(False, NOT_ASKED)
            core = str(kernel.core.data)
            return VendorVerdict(
                recorded.name, core, refused, silent, silent, silent, silent, _since(begin)
            )
        verified = _asked(lambda: self._verify(given, ours))
        order = _asked(lambda: self._order(ours))
        found: list[ModuleOp] = []
        planned = _asked(lambda: self._plan(given, recorded, found))
        our_values = _asked(lambda: self._simulated(recorded) or self._values(ours, recorded))
        their_values = ToolAnswer(False, NOT_ASKED)
        if found:
            their_values = _asked(lambda: self._values(found[0], recorded))
        return VendorVerdict(
            recorded.name,
            str(kernel.core.data),
            verified,
            planned,
            order,
            our_values,
            their_values,
            _since(begin),
        )

    def _module(self, recorded: Recorded, *, planned: bool) -> ModuleOp:
        module = ModuleOp([hivm_function(recorded.kernel, self.target, planned)])
        module.verify()
        return module

    def _verify(self, given: ModuleOp, ours: ModuleOp) -> ToolAnswer:
        for module in (given, ours):
            verify(mixed_text(module), self.device, seconds=self.seconds)
        return ToolAnswer(True, "yes")

    def _plan(self, given: ModuleOp, recorded: Recorded, found: list[ModuleOp]) -> ToolAnswer:
        core = recorded.kernel.core.data
        text = mixed_text(given)
        found.append(planned_by_vendor(text, core, self.device, seconds=self.seconds))
        return ToolAnswer(True, "yes")

    def _order(self, ours: ModuleOp) -> ToolAnswer:
        own = SyncCounts.of(generic_text(ours))
        theirs = synchronised_by_vendor(ours, self.device, seconds=self.seconds)
        missed = ["->".join(pair) for pair in own.misses(theirs)]
        said = f"{_counts(own)}, {_counts(theirs)}"
        return ToolAnswer(
            not missed, f"{said}: none of ours for {', '.join(missed)}" if missed else said
        )

    def _simulated(self, recorded: Recorded) -> ToolAnswer | None:
        """What is wrong with the rewritten kernel on the NPU simulator; ``None`` if nothing is."""
        exact = replace(self.target, vector=replace(self.target.vector, accuracy={}))
        kernel = for_hivm(recorded.kernel, self.target, planned=True)
        made = simulate(kernel, recorded.inputs, exact).outputs
        error = error_between(made, recorded.outputs)
        allowed = LARGEST_ERROR[_narrowest((*recorded.inputs, *recorded.outputs))]
        if error.maximum <= allowed and not error.unequal:
            return None
        return ToolAnswer(False, f"rewritten, the NPU simulator differs: {error.maximum:.1e}")

    def _values(self, module: ModuleOp, recorded: Recorded) -> ToolAnswer:
        sizes = {SPACES[scope]: self._bytes(scope) for scope in (Scope.UB, Scope.L1, Scope.L0C)}
        given = run_hivm(
            module.clone(),
            recorded.name,
            recorded.inputs,
            recorded.outputs,
            recorded.kernel.blocks.value.data,
            sizes,
            seconds=self.seconds,
        )
        error = error_between(given, recorded.outputs)
        allowed = LARGEST_ERROR[_narrowest((*recorded.inputs, *recorded.outputs))]
        agree = error.maximum <= allowed and not error.unequal
        return ToolAnswer(
            agree, f"{error.maximum:.1e}" if not error.unequal else str(error.unequal[0])
        )

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
