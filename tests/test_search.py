"""Tile search: timing agrees with running, and the report of a kernel says which tiles are next."""

from collections.abc import Mapping
from math import inf, prod

import pytest
from test_multi_buffer import MATMUL, ROWS, STREAMED, TARGET, built, run

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.candidate import Candidate
from hawk_xdsl.generation.composing.search import TIMINGS, TileSearch, refinements
from hawk_xdsl.npu_target import Performance, time_kernel
from hawk_xdsl.passes.finishing import finish_kernel


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
        busy={pipe: busy * cycles * (pipe is Pipe.MTE2) for pipe in Pipe},
        stalls={},
        bytes_moved={},
        warnings=(),
    )


EXTENTS = {"i0": 96, "i1": 1024}


def first(sizes: Mapping[str, int], busy: float) -> Mapping[str, int]:
    return refinements(sizes, EXTENTS, 48, performance(100, busy))[0]


def test_idle_cores_get_tiles() -> None:
    assert first({"i0": 16}, 0.9) == {"i0": 2}


def test_pipes_that_wait_get_smaller_tiles_and_one_that_works_larger_ones() -> None:
    assert first({"i0": 1, "i1": 512}, 0.5) == {"i0": 1, "i1": 256}
    assert first({"i0": 1, "i1": 256}, 0.95) == {"i0": 1, "i1": 512}


def test_an_axis_that_was_whole_is_split_too() -> None:
    found = refinements({"i1": 64}, EXTENTS, 4, performance(100, 0.5))
    assert [each for each in found if "i0" in each][:1] == [{"i0": 48, "i1": 64}]
    assert [*found[1]] == ["i0", "i1"], "in the order of the axes"


def test_what_does_not_fit_becomes_smaller() -> None:
    found = refinements({"i0": 8, "i1": 512}, EXTENTS, 48, None)
    assert found == [{"i0": 4, "i1": 512}, {"i0": 8, "i1": 256}]


def test_sizes_are_within_their_axes_in_whole_granules_and_never_twice() -> None:
    for sizes in ({"i0": 7, "i1": 1000}, {"i0": 1, "i1": 1024}, {"i0": 96}):
        for busy in (0.2, 0.99):
            found = refinements(sizes, EXTENTS, 48, performance(100, busy))
            assert len({tuple(each.items()) for each in found}) == len(found) > 0
            assert all(1 <= each[axis] <= EXTENTS[axis] for each in found for axis in each)
            assert all(each.get("i1", 8) % 8 == 0 or each["i1"] == sizes["i1"] for each in found)
            assert sizes not in found


def test_what_is_no_axis_stays() -> None:
    assert refinements({"layout": 2, "m": 64}, EXTENTS, 48, performance(100, 0.5)) == []
    for each in refinements({"i0": 8, "layout": 2}, EXTENTS, 48, performance(100, 0.5)):
        assert each["layout"] == 2


class Machine:
    """A machine on which a tile of 4 by 256 is the fastest."""

    def __init__(self, refuses: int = 0) -> None:
        self.asked: list[str] = []
        self.refuses = refuses

    def time(self, text: str, limit: float) -> Performance | None:
        self.asked.append(text)
        rows, columns = (int(word) for word in text.split("x"))
        if rows * columns == self.refuses:
            raise HawkError("no kernel")
        cycles = 100 * max(rows / 4, 4 / rows) * max(columns / 256, 256 / columns)
        return None if cycles > limit else performance(cycles, 0.9 if columns >= 256 else 0.5)


def candidate(sizes: Mapping[str, int]) -> Candidate | None:
    if prod(sizes.values()) > 8192:
        return None
    return Candidate("x".join(str(size) for size in sizes.values()), sizes, 1.0, ("t",))


def starts(*sizes: tuple[int, int]) -> list[Candidate]:
    found = [candidate({"i0": rows, "i1": columns}) for rows, columns in sizes]
    return [each for each in found if each is not None]


def test_the_search_comes_near_the_fastest_and_times_nothing_twice() -> None:
    machine = Machine()
    search = TileSearch(machine.time, EXTENTS, TARGET)
    ranked = search.ranked(starts((1, 1024), (1, 512), (8, 1024)), candidate)
    assert ranked[0].sizes["i1"] == 256 and ranked[0].estimate <= 150
    assert [each.estimate for each in ranked] == sorted(each.estimate for each in ranked)
    assert {each.text for each in starts((1, 1024), (1, 512), (8, 1024))} <= {
        each.text for each in ranked
    }
    assert len(set(machine.asked)) == len(machine.asked) == search.timings <= TIMINGS + 3


def test_what_cannot_be_timed_comes_last() -> None:
    machine = Machine(refuses=1024)
    ranked = TileSearch(machine.time, EXTENTS, TARGET).ranked(
        starts((1, 1024), (8, 1024)), lambda sizes: None
    )
    assert [each.text for each in ranked] == ["8x1024", "1x1024"]
    assert ranked[-1].estimate == inf
