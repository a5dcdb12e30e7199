"""The schedule of a kernel as an attribute: ``#npu.schedule<"whole-tiles" tile(i0 = 8)>``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from xdsl.dialects.builtin import ArrayAttr, IntAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

_Item = TypeVar("_Item")

EPILOGUES = ("bias", "relu", "cast")
"""What ``npu.fixpipe`` does to an accumulator on its way to memory, in this order."""


@irdl_attr_definition
class TileAttr(ParametrizedAttribute):
    """The step of one loop: ``#npu.tile<i0 = 8>`` are 8 elements along ``i0``."""

    name = "npu.tile"

    axis: StringAttr = param_def()
    size: IntAttr = param_def()

    def verify(self) -> None:
        """A step goes forward along an axis that has a name."""
        if not self.axis.data.isidentifier():
            raise VerifyException(f"npu.tile: {self.axis.data!r} is no name of an axis")
        if self.size.data < 1:
            raise VerifyException(
                f"npu.tile: a tile of {self.size.data} elements along {self.axis.data}"
            )

    def print_assignment(self, printer: Printer) -> None:
        """``i0 = 8``."""
        printer.print_string(f"{self.axis.data} = {self.size.data}")

    @classmethod
    def parse_assignment(cls, parser: AttrParser) -> "TileAttr":
        """As printed."""
        axis = parser.parse_identifier()
        parser.parse_punctuation("=")
        return cls(StringAttr(axis), IntAttr(parser.parse_integer(allow_boolean=False)))

    def print_parameters(self, printer: Printer) -> None:
        """Between angle brackets."""
        with printer.in_angle_brackets():
            self.print_assignment(printer)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """As printed."""
        with parser.in_angle_brackets():
            return cls.parse_assignment(parser).parameters


