"""The instructions that order pipes: flags and barriers on a core."""

from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import BarrierOp, Pipe, SetFlagOp, WaitFlagOp
from hawk_xdsl.npu_target.pipes import CorePipes, FlagKey, RaisedFlag
from hawk_xdsl.npu_target.traps import Fault, TrapCode


def _key(op: SetFlagOp | WaitFlagOp, core: CorePipes) -> FlagKey:
    return core.numbers[op.source.data], core.numbers[op.target.data], op.event.value.data


def _name(key: FlagKey, core: CorePipes) -> str:
    return f"flag {core.pipes[key[0]]} to {core.pipes[key[1]]} event {key[2]}"


class SetFlag:
    """Raises a flag when all earlier instructions of its pipe have finished."""

    def __init__(self, op: SetFlagOp, core: CorePipes) -> None:
        self.op: Operation = op
        self.key = _key(op, core)
        self.pipe = self.key[0]
        self.core = core

    def ready(self) -> bool:
        """Always: it only has to be its turn."""
        return True

    def run(self, issued: float) -> None:
        """Set the flag. Raises ``Fault`` if it is set, or may still be in some schedule."""
        core, key, pipe = self.core, self.key, self.pipe
        if key in core.flags:
            raise Fault(TrapCode.EVENT_MISUSE, f"sets {_name(key, core)}, which is already set")
        if core.waits.get(key, 0) > core.knows[pipe][core.base + key[1]]:
            raise Fault(
                TrapCode.EVENT_MISUSE,
                f"sets {_name(key, core)} again, but nothing makes {core.pipes[pipe]} wait until "
                f"{core.pipes[key[1]]} has taken the last one; use another event id, or order them",
                event=key[2],
            )
        time = max(core.done[pipe], core.free[pipe], issued)
        knows = list(core.knows[pipe])
        knows[core.base + pipe] = core.sequence[pipe]
        core.flags[key] = RaisedFlag(time + core.sync.flag, tuple(knows))
        core.drain(key[1])


class WaitFlag:
    """Holds its pipe until the flag is raised, and lowers it."""

    def __init__(self, op: WaitFlagOp, core: CorePipes) -> None:
        self.op: Operation = op
        self.key = _key(op, core)
        self.pipe = self.key[1]
        self.core = core

    def __str__(self) -> str:
        return _name(self.key, self.core)

    def ready(self) -> bool:
        """Whether the flag is raised. The scalar unit cannot pass an unset one."""
        if self.key in self.core.flags:
            return True
        if self.pipe == self.core.scalar:
            if self.core.wait_for_others(lambda: self.key in self.core.flags):
                return True
            others = self.core.blocked()
            raise Fault(
                TrapCode.DEADLOCK,
                f"the scalar unit waits for {self}, which nothing will set"
                + (f"; {others}" if others else ""),
            )
        return False

    def run(self, issued: float) -> None:
        """Take the flag, and with it what its setter knew."""
        core, pipe = self.core, self.pipe
        flag = core.flags.pop(self.key)
        core.sequence[pipe] += 1
        core.waits[self.key] = core.sequence[pipe]
        core.merge(pipe, flag.knows)
        core.take_flag(self.key, flag, issued)
        if pipe == core.scalar:
            core.now = core.free[pipe]
            knows = list(core.knows[pipe])
            knows[core.base + pipe] = core.sequence[pipe]
            for other in range(len(core.pipes)):
                if other != pipe:
                    core.learn(other, knows, self.op)


class Barrier:
    """Later instructions of a pipe start after all earlier ones have finished."""

    def __init__(self, op: BarrierOp, core: CorePipes) -> None:
        self.op: Operation = op
        self.pipe = core.numbers[op.pipe.data]
        self.core = core

    def ready(self) -> bool:
        """Always: it only has to be its turn."""
        return True

    def run(self, issued: float) -> None:
        """Wait for the pipe's own instructions."""
        core, pipe = self.core, self.pipe
        core.knows[pipe][core.base + pipe] = core.sequence[pipe]
        core.free[pipe] = max(core.free[pipe], core.done[pipe], issued) + core.sync.barrier


class BarrierAll:
    """Everything later, on any pipe, starts after everything earlier has finished."""

    def __init__(self, op: BarrierOp, core: CorePipes) -> None:
        assert op.pipe.data == Pipe.ALL
        self.op: Operation = op
        self.pipe = core.scalar
        self.core = core

    def ready(self) -> bool:
        """Whether no pipe is held by a flag: nothing can be issued to raise one."""
        if not self.core.wait_for_others(lambda: not any(self.core.queues)):
            raise Fault(TrapCode.DEADLOCK, f"the barrier waits for all, {self.core.blocked()}")
        return True

    def run(self, issued: float) -> None:
        """Wait for all pipes, and let all know of all."""
        core = self.core
        time = max(issued, *core.done, *core.free) + core.sync.barrier
        core.now = time
        known = [max(all_) for all_ in zip(*core.knows, strict=True)]
        known[core.base : core.base + len(core.pipes)] = core.sequence
        for pipe in range(len(core.pipes)):
            core.knows[pipe] = list(known)
            core.free[pipe] = time
