"""What a device runs at once: a kernel, or several that are stages of one launch.

Example: of ``q = f(x); s = g(q) joins <barrier>`` a launch of two stages with the buffers x, q and
s, of which f gets the first two and g the last two. Another shape of q that g reads is a buffer of
its own in the same memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.npu import Core, Join, KernelOp, LaunchOp, storage_of


@dataclass(frozen=True)
class DeviceStage:
    """A kernel of a launch.

    Attributes:
        kernel: what runs.
        buffers: which of the launch's buffers its arguments are.
        join: how it follows the stage before it; ``None``: it is the first.
    """

    kernel: KernelOp
    buffers: tuple[int, ...]
    join: Join | None


@dataclass(frozen=True)
class DeviceLaunch:
    """Stages that run one after the other on the same cores, and the buffers that they share.

    Attributes:
        name: of the kernel; of several stages one of its own.
        stages: what runs.
        types: of the buffers: what is read first, then what is written, by the stages in order.
        memory: the buffer in whose memory each lies: itself, or that of another shape.
        written: which buffers the stages write.
        scratch: which of these nobody reads afterwards.
    """

    name: str
    stages: tuple[DeviceStage, ...]
    types: tuple[MemRefType, ...]
    memory: tuple[int, ...]
    written: frozenset[int]
    scratch: frozenset[int]

    @staticmethod
    def of(kernel: KernelOp) -> "DeviceLaunch":
        """A launch of one kernel."""
        inputs, count = len(kernel.inputs), len(kernel.buffers)
        every = tuple(range(count))
        types = tuple(_memref(value) for value in kernel.buffers)
        scratch = frozenset(range(count - kernel.scratch_count, count))
        stage = DeviceStage(kernel, every, None)
        name = kernel.sym_name.data
        return DeviceLaunch(name, (stage,), types, every, frozenset(range(inputs, count)), scratch)

    @property
    def kernels(self) -> tuple[KernelOp, ...]:
        """The kernels of its stages, each once."""
        return tuple(dict.fromkeys(stage.kernel for stage in self.stages))

    @property
    def cores(self) -> frozenset[Core]:
        """The kinds of cores that work."""
        return frozenset(part.core for stage in self.stages for part in stage.kernel.parts)

    @property
    def core(self) -> Core:
        """The kind of core, ``MIXED`` for several."""
        cores = self.cores
        return next(iter(cores)) if len(cores) == 1 else Core.MIXED

    @property
    def inputs(self) -> tuple[int, ...]:
        """The buffers that hold something before: in memory that no stage writes."""
        written = {self.memory[number] for number in self.written}
        return tuple(n for n in range(len(self.types)) if self.memory[n] not in written)

    @property
    def outputs(self) -> tuple[int, ...]:
        """The buffers that are written, in order."""
        return tuple(sorted(self.written))


@dataclass(frozen=True)
class PlacedLaunch:
    """A launch of a program.

    Attributes:
        launch: the kernels.
        ops: where they are called.
        values: the tensor of each buffer of the launch.
    """

    launch: DeviceLaunch
    ops: tuple[LaunchOp, ...]
    values: tuple[SSAValue, ...]


def device_launches(module: ModuleOp) -> Iterator[PlacedLaunch]:
    """The launches of a program's functions, in order; kernels that repeat have the same launch."""
    kernels = {op.sym_name.data: op for op in module.walk() if isinstance(op, KernelOp)}
    known: dict[tuple[object, ...], DeviceLaunch] = {}
    for group in _groups(module):
        placed = _placed(group, kernels, f"launch_{len(known)}")
        launch = placed.launch
        key = (
            tuple((stage.kernel, stage.buffers, stage.join) for stage in launch.stages),
            launch.memory,
            launch.written,
        )
        yield PlacedLaunch(known.setdefault(key, launch), placed.ops, placed.values)


def exported_launches(module: ModuleOp) -> Iterator[DeviceLaunch]:
    """What a module launches, each once, then each kernel that nobody launches."""
    launches = list(dict.fromkeys(placed.launch for placed in device_launches(module)))
    yield from launches
    used = {kernel for launch in launches for kernel in launch.kernels}
    for kernel in module.walk():
        if isinstance(kernel, KernelOp) and kernel not in used:
            yield DeviceLaunch.of(kernel)


def _groups(module: ModuleOp) -> Iterator[list[LaunchOp]]:
    """Launches with those that join them."""
    group: list[LaunchOp] = []
    for op in module.walk():
        if not isinstance(op, LaunchOp):
            continue
        if op.joins is None and group:
            yield group
            group = []
        group.append(op)
    if group:
        yield group


def _placed(group: Sequence[LaunchOp], kernels: dict[str, KernelOp], name: str) -> PlacedLaunch:
    called = [kernels[op.kernel.root_reference.data] for op in group]
    if len(group) == 1:
        values = (*group[0].buffers, *group[0].results)
        return PlacedLaunch(DeviceLaunch.of(called[0]), tuple(group), values)
    made = [result for op in group for result in op.results]
    read = [value for op in group for value in op.buffers if value not in made]
    values = list(dict.fromkeys([*read, *made]))
    places = {value: number for number, value in enumerate(values)}
    storage = {storage_of(value): places[value] for value in reversed(values)}
    storage.update({result: places[result] for result in made})
    types: dict[int, MemRefType] = {}
    stages: list[DeviceStage] = []
    scratch: set[int] = set()
    for op, kernel in zip(group, called, strict=True):
        buffers = tuple(places[value] for value in (*op.buffers, *op.results))
        types.update(zip(buffers, map(_memref, kernel.buffers), strict=True))
        scratch.update(buffers[len(buffers) - kernel.scratch_count :])
        stages.append(DeviceStage(kernel, buffers, None if op.joins is None else op.joins.data))
    launch = DeviceLaunch(
        name,
        tuple(stages),
        tuple(types[number] for number in range(len(values))),
        tuple(storage[storage_of(value)] for value in values),
        frozenset(places[value] for value in made),
        frozenset(scratch),
    )
    return PlacedLaunch(launch, tuple(group), tuple(values))


def _memref(value: SSAValue) -> MemRefType:
    assert isinstance(value.type, MemRefType)
    return value.type
