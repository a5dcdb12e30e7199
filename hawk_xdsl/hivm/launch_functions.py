"""The functions of HIVM for a launch: one for each kind of core that works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.dialects import arith, func, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.hivm import (
    HaccArgTypeAttr,
    HaccFunctionKindAttr,
    HivmFuncCoreTypeAttr,
    HivmPipeBarrierOp,
    HivmSetFftsBaseAddrOp,
)
from hawk_xdsl.dialects.npu import Core, Join, KernelOp, KernelPart, MmadOp
from hawk_xdsl.hivm.block_sync import check_core, emit_all_core_barrier
from hawk_xdsl.hivm.devices import device_of, is_device
from hawk_xdsl.hivm.emission import HivmEmission
from hawk_xdsl.hivm.spaces import in_hivm
from hawk_xdsl.hivm.translate import translate_block
from hawk_xdsl.hivm.truth_tiles import truth_tiles
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.buffers import root_of
from hawk_xdsl.transforms.device_launch import DeviceLaunch, DeviceStage
from hawk_xdsl.transforms.pass_error import NO_EXTENTS, PassError

CORES: Mapping[Core, str] = {Core.VECTOR: "AIV", Core.CUBE: "AIC", Core.MIXED: "MIX"}
"""HIVM's name of each kind of core, and of a launch on both."""

SUFFIXES: Mapping[Core, str] = {Core.CUBE: "_mix_aic", Core.VECTOR: "_mix_aiv"}
"""What the vendor appends to the name of a launch on both kinds, for the function of each."""

ORDER = (Core.CUBE, Core.VECTOR)
"""In which order a launch has the functions of kinds of cores."""


def cores_in_order(launch: DeviceLaunch) -> tuple[Core, ...]:
    """The kinds of cores that work, in the order of a launch's functions."""
    return tuple(core for core in ORDER if core in launch.cores)


def needs_flags(launch: DeviceLaunch) -> bool:
    """Whether cores meet: the runtime gives the address of their flags as the first argument."""
    return launch.core == Core.MIXED or any(s.join is Join.BARRIER for s in launch.stages)


