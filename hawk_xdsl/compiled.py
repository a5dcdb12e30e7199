"""A compiled model of static shapes: runs on the NPU simulator, is timed, is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.traits import SymbolTable

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.exports import DEFAULT, export
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.ir_text import place_of, placed_text
from hawk_xdsl.network import NetworkTime, network_time
from hawk_xdsl.npu_target import (
    Simulation,
    Target,
    Trap,
    Units,
    Watch,
    WrittenState,
    simulate,
    time_kernel,
)
from hawk_xdsl.npu_target.l2.cache import cache_of, traffic_of
from hawk_xdsl.npu_target.traps import launched_from
from hawk_xdsl.passes.npu_decide import Placed
from hawk_xdsl.propose.settings import Progress
from hawk_xdsl.reference.host import run_main
from hawk_xdsl.report import ReportRow, RunRecord, row_of, run_record


@dataclass(frozen=True)
class WatchedBuffer:
    """A buffer of a kernel whose values somebody wants to see; ``block`` ``None``: in all blocks.

    ``told`` gets the state after each instruction that writes into the buffer, or a part of it.
    """

    kernel: str
    buffer: str
    block: int | None
    told: Watch

    def see(self, state: WrittenState) -> None:
        """Passes on what is of the buffer and the block."""
        if state.buffer == self.buffer and self.block in (None, state.block):
            self.told(state)


@dataclass(frozen=True)
class Run:
    """One run of a compiled model on the NPU simulator: its kernels, and the time of all.

    ``launches`` has an item for each kernel that ran; ``time.gaps`` says which of them were stages.
    """

    outputs: tuple[Array, ...]
    launches: tuple[tuple[str, Simulation], ...]
    time: NetworkTime

    @property
    def cycles(self) -> float:
        """Simulated cycles of all kernels, one after the other."""
        return self.time.kernels

    @property
    def record(self) -> RunRecord:
        """The run as report.json keeps it."""
        return run_record(self.launches, self.time)


@dataclass(frozen=True)
class Compiled:
    """A compiled model: the IR, what was decided, and a callable.

    ``target_given`` is the target as it was asked for, a name or a file.
    ``placed`` has an item for each op that was undecided; it is empty for a model read back.
    ``units`` is what each of these ops needs of them, ``None`` if one of them stayed on the host.
    """

    program: Program
    module: ModuleOp
    target: Target
    target_given: str
    placed: tuple[Placed, ...] = ()
    units: tuple[Units, ...] | None = None

    @cached_property
    def report(self) -> tuple[ReportRow, ...]:
        """One row for each op that was undecided."""
        return tuple(row_of(placed, self.target) for placed in self.placed)

    @property
    def ir(self) -> str:
        """The final module as text; launches say where in the model they are from."""
        return placed_text(self.module)

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs for these inputs, computed by the NPU simulator."""
        return self.run(inputs).outputs

    def run(
        self,
        inputs: Sequence[Array],
        progress: Progress = lambda line: None,
        *,
        trace: bool = False,
        watched: WatchedBuffer | None = None,
    ) -> Run:
        """Runs every launch on the NPU simulator and what is on the host there.

        With ``trace`` the simulations keep their timelines. Whoever watches a buffer is told of it
        in the order of the program, before the launch runs as the hardware does.
        Raises ``HawkError`` for inputs of the wrong number, shape or dtype, and for every trap,
        which says where in the model the launch is from.
        """
        launches: list[tuple[str, Simulation]] = []
        l2 = cache_of(self.target)

        def launch(op: LaunchOp, kernel: KernelOp, arrays: list[Array]) -> Sequence[Array]:
            progress(f"@{kernel.sym_name.data}")
            traffic = traffic_of(kernel, self.target, l2, op.tensors)
            try:
                if watched is not None and watched.kernel == kernel.sym_name.data:
                    simulate(kernel, arrays, self.target, mode="program-order", watch=watched.see)
                joins = op.joins is not None
                simulation = simulate(
                    kernel, arrays, self.target, trace=trace, traffic=traffic, joins=joins
                )
            except Trap as trap:
                raise launched_from(trap, place_of(op)) from None
            launches.append((kernel.sym_name.data, simulation))
            return simulation.outputs

        outputs = run_main(self.module, self.program.arguments(inputs), launch)
        runs = [simulation for _, simulation in launches]
        time = network_time(self.module, self.units, runs, self.target)
        return Run(tuple(outputs), tuple(launches), time)

    def timed(self) -> RunRecord:
        """What a run takes, without its values: of each kernel the first block is timed.

        Raises ``Trap`` for a kernel that does not end.
        """
        l2 = cache_of(self.target)
        launches: list[tuple[str, Simulation]] = []
        for op in [op for op in self.module.walk() if isinstance(op, LaunchOp)]:
            kernel = SymbolTable.lookup_symbol(op, op.kernel)
            if not isinstance(kernel, KernelOp):
                raise HawkError(f"no kernel {op.kernel} to launch")
            traffic = traffic_of(kernel, self.target, l2, op.tensors)
            joins = op.joins is not None
            found = time_kernel(kernel, self.target, traffic=traffic, joins=joins)
            assert found is not None
            run = Simulation(outputs=(), traffic=traffic, **vars(found))
            launches.append((kernel.sym_name.data, run))
        runs = [run for _, run in launches]
        time = network_time(self.module, self.units, runs, self.target)
        return run_record(launches, time, values=False)

    def save(self, directory: Path, formats: Sequence[str] = (DEFAULT,)) -> None:
        """Writes the model in export formats, as :func:`hawk_xdsl.exports.export` does."""
        export(self, directory, formats)
