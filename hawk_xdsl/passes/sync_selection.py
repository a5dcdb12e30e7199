"""Chooses the flags and fences of a program: as few as its dependences need, with event ids."""

from collections.abc import Iterator, Mapping, Sequence

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.passes.ordering import Dependences, DoubleSet, Ordering, Unordered, Violation
from hawk_xdsl.passes.program import Body, Instruction, Program, bodies, common_body
from hawk_xdsl.passes.synchronization import Fence, Flag, Sync, interval

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
    syncs: list[Sync] = []
    while True:
        syncs = _without_implied(dependences, _complete(dependences, syncs))
        outcome = _event_ids(dependences, syncs, events)
        if not isinstance(outcome, Flag):
            return syncs, outcome
        syncs = _relieved(syncs, outcome)


def _loops(program: Program) -> list[Body]:
    return [body for body in bodies(program.body) if body.is_loop()]


def _complete(dependences: Dependences, syncs: Sequence[Sync]) -> list[Sync]:
    completed, repeating = list(syncs), list[Body]()
    for loop in (None, *_loops(dependences.program)):
        if loop is not None:
            repeating.append(loop)
        while (found := Ordering(dependences, completed, repeating).violation()) is not None:
            completed.append(_remedy(found, completed))
    return completed


def _remedy(found: Violation, syncs: Sequence[Sync]) -> Sync:
    if isinstance(found, DoubleSet):
        return Fence(Pipe.ALL, found.flag.body, found.flag.wait_at)
    instruction = found.instruction
    strongest = Fence(Pipe.ALL, instruction.body, instruction.place)
    return next((sync for sync in _remedies(found) if sync not in syncs), strongest)


def _remedies(found: Unordered) -> Iterator[Sync]:
    """What could order an instruction, what orders most first.

    The latest earlier instruction comes first: its flag also covers those before it on its pipe.
    A flag comes before a fence: through it the instruction may come to know its own pipe's past.
    """
    second = found.instruction
    latest_first = sorted(found.earlier, key=lambda i: (i.pipe is second.pipe, -i.number))
    for first in latest_first:
        body = common_body(first, second)
        begin, end = first.place_in(body), second.place_in(body)
        assert begin is not None and end is not None
        if begin < end:
            yield _between(first, second, body, carried=False)
    for first in latest_first:
        for loop in common_body(first, second).loops():
            yield _between(first, second, loop, carried=True)


def _between(first: Instruction, second: Instruction, body: Body, *, carried: bool) -> Sync:
    begin, end = first.place_in(body), second.place_in(body)
    assert begin is not None and end is not None
    if first.pipe is second.pipe:
        return Fence(second.pipe, body, end)
    return Flag(first.pipe, second.pipe, body, begin + 1, end, carried)


def _without_implied(dependences: Dependences, syncs: Sequence[Sync]) -> list[Sync]:
    loops = _loops(dependences.program)
    kept = list(syncs)
    for sync in syncs:
        fewer = [other for other in kept if other is not sync]
        if Ordering(dependences, fewer, loops).violation() is None:
            kept = fewer
    return kept


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
    """The syncs without a flag, but at least as strict."""
    for other in syncs:
        if isinstance(other, Flag) and (merged := _merged(flag, other)) is not None:
            return [sync for sync in syncs if sync not in (flag, other)] + [merged]
    fence = Fence(Pipe.ALL, flag.body, flag.wait_at)
    return [fence if sync is flag else sync for sync in syncs]


def _merged(flag: Flag, other: Flag) -> Flag | None:
    same = _same_pipes(flag, other) and flag.body is other.body and flag.carried == other.carried
    set_at, wait_at = max(flag.set_at, other.set_at), min(flag.wait_at, other.wait_at)
    if flag is other or not same or (set_at > wait_at and not flag.carried):
        return None
    return Flag(flag.source, flag.target, flag.body, set_at, wait_at, flag.carried)
