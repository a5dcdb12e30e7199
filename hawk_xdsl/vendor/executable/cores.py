"""The cores of a launch as coroutines: one runs until it has to wait for a flag of another.

A core has a counter for each flag. A flag within a block counts up on the cores of the other kind
when all of its kind in the block have set it; a flag across blocks counts up on all cores of its
kind when all of them have set it. Which core goes on is the caller's choice, so that what a flag
does not order happens in the wrong order in one of the choices:

    the cube core stores a tile, sets flag 0 | a vector core, without its wait, loads it
    cube core first: right values              vector core first: what was there before
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.errors import HawkError


@dataclass(eq=False)
class CoreMember:
    """A core of a launch.

    Attributes:
        core: its kind.
        block: the block that it works on.
        number: which of its kind in the block.
    """

    core: Core
    block: int
    number: int
    counters: Counter[int] = field(default_factory=Counter[int])
    sets: Counter[tuple[int, bool]] = field(default_factory=Counter[tuple[int, bool]])
    waits: int | None = None
    done: bool = False
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def can_run(self) -> bool:
        """Whether it is neither done nor waiting."""
        return not self.done and (self.waits is None or self.counters[self.waits] > 0)


class RunningCores:
    """All cores of a launch, of which one runs at a time.

    Args:
        members: the cores; of those that can go on the first does.
        work: what a core does, as one call that calls ``set_flag`` and ``wait_flag``.
    """

    def __init__(self, members: Sequence[CoreMember], work: Callable[[CoreMember], None]) -> None:
        self._members = members
        self._work = work
        self._running = members[0]
        self._returned = threading.Semaphore(0)
        self._errors: list[BaseException] = []

    def run(self) -> None:
        """Runs all to their ends.

        Raises:
            HawkError: each waits for another, or a flag is left.
        """
        for member in self._members:
            threading.Thread(target=self._thread, args=[member], daemon=True).start()
        while pending := [member for member in self._members if not member.done]:
            self._running = next((each for each in pending if each.can_run), pending[0])
            if not self._running.can_run:
                flag, core = self._running.waits, self._running.core
                raise HawkError(f"a {core} core waits for flag {flag} that nobody will set")
            self._running.turn.release()
            self._returned.acquire()
            if self._errors:
                raise self._errors[0]
        for member in self._members:
            for flag, count in member.counters.items():
                if count:
                    raise HawkError(f"flag {flag} is set for a {member.core} core that took it not")

    def set_flag(self, flag: int, across: int) -> None:
        """The core that runs sets a flag, within its block or across all."""
        own = self._running
        here = [m for m in self._members if across or m.block == own.block]
        setters = [member for member in here if member.core == own.core]
        takers = setters if across else [member for member in here if member.core != own.core]
        key = flag, bool(across)
        before = min(member.sets[key] for member in setters)
        own.sets[key] += 1
        if min(member.sets[key] for member in setters) > before:
            for member in takers:
                member.counters[flag] += 1

    def wait_flag(self, flag: int) -> None:
        """The core that runs takes a flag, when it is there."""
        own = self._running
        while not own.counters[flag]:
            own.waits = flag
            self._returned.release()
            own.turn.acquire()
        own.waits = None
        own.counters[flag] -= 1

    def _thread(self, member: CoreMember) -> None:
        member.turn.acquire()
        try:
            self._work(member)
        except BaseException as error:
            self._errors.append(error)
        member.done = True
        self._returned.release()