@irdl_attr_definition
class ScheduleAttr(ParametrizedAttribute):
    """How a kernel runs: the strategy that wrote it, and what was chosen for it.

    After the strategy's name come the clauses that say something, in this order::

        tile(i0 = 128, i1 = 64)   the loops, outermost first, and their steps in elements
        stream(i1)                the loops inside a tile; the others are distributed over cores
        stationary(lhs)           the factor that stays in l1 while tiles of the other pass
        split_k(4)                the parts that a sum is computed in
        pack(rhs, out)            what a vector stage reorders
        epilogue(relu, cast)      what the store of an accumulator does besides
        buffers(2)                the buffers that take turns; without it as many as fit, up to two
        stages(<"…" …>, <"…" …>)  the schedule of each stage, where a kernel has several
    """

    name = "npu.schedule"

    strategy: StringAttr = param_def()
    tile: ArrayAttr[TileAttr] = param_def()
    stream: ArrayAttr[StringAttr] = param_def()
    stationary: ArrayAttr[StringAttr] = param_def()
    split_k: IntAttr = param_def()
    pack: ArrayAttr[StringAttr] = param_def()
    epilogue: ArrayAttr[StringAttr] = param_def()
    buffers: IntAttr = param_def()
    stages: ArrayAttr[Attribute] = param_def()

    @classmethod
    def of(
        cls,
        strategy: str,
        tile: Mapping[str, int],
        *,
        stream: Iterable[str] = (),
        stationary: str | None = None,
        split_k: int = 1,
        pack: Iterable[str] = (),
        epilogue: Iterable[str] = (),
        buffers: int | None = None,
        stages: Iterable["ScheduleAttr"] = (),
    ) -> "ScheduleAttr":
        """The attribute of plain values. Raises ``VerifyException``."""
        return cls(
            StringAttr(strategy),
            ArrayAttr(TileAttr(StringAttr(a), IntAttr(size)) for a, size in tile.items()),
            _names(stream),
            _names(() if stationary is None else (stationary,)),
            IntAttr(split_k),
            _names(pack),
            _names(epilogue),
            IntAttr(0 if buffers is None else buffers),
            ArrayAttr(stages),
        )

    @property
    def sizes(self) -> dict[str, int]:
        """The steps of the loops in elements, outermost first."""
        return {each.axis.data: each.size.data for each in self.tile}

    @property
    def schedules(self) -> tuple["ScheduleAttr", ...]:
        """The schedules of the stages."""
        return tuple(each for each in self.stages if isinstance(each, ScheduleAttr))

    def verify(self) -> None:
        """Names are given once, streamed axes have a loop, and counts are counts."""
        if not self.strategy.data:
            raise VerifyException("npu.schedule: a strategy has a name")
        axes = [each.axis.data for each in self.tile]
        for what, names in (
            ("tile", axes),
            ("stream", [each.data for each in self.stream]),
            ("pack", [each.data for each in self.pack]),
            ("epilogue", [each.data for each in self.epilogue]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise VerifyException(f"npu.schedule: {what} names {twice[0]} twice")
        for step in self.epilogue:
            if step.data not in EPILOGUES:
                known = ", ".join(EPILOGUES)
                raise VerifyException(f"npu.schedule: epilogue({step.data}) is none of {known}")
        for axis in self.stream:
            if axis.data not in axes:
                raise VerifyException(f"npu.schedule: stream({axis.data}) has no tile")
        if len(self.stationary) > 1:
            raise VerifyException("npu.schedule: one operand is stationary, not several")
        if self.split_k.data < 1:
            raise VerifyException(f"npu.schedule: split_k({self.split_k.data})")
        if self.buffers.data < 0:
            raise VerifyException(f"npu.schedule: buffers({self.buffers.data})")
        if len(self.schedules) < len(self.stages):
            raise VerifyException("npu.schedule: a stage has a schedule of its own")

    def print_parameters(self, printer: Printer) -> None:
        """Between angle brackets; a clause that says nothing is left out."""
        with printer.in_angle_brackets():
            printer.print_string_literal(self.strategy.data)
            _print_clause(
                printer, "tile", self.tile.data, lambda each: each.print_assignment(printer)
            )
            for keyword in ("stream", "stationary"):
                _print_clause(printer, keyword, _names_of(self, keyword), printer.print_string)
            if self.split_k.data > 1:
                printer.print_string(f" split_k({self.split_k.data})")
            for keyword in ("pack", "epilogue"):
                _print_clause(printer, keyword, _names_of(self, keyword), printer.print_string)
            if self.buffers.data:
                printer.print_string(f" buffers({self.buffers.data})")
            stages = self.schedules
            _print_clause(printer, "stages", stages, lambda each: each.print_parameters(printer))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """As printed."""
        with parser.in_angle_brackets():
            strategy = parser.parse_str_literal(" of a strategy")
            tile = _parse_clause(parser, "tile", lambda: TileAttr.parse_assignment(parser))
            stream = _parse_clause(parser, "stream", parser.parse_identifier)
            stationary = _parse_clause(parser, "stationary", parser.parse_identifier)
            split_k = _parse_clause(parser, "split_k", parser.parse_integer)
            pack = _parse_clause(parser, "pack", parser.parse_identifier)
            epilogue = _parse_clause(parser, "epilogue", parser.parse_identifier)
            buffers = _parse_clause(parser, "buffers", parser.parse_integer)
            stages = _parse_clause(parser, "stages", lambda: cls.new(cls.parse_parameters(parser)))
        return (
            StringAttr(strategy),
            ArrayAttr(tile),
            _names(stream),
            _names(stationary),
            _count(split_k, 1),
            _names(pack),
            _names(epilogue),
            _count(buffers, 0),
            ArrayAttr(stages),
        )


def _names(names: Iterable[str]) -> ArrayAttr[StringAttr]:
    return ArrayAttr(StringAttr(name) for name in names)


def _names_of(schedule: ScheduleAttr, keyword: str) -> list[str]:
    names: ArrayAttr[StringAttr] = getattr(schedule, keyword)
    return [name.data for name in names]


def _count(given: Sequence[int], default: int) -> IntAttr:
    return IntAttr(given[0] if given else default)


def _print_clause(
    printer: Printer, keyword: str, items: Sequence[_Item], write: Callable[[_Item], None]
) -> None:
    """``keyword(item, item)``, or nothing where there is no item."""
    if items:
        printer.print_string(f" {keyword}(")
        printer.print_list(items, write)
        printer.print_string(")")


def _parse_clause(parser: AttrParser, keyword: str, read: Callable[[], _Item]) -> list[_Item]:
    """The items of a clause; none where it is left out."""
    if parser.parse_optional_keyword(keyword) is None:
        return []
    return parser.parse_comma_separated_list(parser.Delimiter.PAREN, read)
