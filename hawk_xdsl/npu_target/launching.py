"""Lets xDSL's interpreter run ``npu.launch``: each launch is a simulation of its kernel."""

from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.traits import SymbolTable

from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.npu_target.simulation import Mode, Simulation, simulate
from hawk_xdsl.npu_target.target import Target


@register_impls
class LaunchFunctions(InterpreterFunctions):
    """Tensors are numpy arrays. ``simulations`` are kept in the order of the launches.

    Args:
        target: the machine for all kernels, instead of the one that each names.
        mode: as for ``simulate``.
    """

    def __init__(self, target: Target | None = None, mode: Mode = "planned") -> None:
        super().__init__()
        self.target = target
        self.mode: Mode = mode
        self.simulations: list[Simulation] = []

    @impl(LaunchOp)
    def run_launch(
        self, interpreter: Interpreter, op: LaunchOp, args: PythonValues
    ) -> PythonValues:
        """Run all blocks of the kernel on the arguments."""
        kernel = SymbolTable.lookup_symbol(op, op.kernel)
        assert isinstance(kernel, KernelOp)
        count = len(op.buffers)
        extents = {e.name: n for e, n in zip(kernel.ranges, args[count:], strict=True)}
        found = simulate(kernel, args[:count], self.target, mode=self.mode, extents=extents)
        self.simulations.append(found)
        return found.outputs
