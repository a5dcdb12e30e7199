"""Chooses the flags and fences of a program: as few as its dependences need, with event ids."""

from collections.abc import Iterator, Mapping, Sequence

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.transforms.control_flow import (
    Body,
    ControlFlow,
    InstructionNode,
    bodies,
    common_body,
)
from hawk_xdsl.transforms.sync_analysis import (
    Dependences,
    DoubleSet,
    Ordering,
    Unordered,
    Violation,
)
from hawk_xdsl.transforms.sync_points import Fence, Flag, Sync, interval

EventIds = Mapping[Flag, int]


def select_syncs(dependences: Dependences, events: int) -> tuple[list[Sync], EventIds]:
    """Flags and fences after which nothing is unordered, and the event id of each flag.

    Violations are removed one by one: first those within an iteration, then those that loops
    carry, inner loops first. Then whatever turned out to be implied is dropped. Flags that are
    left without an id are merged with another of the same pipes, or become a fence of all pipes.

    Args:
        dependences: what must be ordered.
        events: ids of an ordered pair of pipes.
    """
    syncs = _without_implied(dependences, _complete(dependences))
    while True:
        outcome, relieved = _event_ids(dependences, syncs, events), False
        while isinstance(outcome, Flag):
            syncs, relieved = _relieved(syncs, outcome), True
            outcome = _event_ids(dependences, syncs, events)
        fewer = _without_implied(dependences, syncs) if relieved else syncs
        if len(fewer) == len(syncs):
            return syncs, outcome
        syncs = fewer


def _loops(program: ControlFlow) -> list[Body]:
    return [body for body in bodies(program.body) if body.is_loop()]


def _complete(dependences: Dependences) -> list[Sync]:
    completed, repeating = list[Sync](), list[Body]()
    for loop in (None, *_loops(dependences.program)):
        if loop is not None:
            repeating.append(loop)
        while (found := Ordering(dependences, completed, repeating).violation()) is not None:
            completed.append(_remedy(found, completed))
    return completed


def _remedy(found: Violation, syncs: Sequence[Sync]) -> Sync:
    if isinstance(found, DoubleSet):
        remedies = _orders_of_reuse(found.flag)
        strongest = Fence(Pipe.ALL, found.flag.body, found.flag.wait_at)
    else:
        remedies = _orders_of_instructions(found)
        strongest = Fence(Pipe.ALL, found.instruction.body, found.instruction.place)
    return next((sync for sync in remedies if sync not in syncs), strongest)


def _orders_of_instructions(found: Unordered) -> Iterator[Sync]:
    """What could order an instruction, what orders most first.

    The latest earlier instruction comes first: its flag also covers those before it on its pipe.
    A flag comes before a fence: through it the instruction may come to know its own pipe's past.
    """
    second = found.instruction
    latest_first = sorted(found.earlier, key=lambda i: (i.pipe == second.pipe, -i.number))
    for first in latest_first:
        body = common_body(first, second)
        begin, end = first.place_in(body), second.place_in(body)
        assert begin is not None and end is not None
        if begin < end:
            yield _between(first, second, body, carried=False)
    for first in latest_first:
        for body in common_body(first, second).repeated():
            yield _between(first, second, body, carried=True)


def _orders_of_reuse(flag: Flag) -> Iterator[Flag]:
    """What could order the wait for a flag before the next time that it is set.

    The node that waits is ordered before the node that sets: a flag the other way round.
    """
    setting, waiting = flag.set_at - 1, flag.wait_at
    if flag.carried:
        if waiting < setting:
            yield Flag(flag.target, flag.source, flag.body, waiting + 1, setting, False)
        return
    for body in flag.body.repeated():
        if body is not flag.body:
            setting = waiting = next(p for b, p in flag.body.path() if b is body and p is not None)
        yield Flag(flag.target, flag.source, body, waiting + 1, setting, True)


def _between(first: InstructionNode, second: InstructionNode, body: Body, *, carried: bool) -> Sync:
    begin, end = first.place_in(body), second.place_in(body)
    assert begin is not None and end is not None
    if first.pipe == second.pipe:
        return Fence(second.pipe, body, end)
    return Flag(first.pipe, second.pipe, body, begin + 1, end, carried)


def _without_implied(dependences: Dependences, syncs: Sequence[Sync]) -> list[Sync]:
    ordering, dropped = Ordering(dependences, syncs, _loops(dependences.program)), 0
    for number in range(len(syncs)):
        if ordering.violation(dropped | 1 << number) is None:
            dropped |= 1 << number
    return [sync for number, sync in enumerate(syncs) if not dropped >> number & 1]


def _event_ids(dependences: Dependences, syncs: Sequence[Sync], events: int) -> EventIds | Flag:
    """The lowest possible id for each flag, or a flag for which there is none.

    Flags share an id if they are never set together and each wait is known to have happened
    before the other flag is set.
    """
    program = dependences.program
    ordering = Ordering(dependences, syncs, _loops(program))
    assert ordering.violation() is None

    def can_share(flag: Flag, other: Flag) -> bool:
        (begin, end), (other_begin, other_end) = interval(flag, program), interval(other, program)
        apart = end < other_begin or other_end < begin
        return apart and not ordering.pending(flag, other) and not ordering.pending(other, flag)

    ids: dict[Flag, int] = {}
    flags = [sync for sync in syncs if isinstance(sync, Flag)]
    for flag in sorted(flags, key=lambda flag: interval(flag, program)):
        rivals = [other for other in ids if _same_pipes(flag, other) and not can_share(flag, other)]
        taken = {ids[other] for other in rivals}
        free = [event for event in range(events) if event not in taken]
        if not free:
            return flag
        ids[flag] = free[0]
    return ids


def _same_pipes(flag: Flag, other: Flag) -> bool:
    return (flag.source, flag.target) == (other.source, other.target)


def _relieved(syncs: Sequence[Sync], flag: Flag) -> list[Sync]:
    """The syncs without a flag, but at least as strict: merged with its nearest, or fenced."""
    others = [sync for sync in syncs if isinstance(sync, Flag)]
    others.sort(key=lambda other: abs(other.set_at - flag.set_at))
    for other in others:
        if (merged := _merged(flag, other)) is not None:
            kept = [sync for sync in syncs if sync not in (flag, other, merged)]
            return [*kept, merged]
    fence = Fence(Pipe.ALL, flag.body, flag.wait_at)
    return list(dict.fromkeys(fence if sync == flag else sync for sync in syncs))


def _merged(flag: Flag, other: Flag) -> Flag | None:
    same = _same_pipes(flag, other) and flag.body is other.body and flag.carried == other.carried
    set_at, wait_at = max(flag.set_at, other.set_at), min(flag.wait_at, other.wait_at)
    if flag is other or not same or (set_at > wait_at and not flag.carried):
        return None
    return Flag(flag.source, flag.target, flag.body, set_at, wait_at, flag.carried)
