"""Targets and the NPU simulator: what hardware can do, whether a kernel does it, and how fast."""

from hawk_xdsl.npu_target.approximation import Estimates, estimates_of
from hawk_xdsl.npu_target.launches import Gap, time_stages, traffic_of_stages
from hawk_xdsl.npu_target.layout import buffer_bytes
from hawk_xdsl.npu_target.legality import verify_kernel
from hawk_xdsl.npu_target.performance import Performance, PerformanceWarning, total
from hawk_xdsl.npu_target.roofline import Bound, Limit, Units, bound_cycles, shared_cycles
from hawk_xdsl.npu_target.simulation import (
    FlagWait,
    Simulation,
    TraceEvent,
    simulate,
    time_kernel,
)
from hawk_xdsl.npu_target.steps import RunawayError, StepCounter
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.target_file import available_targets, load_target
from hawk_xdsl.npu_target.traps import Trap, TrapCode
from hawk_xdsl.npu_target.watch import Watch, WrittenState

__all__ = [
    "Bound",
    "Estimates",
    "FlagWait",
    "Gap",
    "Limit",
    "Performance",
    "PerformanceWarning",
    "RunawayError",
    "Simulation",
    "StepCounter",
    "Target",
    "TraceEvent",
    "Trap",
    "TrapCode",
    "Units",
    "Watch",
    "WrittenState",
    "available_targets",
    "bound_cycles",
    "buffer_bytes",
    "estimates_of",
    "load_target",
    "shared_cycles",
    "simulate",
    "time_kernel",
    "time_stages",
    "total",
    "traffic_of_stages",
    "verify_kernel",
]
