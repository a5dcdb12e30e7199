"""Flags between the cores of a mixed kernel, without time: counters that programs wait for."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from hawk_xdsl.dialects.npu import Core, KernelOp
from hawk_xdsl.gate.certificate.symbols import UnprovableError
from hawk_xdsl.npu_target.turns import Turns

Environment = dict[Hashable, Any]
"""The values of a program, by SSA value; by ``CORE`` the core that runs it."""

Step = Callable[[Environment], None]

CORE = "core"
"""The key of a core: its kind, and its number among those of its kind that work on a block."""


class CrossCounters:
    """Who has set which flag how often, and who has taken it."""

    def __init__(self, kernel: KernelOp) -> None:
        self._turns = Turns()
        self._cores = [(part.core, place) for part in kernel.parts for place in range(part.cores)]
        self._set: Counter[tuple[int, tuple[Core, int]]] = Counter()
        self._taken: Counter[tuple[int, tuple[Core, int]]] = Counter()

    def run(self, programs: Sequence[Callable[[], None]]) -> None:
        """Run the programs of the cores of one block, nothing being set. Raises as they do."""
        self._set.clear()
        self._taken.clear()
        self._turns.run(programs)

    def set(self, flag: int) -> Step:
        """The step that counts a flag up."""

        def step(env: Environment) -> None:
            self._set[flag, env[CORE]] += 1

        return step

    def wait(self, flag: int) -> Step:
        """The step that takes a flag. Raises ``UnprovableError`` if nothing ever sets it."""

        def step(env: Environment) -> None:
            me = env[CORE]
            number = self._taken[flag, me] = self._taken[flag, me] + 1
            others = [core for core in self._cores if core[0] != me[0]]
            if not self._turns.wait(lambda: all(self._set[flag, c] >= number for c in others)):
                raise UnprovableError(f"flag {flag} between cores is never set")

        return step