def cores_of_block(launch: DeviceLaunch, target: Target) -> Mapping[Core, int]:
    """How many cores of each kind a block of a launch has."""
    if launch.core != Core.MIXED:
        return {launch.core: 1}
    return {Core.CUBE: 1, Core.VECTOR: target.cores[Core.VECTOR] // target.cores[Core.CUBE]}


def function_name(launch: DeviceLaunch, core: Core) -> str:
    """What the function of one kind of core is called."""
    return launch.name + (SUFFIXES[core] if launch.core == Core.MIXED else "")


def block_count(launch: DeviceLaunch, target: Target) -> int:
    """How many blocks of a launch the host asks for: enough for each stage."""
    cores = cores_of_block(launch, target)
    return max(
        -(-stage.kernel.blocks.value.data * part.cores // cores[part.core])
        for stage in launch.stages
        for part in stage.kernel.parts
    )


def launch_functions(
    launch: DeviceLaunch, kernels: Sequence[KernelOp], target: Target, *, planned: bool
) -> list[func.FuncOp]:
    """The functions of a launch, that of the cube cores first.

    Args:
        launch: what runs.
        kernels: that of each stage without the forms that ``npu-legalize-hivm`` replaces.
        target: what it runs on.
        planned: keep addresses, flags and barriers; else the vendor's compiler makes its own.

    Raises:
        PassError: an op has no counterpart, or a kernel has no addresses yet.
    """
    for kernel in kernels:
        for part in kernel.parts:
            check_core(part.core, kernel.sym_name.data)
        if kernel.ranges:
            raise PassError(NO_EXTENTS.format(kernel.sym_name.data))
    writer = _LaunchWriter(launch, tuple(kernels), target, planned)
    return [writer.function(core) for core in cores_in_order(launch)]


@dataclass(frozen=True)
class _LaunchWriter:
    launch: DeviceLaunch
    kernels: tuple[KernelOp, ...]
    target: Target
    planned: bool

    def function(self, core: Core) -> func.FuncOp:
        """What the cores of one kind run."""
        both = self.launch.core == Core.MIXED
        flags = needs_flags(self.launch)
        types = [i64] * flags + [in_hivm(type_) for type_ in self.launch.types]
        block = Block(arg_types=types)
        builder = Builder(InsertPoint.at_end(block))
        if flags:
            block.args[0].name_hint = "ffts"
            builder.insert(HivmSetFftsBaseAddrOp(block.args[0]))
        self._name(block.args[flags:])
        pairs = zip(self.launch.stages, self.kernels, strict=True)
        for number, (stage, kernel) in enumerate(pairs):
            at = self._emission(kernel, core, builder, block.args[flags:], stage)
            if number:
                self._join(at, stage, core, both)
            if at.part.block.ops:
                self._stage(at)
        builder.insert(func.ReturnOp())
        made = func.FuncOp(function_name(self.launch, core), (types, []), Region(block))
        made.attributes["hacc.entry"] = UnitAttr()
        made.attributes["hacc.function_kind"] = HaccFunctionKindAttr("DEVICE")
        made.attributes["hacc.block_dim"] = IntegerAttr(block_count(self.launch, self.target), i64)
        made.attributes["hivm.func_core_type"] = HivmFuncCoreTypeAttr(CORES[core])
        if both:
            made.attributes["hivm.part_of_mix"] = UnitAttr()
            made.attributes["mix_mode"] = StringAttr("mix")
        if flags:
            given = DictionaryAttr({"hacc.arg_type": HaccArgTypeAttr("ffts_base_address")})
            others = [DictionaryAttr({})] * len(self.launch.types)
            made.properties["arg_attrs"] = ArrayAttr([given, *others])
        return made

    def _name(self, arguments: Sequence[SSAValue]) -> None:
        """Arguments are called as in the first kernel that has them."""
        for stage, kernel in zip(self.launch.stages, self.kernels, strict=True):
            for number, own in zip(stage.buffers, kernel.buffers, strict=True):
                if arguments[number].name_hint is None:
                    arguments[number].name_hint = own.name_hint

    def _emission(
        self,
        kernel: KernelOp,
        core: Core,
        builder: Builder,
        arguments: Sequence[SSAValue],
        stage: DeviceStage,
    ) -> HivmEmission:
        """Where a stage is written; of a kernel that this kind of core has no part in, nothing."""
        idle = KernelPart(core, Block(), 0)
        part = next((part for part in kernel.parts if part.core == core), idle)
        cores = cores_of_block(self.launch, self.target)[core]
        if kernel.is_mixed and part.cores != cores:
            name = kernel.sym_name.data
            raise PassError(f"@{name}: {part.cores} {core} cores a block, of {cores} in HIVM")
        name = kernel.target.data
        unsigned = device_of(name).unsigned_src if is_device(name) else None
        at = HivmEmission(
            *(kernel, part, cores, self.planned, builder),
            *(truth_tiles(kernel), _bias_rows(kernel), unsigned),
        )
        for number, own in zip(stage.buffers, kernel.buffers, strict=True):
            at.values[own] = arguments[number]
        return at

    def _join(self, at: HivmEmission, stage: DeviceStage, core: Core, both: bool) -> None:
        """What lies between a stage and the one before it: its memory is taken anew."""
        if self.planned:
            at.emit(HivmPipeBarrierOp("PIPE_ALL"))
        if stage.join is Join.BARRIER:
            emit_all_core_barrier(at, core, both=both)

    def _stage(self, at: HivmEmission) -> None:
        """The ops of a stage, on as many cores as it has blocks."""
        working = at.kernel.blocks.value.data * at.part.cores
        if working == block_count(self.launch, self.target) * at.cores:
            translate_block(at, at.part.block)
            return
        outer, body = at.builder, Block()
        count = at.index(working)
        works = at.emit(arith.CmpiOp(at.core_number(), count, "ult")).result
        at.builder = Builder(InsertPoint.at_end(body))
        translate_block(at, at.part.block)
        at.emit(scf.YieldOp())
        at.builder = outer
        at.emit(scf.IfOp(works, [], Region(body)))


def _bias_rows(kernel: KernelOp) -> frozenset[SSAValue]:
    """The buffers that products start from."""
    products = [op for op in kernel.walk() if isinstance(op, MmadOp)]
    return frozenset(root_of(op.bias) for op in products if op.bias is not None)
