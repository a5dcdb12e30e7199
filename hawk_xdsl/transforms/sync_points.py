"""The synchronisation that the sync pass decides on: flags and fences at places of a program."""

from collections.abc import Iterable
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.transforms.control_flow import Body, ControlFlow


@dataclass(frozen=True)
class Flag:
    """A flag from one pipe to another, set and waited for once in every run of a body.

    Not carried: set at ``set_at`` and waited for at ``wait_at``, which is not before it.

    Carried by loops: waited for at ``wait_at`` and set at ``set_at`` after it, for the next run of
    the body. It is set once before the outermost loop around and waited for once after it, so that
    no run is needed; between the runs of an inner loop or of a branch it simply stays set.
    """

    source: Pipe
    target: Pipe
    body: Body
    set_at: int
    wait_at: int
    carried: bool

    def surroundings(self) -> tuple[Body, int]:
        """Body and place of the outermost loop around a carried flag."""
        path = self.body.path()
        outermost = max(i for i, (body, _) in enumerate(path) if body.is_loop())
        body, place = path[outermost + 1]
        assert place is not None
        return body, place


@dataclass(frozen=True)
class Fence:
    """A barrier of one pipe, or of all, at a place."""

    pipe: Pipe
    body: Body
    place: int


Sync = Flag | Fence


@dataclass(frozen=True)
class SetAction:
    """The flag is raised by its source pipe."""

    flag: Flag


@dataclass(frozen=True)
class WaitAction:
    """The target pipe waits for the flag."""

    flag: Flag


Action = SetAction | WaitAction | Fence

# What happens at one place, in order: first what belongs after the node before the place.
_SET, _DRAIN, _PRIME, _WAIT, _FENCE = range(5)
PHASES = 5

Actions = dict[tuple[Body, int], list[tuple[int, Action]]]


def actions_of(syncs: Iterable[Sync]) -> Actions:
    """What happens at each place, in order, with its phase (below ``PHASES``)."""
    actions: Actions = {}

    def add(body: Body, place: int, phase: int, action: Action) -> None:
        actions.setdefault((body, place), []).append((phase, action))

    for sync in syncs:
        if isinstance(sync, Fence):
            add(sync.body, sync.place, _FENCE, sync)
            continue
        add(sync.body, sync.set_at, _SET, SetAction(sync))
        add(sync.body, sync.wait_at, _WAIT, WaitAction(sync))
        if sync.carried:
            body, place = sync.surroundings()
            add(body, place, _PRIME, SetAction(sync))
            add(body, place + 1, _DRAIN, WaitAction(sync))
    for listed in actions.values():
        listed.sort(key=lambda entry: entry[0])
    return actions


def after_node(phase: int) -> bool:
    """Whether a phase belongs to the node before the place rather than to the one after."""
    return phase <= _DRAIN


def interval(flag: Flag, program: ControlFlow) -> tuple[int, int]:
    """Where in program order the flag may be set, as two ranks of places and phases."""
    if flag.carried:
        body, place = flag.surroundings()
        begin, end = (body, place, _PRIME), (body, place + 1, _DRAIN)
    else:
        begin, end = (flag.body, flag.set_at, _SET), (flag.body, flag.wait_at, _WAIT)
    return _rank(program, *begin), _rank(program, *end)


def _rank(program: ControlFlow, body: Body, place: int, phase: int) -> int:
    return program.order[(body, place)] * PHASES + phase
