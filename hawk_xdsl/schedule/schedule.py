"""The schedule: which strategy writes a kernel, and everything that was chosen for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from hawk_xdsl.dialects.npu import NPU, ScheduleAttr
from hawk_xdsl.errors import HawkError


@dataclass(frozen=True)
class Schedule:
    """How a kernel runs, as one value: enumerated, timed, kept, generalised and printed.

    The same specification, strategy and schedule give the same kernel text. A softmax over the rows
    of a 1024 × 8192 tensor, one row of which does not fit the unified buffer, may be::

        Schedule.of("streamed-tiles", {"i0": 1, "i1": 4096}, stream={"i1"})

    which prints as ``"streamed-tiles" tile(i0 = 1, i1 = 4096) stream(i1)``: rows are distributed
    over the cores one by one, and each passes through the core in two chunks. In the IR it is
    ``#npu.schedule<…>`` with that text inside.

    Attributes:
        strategy: the name of what makes the loop nest.
        tile: the loops, outermost first, each with its step in elements. An axis without one is
            whole in every tile; 1 is a point, without a dimension in the tile. Of a product on the
            cube several axes may be one side of a matrix: the loop of ``i1_i2`` is over both. The
            loop of ``part`` is over parts of the side that streams past a stationary panel.
        stream: the axes whose loops run inside a tile; those of the others are distributed.
        stationary: the operand, ``lhs`` or ``rhs``, that stays in l1 while tiles of the other pass.
        split_k: into how many parts a sum is divided over the cores; a vector stage adds them.
        pack: what a vector stage reorders before or after the cube: ``lhs``, ``rhs``, ``out``.
        epilogue: what the store of an accumulator does besides: ``relu``, ``cast``. Of a sum in
            parts the vector stage that adds them does both, and the store nothing.
        buffers: how many buffers take turns; ``None``: as many as fit, up to two.
        stages: the schedules of the stages, where a kernel has several that meet in global memory.
    """

    strategy: str
    tile: tuple[tuple[str, int], ...] = ()
    stream: frozenset[str] = frozenset()
    stationary: str | None = None
    split_k: int = 1
    pack: tuple[str, ...] = ()
    epilogue: tuple[str, ...] = ()
    buffers: int | None = None
    stages: tuple["Schedule", ...] = ()

    @classmethod
    def of(
        cls,
        strategy: str,
        sizes: Mapping[str, int],
        *,
        stream: frozenset[str] | set[str] = frozenset(),
        stationary: str | None = None,
        split_k: int = 1,
        pack: tuple[str, ...] = (),
        epilogue: tuple[str, ...] = (),
        stages: tuple["Schedule", ...] = (),
    ) -> Self:
        """A schedule of tile sizes by axis, in their order."""
        return cls(
            strategy,
            tuple(sizes.items()),
            frozenset(stream),
            stationary,
            split_k,
            pack,
            epilogue,
            stages=stages,
        )

    @property
    def sizes(self) -> dict[str, int]:
        """The tile size of each loop in elements, by axis, outermost first."""
        return dict(self.tile)

    def with_sizes(self, sizes: Mapping[str, int]) -> Self:
        """The same schedule at other tile sizes; an axis without one is not streamed any more."""
        return replace(self, tile=tuple(sizes.items()), stream=self.stream.intersection(sizes))

    def walk(self) -> Iterator["Schedule"]:
        """The schedule and those of its stages."""
        yield self
        for stage in self.stages:
            yield from stage.walk()

    @property
    def attribute(self) -> ScheduleAttr:
        """The schedule in the IR. Raises ``VerifyException`` for what is no schedule."""
        return ScheduleAttr.of(
            self.strategy,
            self.sizes,
            stream=[axis for axis, _ in self.tile if axis in self.stream],
            stationary=self.stationary,
            split_k=self.split_k,
            pack=self.pack,
            epilogue=self.epilogue,
            buffers=self.buffers,
            stages=[stage.attribute for stage in self.stages],
        )

    @classmethod
    def from_attribute(cls, attribute: ScheduleAttr) -> Self:
        """Inverse of ``attribute``."""
        return cls(
            attribute.strategy.data,
            tuple(attribute.sizes.items()),
            frozenset(axis.data for axis in attribute.stream),
            next((operand.data for operand in attribute.stationary), None),
            attribute.split_k.data,
            tuple(name.data for name in attribute.pack),
            tuple(step.data for step in attribute.epilogue),
            attribute.buffers.data or None,
            tuple(cls.from_attribute(stage) for stage in attribute.schedules),
        )

    def __str__(self) -> str:
        """As in the IR, without ``#npu.schedule`` and its angle brackets."""
        return written(self.attribute)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Inverse of ``str``. Raises ``HawkError`` for a text that is no schedule."""
        context = Context()
        context.load_dialect(NPU)
        written = f"#{ScheduleAttr.name}<{text}>"
        try:
            parser = Parser(context, written, "schedule")
            attribute = parser.parse_attribute()
            if not isinstance(attribute, ScheduleAttr) or parser.pos < len(written):
                raise HawkError(f"not a schedule: {text!r}")
        except (ParseError, VerifyException) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise HawkError(f"not a schedule: {text!r}: {reason}") from None
        return cls.from_attribute(attribute)


def written(schedule: ScheduleAttr) -> str:
    """A schedule as in the IR, without ``#npu.schedule`` and its angle brackets."""
    return str(schedule).removeprefix(f"#{ScheduleAttr.name}<").removesuffix(">")
