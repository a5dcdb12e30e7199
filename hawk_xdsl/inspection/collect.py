"""The document of a compiled network, from the directory that ``hawk compile`` wrote."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from xdsl.traits import SymbolTable

from hawk_xdsl.compiled import Compiled
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp, UndecidedOp
from hawk_xdsl.inspection.data_flow import DataFlow, Step, data_flow
from hawk_xdsl.inspection.document import (
    FORMAT,
    BodyTime,
    KernelFigures,
    LaunchFigures,
    NetworkDocument,
    NetworkFigures,
    PipeShare,
    VendorStep,
)
from hawk_xdsl.inspection.kernel_bodies import bodies_of
from hawk_xdsl.inspection.roofs import roofline_of
from hawk_xdsl.ir_text import place_of
from hawk_xdsl.npu_target import Target
from hawk_xdsl.pipeline import load_compiled
from hawk_xdsl.report import FullReport, LaunchRecord, ReportRow, RunRecord, read_full_report
from hawk_xdsl.saved import REPORT_FILE
from hawk_xdsl.schedule.schedule import written
from hawk_xdsl.vendor.verdict import VendorVerdict


def collect(directory: Path) -> NetworkDocument:
    """Everything about a compiled network. Raises ``ReadError`` for what is none, or is damaged.

    Where no run was recorded (``hawk compile --no-run``), launches are timed here, without values.
    """
    compiled, _ = load_compiled(directory)
    report = read_full_report(directory / REPORT_FILE)
    run = report.run
    if run is None or not _is_of(run, compiled):
        run = compiled.timed()
    return _Collector(compiled, report, run).document()


def _is_of(run: RunRecord, compiled: Compiled) -> bool:
    """Whether a recorded run has the launches of the module beside it, which may be changed."""
    launches = [op for op in compiled.module.walk() if isinstance(op, LaunchOp)]
    return [each.kernel for each in run.launches] == [op.kernel.string_value() for op in launches]


class _Collector:
    """Brings together module, report and run."""

    def __init__(self, compiled: Compiled, report: FullReport, run: RunRecord) -> None:
        self._compiled = compiled
        self._report = report
        self._run = run
        self._target: Target = compiled.target
        self._kernels = [op for op in compiled.module.ops if isinstance(op, KernelOp)]
        self._positions = {op: number for number, op in enumerate(self._kernels)}
        self._rows: list[ReportRow] = []
        self._of_symbol: dict[str, tuple[int, int]] = {}
        self._hosted: list[int] = []
        for row in report.kernels:
            self._add(row)

    def _add(self, row: ReportRow) -> None:
        """Keeps the first row of the ops that share kernels, and each row of the host."""
        symbols = row.symbols
        if symbols and symbols[0] in self._of_symbol:
            return
        position = len(self._rows)
        self._rows.append(row)
        self._of_symbol.update({name: (position, stage) for stage, name in enumerate(symbols)})
        if not symbols:
            self._hosted.append(position)

    def document(self) -> NetworkDocument:
        flow = data_flow(self._compiled.module)
        launches = self._launches(flow)
        return NetworkDocument(
            FORMAT,
            self._network(launches),
            launches,
            tuple(self._kernel(op, launches) for op in self._kernels),
            tuple(self._rows),
            roofline_of(self._target),
        )

    def _network(self, launches: Sequence[LaunchFigures]) -> NetworkFigures:
        run, us = self._run, self._target.microseconds
        return NetworkFigures(
            self._report.model,
            self._target.name,
            round(us(run.cycles), 3),
            round(us(run.kernel_cycles), 3),
            round(us(run.launch_cycles), 3),
            sum(each.joins is None for each in run.launches),
            sum(each.kernel is None for each in launches),
            None if run.bound_cycles is None else round(us(run.bound_cycles), 3),
            run.limited_by,
            run.bytes_between,
            run.hit_rate,
            run.values,
            self._report.stages,
        )

    def _launches(self, flow: DataFlow) -> tuple[LaunchFigures, ...]:
        records, hosted = iter(self._run.launches), iter(self._hosted)
        found: list[LaunchFigures] = []
        names = self._compiled.program.argument_names
        for number, step in enumerate(flow.steps):
            inputs = tuple(names[argument] for argument in flow.arguments[number])
            around = (flow.reads[number], inputs, number in flow.final)
            if isinstance(step, LaunchOp):
                found.append(self._launch(step, next(records), *around))
            else:
                found.append(self._on_host(step, next(hosted, None), *around))
        return tuple(found)

    def _launch(
        self,
        step: LaunchOp,
        record: LaunchRecord,
        reads: tuple[int, ...],
        inputs: tuple[str, ...],
        final: bool,
    ) -> LaunchFigures:
        cycles = record.cycles + record.gap
        kernel = SymbolTable.lookup_symbol(step, step.kernel)
        assert isinstance(kernel, KernelOp)
        loaded = (record.l2_hits or 0.0) + (record.l2_misses or 0.0)
        bound = self._run.bound_cycles
        return LaunchFigures(
            name=record.kernel,
            joins=record.joins,
            kernel=self._positions[kernel],
            decision=self._of_symbol.get(record.kernel, (None, 0))[0],
            cycles=record.cycles,
            microseconds=round(self._target.microseconds(cycles), 3),
            share=round(cycles / self._run.cycles, 4) if self._run.cycles else 0.0,
            of_network_bound=round(cycles / bound, 4) if bound else None,
            bottleneck=max(record.occupancy, key=lambda p: record.occupancy[p], default=None),
            reads=reads,
            inputs=inputs,
            writes_output=final,
            bytes_moved=self._bytes_moved(record),
            l2_hit_rate=round((record.l2_hits or 0.0) / loaded, 4) if loaded else None,
            bodies=(
                BodyTime(" and ".join(str(part.core) for part in kernel.parts), _pipes(record)),
            ),
            warnings=record.warnings,
            source=_source(step),
        )

    def _bytes_moved(self, record: LaunchRecord) -> Mapping[str, int]:
        """Of all blocks: a launch that was timed by its first block has those of the gate's run."""
        if self._run.values:
            return record.bytes_moved
        decision, _ = self._of_symbol.get(record.kernel, (None, 0))
        row = None if decision is None else self._rows[decision]
        return row.bytes_moved if row is not None and len(row.symbols) == 1 else {}

    def _on_host(
        self,
        step: Step,
        decision: int | None,
        reads: tuple[int, ...],
        inputs: tuple[str, ...],
        final: bool,
    ) -> LaunchFigures:
        assert isinstance(step, UndecidedOp)
        label = step.label.data if step.label is not None else "op"
        return LaunchFigures(
            name=label,
            joins=None,
            kernel=None,
            decision=decision,
            cycles=None,
            microseconds=None,
            share=None,
            of_network_bound=None,
            bottleneck=None,
            reads=reads,
            inputs=inputs,
            writes_output=final,
            bytes_moved={},
            l2_hit_rate=None,
            bodies=(),
            warnings=(),
            source=_source(step),
        )

    def _kernel(self, op: KernelOp, launches: Sequence[LaunchFigures]) -> KernelFigures:
        symbol, position = op.sym_name.data, self._positions[op]
        decision, stage = self._of_symbol.get(symbol, (None, 0))
        text = "" if decision is None else self._rows[decision].text
        return KernelFigures(
            symbol,
            decision,
            stage,
            tuple(n for n, launch in enumerate(launches) if launch.kernel == position),
            bodies_of(op, self._target, text, stage),
            str(op),
            "" if op.schedule is None else written(op.schedule),
            _vendor_steps(self._report.vendor, symbol),
        )


def _source(step: Step) -> str:
    place = place_of(step)
    return "" if place is None else f"{place[0]}:{place[1]}"


def _pipes(record: LaunchRecord) -> tuple[PipeShare, ...]:
    pipes = dict.fromkeys((*record.occupancy, *record.waiting))
    works: Mapping[str, float] = record.occupancy
    found = [PipeShare(pipe, works.get(pipe, 0.0), record.waiting.get(pipe, 0.0)) for pipe in pipes]
    return tuple(sorted(found, key=lambda each: -each.works))


def _vendor_steps(verdicts: Sequence[VendorVerdict], symbol: str) -> tuple[VendorStep, ...]:
    for verdict in verdicts:
        if verdict.is_of(symbol):
            return tuple(
                VendorStep(name, answer.passed, answer.said)
                for name, answer in verdict.steps.items()
            )
    return ()
