"""A schedule is a value: it prints, parses, compares, and is an attribute of the npu dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawk_xdsl.errors import HawkError
from hawk_xdsl.schedule.schedule import Schedule

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,4}", fullmatch=True)


@st.composite
def plain(draw: st.DrawFn, stages: tuple[Schedule, ...] = ()) -> Schedule:
    sizes = draw(st.dictionaries(NAMES, st.integers(1, 10**6), max_size=4))
    return Schedule(
        draw(st.from_regex(r"[a-z]+(-[a-z]+)*", fullmatch=True)),
        tuple(sizes.items()),
        draw(st.frozensets(st.sampled_from(sorted(sizes)))) if sizes else frozenset(),
        draw(st.none() | NAMES),
        draw(st.integers(1, 99)),
        tuple(draw(st.lists(NAMES, unique=True, max_size=3))),
        tuple(draw(st.lists(st.sampled_from(["relu", "cast"]), unique=True))),
        draw(st.none() | st.integers(1, 4)),
        stages,
    )


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    return draw(plain(tuple(draw(st.lists(plain(), max_size=3)))))


@given(schedules())
def test_what_is_printed_parses_back(schedule: Schedule) -> None:
    assert Schedule.parse(str(schedule)) == schedule
    assert Schedule.from_attribute(schedule.attribute) == schedule


def test_the_text_is_what_a_compiler_engineer_would_write() -> None:
    schedule = Schedule.of("streamed-tiles", {"i0": 1, "i1": 4096}, stream={"i1"})
    assert str(schedule) == '"streamed-tiles" tile(i0 = 1, i1 = 4096) stream(i1)'
    assert str(schedule.attribute) == f"#npu.schedule<{schedule}>"


def test_the_order_of_the_loops_is_part_of_a_schedule() -> None:
    outer, inner = ({"i0": 8, "i1": 4}, {"i1": 4, "i0": 8})
    assert Schedule.of("whole-tiles", outer) != Schedule.of("whole-tiles", inner)
    assert len({Schedule.of("whole-tiles", outer), Schedule.of("whole-tiles", dict(outer))}) == 1


def test_other_tile_sizes_leave_the_rest_as_it_was() -> None:
    schedule = Schedule.of("streamed-tiles", {"i0": 1, "i1": 64}, stream={"i1"}, stationary="lhs")
    assert schedule.with_sizes({"i0": 2, "i1": 8}) == Schedule.of(
        "streamed-tiles", {"i0": 2, "i1": 8}, stream={"i1"}, stationary="lhs"
    )
    assert schedule.with_sizes({"i0": 2}).stream == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whole-tiles",
        '"a" tile(i0)',
        '"a" tile(i0 = 0)',
        '"a" nonsense(3)',
        '"a"> loc',
        '"a" stream(i0)',
        '"a" epilogue(tanh)',
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(HawkError, match="not a schedule") as refused:
        Schedule.parse(text)
    assert "\n" not in str(refused.value)
