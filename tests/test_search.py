"""Search over schedules: timing agrees with running, and a kernel's report says what is next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, prod

import pytest
from test_multi_buffer import MATMUL, ROWS, STREAMED, TARGET, built, run

from hawk_xdsl.dialects.kernel_text.syntax import KernelText, Temp
from hawk_xdsl.dialects.npu import Core, Pipe, ScheduleAttr
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Performance, time_kernel
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.neighbours import refinements
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.schedule.search import (
    TIMINGS,
    Choice,
    ScheduleSearch,
)
from hawk_xdsl.transforms.pipeline import finish_kernel


@pytest.mark.parametrize(
    ("text", "rows", "blocks"),
    [(ROWS.format(rows=7), 7, 2), (STREAMED.format(rows=5, step=24), 5, 1), (MATMUL, 128, 4)],
    ids=["rows", "streamed", "matmul"],
)
def test_the_time_without_values_is_the_time(text: str, rows: int, blocks: int) -> None:
    kernel = built(text, rows, blocks)
    finish_kernel(kernel, TARGET)
    timed, whole = time_kernel(kernel, TARGET), run(kernel)
    assert timed is not None and timed.cycles == whole.cycles
    assert timed.busy[whole.bottleneck] == whole.busy[whole.bottleneck]
    assert time_kernel(kernel, TARGET, limit=0.5 * whole.cycles) is None


def performance(cycles: float, busy: float) -> Performance:
    return Performance(
        cycles=cycles,
        busy={pipe: busy * cycles * (pipe == Pipe.MTE2) for pipe in TARGET.all_pipes},
        stalls={},
        bytes_moved={},
        warnings=(),
    )


EXTENTS = {"i0": 96, "i1": 1024}


def tiles(sizes: Mapping[str, int]) -> Schedule:
    return Schedule.of("whole-tiles", sizes)


def near(sizes: Mapping[str, int], busy: float, cores: int = 48) -> list[Mapping[str, int]]:
    found = refinements(tiles(sizes), EXTENTS, cores, TARGET.granules, performance(100, busy))
    return [schedule.sizes for schedule in found]


def first(sizes: Mapping[str, int], busy: float) -> Mapping[str, int]:
    return near(sizes, busy)[0]


def test_idle_cores_get_tiles() -> None:
    assert first({"i0": 16}, 0.9) == {"i0": 2}


def test_pipes_that_wait_get_smaller_tiles_and_one_that_works_larger_ones() -> None:
    assert first({"i0": 1, "i1": 512}, 0.5) == {"i0": 1, "i1": 256}
    assert first({"i0": 1, "i1": 256}, 0.95) == {"i0": 1, "i1": 512}


def test_an_axis_that_was_whole_is_split_too() -> None:
    found = near({"i1": 64}, 0.5, cores=4)
    assert [each for each in found if "i0" in each][:1] == [{"i0": 48, "i1": 64}]
    assert [*found[1]] == ["i0", "i1"], "in the order of the axes"


def test_what_does_not_fit_becomes_smaller() -> None:
    found = refinements(tiles({"i0": 8, "i1": 512}), EXTENTS, 48, TARGET.granules, None)
    assert found == [tiles({"i0": 4, "i1": 512}), tiles({"i0": 8, "i1": 256})]


def test_sizes_are_within_their_axes_in_whole_granules_and_never_twice() -> None:
    for sizes in ({"i0": 7, "i1": 1000}, {"i0": 1, "i1": 1024}, {"i0": 96}):
        for busy in (0.2, 0.99):
            found = near(sizes, busy)
            assert len({tuple(each.items()) for each in found}) == len(found) > 0
            assert all(1 <= each[axis] <= EXTENTS[axis] for each in found for axis in each)
            assert all(each.get("i1", 8) % 8 == 0 or each["i1"] == sizes["i1"] for each in found)
            assert sizes not in found


def test_neighbours_keep_everything_but_the_tile_sizes() -> None:
    schedule = Schedule.of("streamed-tiles", {"i0": 8, "i1": 512}, stream={"i1"}, pack=("lhs",))
    found = refinements(schedule, EXTENTS, 48, TARGET.granules, performance(100, 0.5))
    assert {(each.strategy, each.stream, each.pack) for each in found} == {
        ("streamed-tiles", frozenset({"i1"}), ("lhs",))
    }


class Machine:
    """A machine on which a tile of 4 by 256 is the fastest; templates may be slower by a factor."""

    def __init__(self, refuses: int = 0) -> None:
        self.asked: list[str] = []
        self.refuses = refuses

    def time(
        self, text: str, limit: float, schedule: ScheduleAttr | None = None
    ) -> Performance | None:
        text = text.split()[1]
        self.asked.append(text)
        factor, rows, columns = (int(word) for word in text.split("x"))
        if rows * columns == self.refuses:
            raise HawkError("no kernel")
        cycles = 100 * factor * max(rows / 4, 4 / rows) * max(columns / 256, 256 / columns)
        return None if cycles > limit else performance(cycles, 0.5 if columns > 256 else 0.9)


def kernel(name: str) -> KernelText:
    """A kernel whose text has a name as its second word: all that the machines look at."""
    return KernelText((Temp(name, "f32", (1,)),), ())


def names(candidates: Sequence[Candidate]) -> list[str]:
    return [each.text.split()[1] for each in candidates]


@dataclass(frozen=True)
class Space:
    """Tiles of at most 8192 elements, whose texts are their sizes; or candidates as listed."""

    factor: int = 1
    listed: Sequence[Candidate] = ()
    refines: bool = True

    def schedules(self) -> Iterator[Schedule]:
        yield from (each.schedule for each in self.listed)

    def candidate(self, schedule: Schedule) -> Candidate | None:
        if prod(schedule.sizes.values()) > 8192:
            return None
        text = "x".join(str(number) for number in (self.factor, *schedule.sizes.values()))
        return Candidate(kernel(text), schedule, 1.0, ("t",))

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        if self.refines:
            cores = TARGET.cores[Core.VECTOR]
            yield from refinements(schedule, EXTENTS, cores, TARGET.granules, performance)


def choice(*sizes: tuple[int, int], factor: int = 1, refines: bool = True) -> Choice:
    space = Space(factor, refines=refines)
    found = [space.candidate(tiles({"i0": rows, "i1": columns})) for rows, columns in sizes]
    return Choice(space, [each for each in found if each is not None])


def test_the_search_comes_near_the_fastest_and_times_nothing_twice() -> None:
    machine = Machine()
    search = ScheduleSearch(machine.time)
    starts = choice((1, 1024), (1, 512), (8, 1024))
    [ranked] = search.ranked([starts])
    assert ranked[0].schedule.sizes == {"i0": 4, "i1": 256}
    assert [each.estimate for each in ranked] == sorted(each.estimate for each in ranked)
    assert {each.text for each in starts.candidates} <= {each.text for each in ranked}
    assert len(set(machine.asked)) == len(machine.asked) == search.timings <= TIMINGS


def test_of_a_template_that_is_far_slower_one_kernel_is_timed() -> None:
    machine = Machine()
    slow, fast = choice((4, 512), (4, 1024), factor=9), choice((4, 512), (4, 1024))
    ranked = ScheduleSearch(machine.time).ranked([slow, fast])
    assert names(ranked[1])[0] == "1x4x256"
    assert [text for text in machine.asked if text.startswith("9x")] == ["9x4x512"]


def test_of_a_template_that_promises_far_less_nothing_is_timed() -> None:
    machine = Machine()
    far = replace(choice((4, 256), factor=2).candidates[0], estimate=1000.0)
    both = [Choice(Space(), [far]), choice((4, 256))]
    ranked = ScheduleSearch(machine.time).ranked(both)
    assert names([far])[0] not in machine.asked and ranked[0][0].estimate > ranked[1][0].estimate


class Listed:
    """A machine on which each text takes what a list says; texts that it lacks are no kernels."""

    def __init__(self, **cycles: float) -> None:
        self.cycles = cycles
        self.asked: list[str] = []

    def time(
        self, text: str, limit: float, schedule: ScheduleAttr | None = None
    ) -> Performance | None:
        text = text.split()[1]
        self.asked.append(text)
        if text not in self.cycles:
            raise HawkError("no kernel")
        return performance(self.cycles[text], 0.9) if self.cycles[text] <= limit else None


def listed(**estimates: float) -> Choice:
    found = [
        Candidate(kernel(text), tiles({}), estimate, ("t",)) for text, estimate in estimates.items()
    ]
    return Choice(Space(listed=found, refines=False), found)


def test_estimates_of_a_template_are_corrected_by_the_time_of_its_first_kernel() -> None:
    machine = Listed(a=200, b=190, c=100, d=80)
    search = ScheduleSearch(machine.time, patience=1)
    search.ranked([listed(a=100, b=101), listed(c=110, d=111)])
    assert machine.asked == ["a", "c", "d"]


def test_a_template_without_an_estimate_does_not_keep_the_others_from_being_timed() -> None:
    machine = Listed(k0=1000, k1=1100, k2=1100, k3=1100, t0=100, t1=80, t2=60)
    search = ScheduleSearch(machine.time, patience=3)
    ranked = search.ranked([listed(k0=0, k1=0, k2=0, k3=0), listed(t0=100, t1=101, t2=102)])
    assert machine.asked == ["k0", "t0", "t1", "t2"] and names(ranked[1])[0] == "t2"


def test_a_first_kernel_that_fails_does_not_end_the_search_of_other_templates() -> None:
    machine = Listed(z=100, b=60)
    search = ScheduleSearch(machine.time)
    search.ranked([listed(z=50), listed(a=100, a1=1000), listed(b=200)])
    assert machine.asked == ["z", "a", "b"]


def test_a_text_of_two_templates_is_timed_once() -> None:
    machine = Listed(same=100, other=90)
    search = ScheduleSearch(machine.time)
    search.ranked([listed(same=100), listed(same=100, other=101)])
    assert machine.asked == ["same", "other"]


def test_a_second_call_starts_anew() -> None:
    machine = Listed(a=10, b=100, c=50)
    search = ScheduleSearch(machine.time, enough=20)
    search.ranked([listed(a=10)])
    [ranked] = search.ranked([listed(b=100, c=101)])
    assert machine.asked == ["a", "b", "c"] and names(ranked)[0] == "c"


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_the_search_ends_when_nothing_is_gained(patience: int) -> None:
    machine = Machine()
    starts = choice((4, 256), *((4, columns) for columns in (264, 272, 280, 288)))
    search = ScheduleSearch(machine.time, patience=patience)
    [ranked] = search.ranked([starts])
    assert ranked[0].schedule.sizes == {"i0": 4, "i1": 256}
    assert len(machine.asked) == 1 + 2 * patience


def test_the_search_ends_when_it_is_fast_enough() -> None:
    machine = Machine()
    both = [choice((4, 256), (4, 512)), choice((4, 256), factor=2)]
    ScheduleSearch(machine.time, enough=100).ranked(both)
    assert machine.asked == ["1x4x256"]


def test_what_cannot_be_timed_comes_last_and_the_next_of_its_template_is_timed() -> None:
    machine = Machine(refuses=1024)
    starts = choice((1, 1024), (8, 1024), refines=False)
    [ranked] = ScheduleSearch(machine.time).ranked([starts])
    assert names(ranked) == ["1x8x1024", "1x1x1024"]
    assert ranked[-1].estimate == inf
