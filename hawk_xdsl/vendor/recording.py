"""Launches of a compiled model with what the NPU simulator gave them and got from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.npu_target import Target, simulate
from hawk_xdsl.reference.host import run_main
from hawk_xdsl.transforms.device_launch import DeviceLaunch, device_launches


@dataclass(frozen=True)
class Recorded:
    """A launch, and the arrays of the first time that it runs: one for each input, each output."""

    launch: DeviceLaunch
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @property
    def name(self) -> str:
        """Its symbol."""
        return self.launch.name

    @property
    def results(self) -> tuple[Array, ...]:
        """The outputs without scratch, which may stay unwritten in parts."""
        return self.of_results(self.outputs)

    def of_results(self, outputs: Sequence[Array]) -> tuple[Array, ...]:
        """Those of all outputs that somebody reads."""
        pairs = zip(self.launch.outputs, outputs, strict=True)
        return tuple(array for number, array in pairs if number not in self.launch.scratch)

    def buffers(self) -> list[Array]:
        """New arrays for all buffers: inputs as they were, outputs empty, shapes in one memory."""
        launch = self.launch
        own = {n: np.array(a, order="C") for n, a in zip(launch.inputs, self.inputs, strict=True)}
        for number, array in zip(launch.outputs, self.outputs, strict=True):
            own[number] = np.zeros_like(array, order="C")
        return [
            own[number] if number in own else own[memory].reshape(launch.types[number].get_shape())
            for number, memory in enumerate(launch.memory)
        ]


def exact(target: Target) -> Target:
    """The target without errors of its own: the CPU that is compared with has none."""
    return replace(target, vector=replace(target.vector, accuracy={}))


def record(module: ModuleOp, arguments: Sequence[Array], target: Target) -> tuple[Recorded, ...]:
    """Runs a compiled module on the NPU simulator and keeps the first run of each launch.

    Estimates of the target are exact here. Raises ``HawkError`` for arguments that do not fit, and
    for every trap.
    """
    exact_target = exact(target)
    placed = {op: each for each in device_launches(module) for op in each.ops}
    arrays: dict[SSAValue, Array] = {}
    found: dict[DeviceLaunch, Recorded] = {}

    def launch(op: LaunchOp, kernel: KernelOp, given: list[Array]) -> Sequence[Array]:
        for value, array in zip(op.buffers, given, strict=False):
            if value not in arrays:
                arrays[value] = np.array(array)
        outputs = simulate(kernel, given, exact_target).outputs
        arrays.update(zip(op.results, outputs, strict=True))
        whole = placed[op]
        if op is whole.ops[-1] and whole.launch not in found:
            ends = whole.launch.inputs, whole.launch.outputs
            inputs, made = (tuple(arrays[whole.values[n]] for n in end) for end in ends)
            found[whole.launch] = Recorded(whole.launch, inputs, made)
        return outputs

    run_main(module, list(arguments), launch)
    return tuple(found.values())


def simulate_launch(
    recorded: Recorded, kernels: Sequence[KernelOp], target: Target
) -> tuple[Array, ...]:
    """What the stages of a launch give on the NPU simulator, with other kernels in their places.

    Raises:
        Trap: a kernel breaks a rule.
    """
    launch = recorded.launch
    memory = {
        launch.memory[number]: array
        for number, array in zip(launch.inputs, recorded.inputs, strict=True)
    }
    for stage, kernel in zip(launch.stages, kernels, strict=True):
        count = len(kernel.inputs)
        given = [
            memory[launch.memory[number]].reshape(launch.types[number].get_shape())
            for number in stage.buffers[:count]
        ]
        made = simulate(kernel, given, target).outputs
        memory.update(zip(stage.buffers[count:], made, strict=True))
    return tuple(memory[number] for number in launch.outputs)
