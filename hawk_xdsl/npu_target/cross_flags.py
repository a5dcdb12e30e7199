"""The flags between the cores that work on one block together: counters on the cores that wait.

A flag that a core sets counts up on all cores of other kinds. These take it when every core of the
other kinds has set it. Example: of a cube core and two vector cores, flag 1 set by both vector
cores lets the cube core pass one wait; set by the cube core it lets each vector core pass one.
"""

from collections import deque
from collections.abc import Sequence

from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import Core, CrossSetOp, CrossWaitOp
from hawk_xdsl.npu_target.cross_spec import CrossSpec
from hawk_xdsl.npu_target.pipes import CorePipes, RaisedFlag
from hawk_xdsl.npu_target.traps import Fault, TrapCode


class Member:
    """A core of a group: its pipes, and what others have set for it and it has not taken yet."""

    def __init__(self, core: Core, pipes: CorePipes) -> None:
        self.core = core
        self.pipes = pipes
        self.others: list[Member] = []
        self.arrived: dict[tuple[int, int], deque[RaisedFlag]] = {}
        self.taken: dict[int, list[tuple[int, int]]] = {}
        self.sets: dict[int, int] = {}
        self.setters: dict[int, int] = {}

    def reset(self) -> None:
        """A block starts: nothing is set."""
        self.arrived.clear()
        self.taken.clear()
        self.sets.clear()
        self.setters.clear()

    def has(self, flag: int) -> bool:
        """Whether all others have set a flag once more than was taken."""
        return all(self.arrived.get((flag, other.pipes.base)) for other in self.others)


class CrossFlags:
    """The flags of one group of cores."""

    def __init__(self, spec: CrossSpec, members: Sequence[Member]) -> None:
        self.spec = spec
        self.members = members
        for member in members:
            member.others = [other for other in members if other.core != member.core]

    def reset(self) -> None:
        """A block starts."""
        for member in self.members:
            member.reset()

    def drain(self, member: Member) -> None:
        """Run what the other cores hold, as far as flags allow."""
        for other in member.others:
            for pipe in range(len(other.pipes.pipes)):
                other.pipes.drain(pipe)

    def check_end(self) -> None:
        """Raise ``Fault`` if a flag was set that nobody waited for."""
        for member in self.members:
            for (flag, _), raised in member.arrived.items():
                if raised:
                    raise Fault(
                        TrapCode.EVENT_MISUSE,
                        f"flag {flag} between cores is still set for a {member.core} core at the "
                        "end of the kernel; every npu.cross_set needs its npu.cross_wait",
                        flag=flag,
                    )


class CrossSet:
    """Counts a flag up when all earlier instructions of its pipe have finished."""

    def __init__(self, op: CrossSetOp, member: Member, flags: CrossFlags, pipe: int) -> None:
        self.op: Operation = op
        self.flag = op.flag.value.data
        self.member = member
        self.flags = flags
        self.pipe = pipe

    def ready(self) -> bool:
        """Always: it only has to be its turn."""
        return True

    def run(self, issued: float) -> None:
        """Set the flag. Raises ``Fault`` if a counter is full, or may be in some schedule."""
        core, pipe, flag = self.member.pipes, self.pipe, self.flag
        if self.member.setters.setdefault(flag, pipe) != pipe:
            raise Fault(
                TrapCode.EVENT_MISUSE,
                f"flag {flag} between cores is set by two pipes, so that nobody knows which has "
                "finished; use another flag",
                flag=flag,
            )
        number = self.member.sets[flag] = self.member.sets.get(flag, 0) + 1
        for other in self.member.others:
            self._check_counter(other, number)
        time = max(core.done[pipe], core.free[pipe], issued) + self.flags.spec.hand_over
        knows = list(core.knows[pipe])
        knows[core.base + pipe] = core.sequence[pipe]
        raised = RaisedFlag(time, tuple(knows))
        for other in self.member.others:
            other.arrived.setdefault((flag, core.base), deque()).append(raised)
        self.flags.drain(self.member)

    def _check_counter(self, other: Member, number: int) -> None:
        """The wait that makes room for this set is known to have happened."""
        last = number - self.flags.spec.counter
        if last < 1:
            return
        taken = other.taken.get(self.flag, [])
        knows = self.member.pipes.knows[self.pipe]
        if len(taken) < last or taken[last - 1][1] > knows[taken[last - 1][0]]:
            raise Fault(
                TrapCode.EVENT_MISUSE,
                f"sets flag {self.flag} {self.flags.spec.counter} times and once more, and nothing "
                f"makes it wait until a {other.core} core has taken one; counters hold "
                f"{self.flags.spec.counter}",
                flag=self.flag,
            )


class CrossWait:
    """Holds its pipe until a flag was counted up, and takes one."""

    def __init__(self, op: CrossWaitOp, member: Member, pipe: int) -> None:
        self.op: Operation = op
        self.flag = op.flag.value.data
        self.member = member
        self.pipe = pipe

    def __str__(self) -> str:
        return f"flag {self.flag} of the other cores"

    def ready(self) -> bool:
        """Whether the flag was counted up."""
        return self.member.has(self.flag)

    def run(self, issued: float) -> None:
        """Take the flag, and with it what its setters knew."""
        core, pipe = self.member.pipes, self.pipe
        core.sequence[pipe] += 1
        taken = self.member.taken.setdefault(self.flag, [])
        taken.append((core.base + pipe, core.sequence[pipe]))
        reached = max(core.free[pipe], issued)
        for other in self.member.others:
            raised = self.member.arrived[self.flag, other.pipes.base].popleft()
            core.merge(pipe, raised.knows)
            core.free[pipe] = max(core.free[pipe], raised.time)
        core.free[pipe] = max(core.free[pipe], reached)
