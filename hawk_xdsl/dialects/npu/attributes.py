"""The attributes of the npu dialect: pipes, kinds of cores and instruction variants."""

from enum import auto
from typing import ClassVar, Generic, TypeVar, cast

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.npu.identifier import parse_name


class Pipe(str):
    """An in-order instruction queue of a core, by the name that the target declares.

    ``scalar`` issues the instructions of all others and is on every core; ``all`` is accepted by a
    barrier only. The other constants are those of the Ascend family.
    """

    __slots__ = ()

    SCALAR: ClassVar["Pipe"]
    ALL: ClassVar["Pipe"]
    VECTOR: ClassVar["Pipe"]
    CUBE: ClassVar["Pipe"]
    MTE1: ClassVar["Pipe"]
    MTE2: ClassVar["Pipe"]
    MTE3: ClassVar["Pipe"]
    FIXPIPE: ClassVar["Pipe"]


Pipe.SCALAR, Pipe.ALL = Pipe("scalar"), Pipe("all")
Pipe.VECTOR, Pipe.CUBE, Pipe.FIXPIPE = Pipe("vector"), Pipe("cube"), Pipe("fixpipe")
Pipe.MTE1, Pipe.MTE2, Pipe.MTE3 = Pipe("mte1"), Pipe("mte2"), Pipe("mte3")


class Core(str):
    """A kind of core, by the name that the target declares; constants: the Ascend family's.

    ``MIXED`` is no kind: a kernel on it has a body for each of several kinds.
    """

    __slots__ = ()

    VECTOR: ClassVar["Core"]
    CUBE: ClassVar["Core"]
    MIXED: ClassVar["Core"]


Core.VECTOR, Core.CUBE, Core.MIXED = Core("vector"), Core("cube"), Core("mixed")


class Move(StrEnum):
    """Which way tiles go between global memory and a core; the target says on which pipe."""

    LOAD = auto()
    STORE = auto()


class Unit(StrEnum):
    """What of a core executes an instruction; the target says which pipe that is."""

    SCALAR = auto()
    VECTOR = auto()
    MATRIX = auto()
    MOVE = auto()


class Reduction(StrEnum):
    """What a ``vreduce`` reduces with."""

    SUM = auto()
    MAX = auto()
    MIN = auto()
    PROD = auto()
    ARGMAX = auto()
    ARGMIN = auto()


class Accumulation(StrEnum):
    """What a ``vcumulate`` scans with."""

    SUM = auto()
    PROD = auto()
    MAX = auto()
    MIN = auto()


class Comparison(StrEnum):
    """The predicate of a ``vcmp``; a comparison with NaN is false, except ``ne``."""

    EQ = auto()
    NE = auto()
    LT = auto()
    LE = auto()
    GT = auto()
    GE = auto()


class Rounding(StrEnum):
    """How a ``vcast`` rounds: to nearest even, down, up, half away from zero, towards zero."""

    RINT = auto()
    FLOOR = auto()
    CEIL = auto()
    ROUND = auto()
    TRUNC = auto()


class Join(StrEnum):
    """How a stage of a launch follows the one before: behind a barrier of all cores, or freely."""

    BARRIER = auto()
    FREE = auto()


_Enum = TypeVar("_Enum", bound=StrEnum)


class _Bracketed(Generic[_Enum]):
    """Writes an enum attribute as ``#npu.rounding<rint>``: xDSL's base class omits the brackets."""

    data: _Enum
    enum_type: ClassVar[type[StrEnum]]

    def print_parameter(self, printer: Printer) -> None:
        """Print the value between angle brackets."""
        with printer.in_angle_brackets():
            printer.print_string(self.data.value)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> _Enum:
        """Parse the value between angle brackets."""
        with parser.in_angle_brackets():
            return cast(_Enum, parser.parse_str_enum(cls.enum_type))


@irdl_attr_definition
class PipeAttr(Data[Pipe]):
    """A pipe, as in ``npu.barrier <vector>``."""

    name = "npu.pipe"

    def print_parameter(self, printer: Printer) -> None:
        """Print the name between angle brackets."""
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Pipe:
        """Parse the name between angle brackets."""
        with parser.in_angle_brackets():
            return Pipe(parse_name(parser, "a pipe"))


@irdl_attr_definition
class CoreAttr(Data[Core]):
    """The kind of core that a kernel runs on."""

    name = "npu.core"

    def print_parameter(self, printer: Printer) -> None:
        """Print the name between angle brackets."""
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Core:
        """Parse the name between angle brackets."""
        with parser.in_angle_brackets():
            return Core(parse_name(parser, "a kind of core"))


@irdl_attr_definition
class MoveAttr(_Bracketed[Move], EnumAttribute[Move]):
    """The moves that a flag between cores comes after, or that come after it."""

    name = "npu.move"


@irdl_attr_definition
class ReductionAttr(_Bracketed[Reduction], EnumAttribute[Reduction]):
    """The kind of a ``vreduce``."""

    name = "npu.reduction"


@irdl_attr_definition
class AccumulationAttr(_Bracketed[Accumulation], EnumAttribute[Accumulation]):
    """The kind of a ``vcumulate``."""

    name = "npu.accumulation"


@irdl_attr_definition
class ComparisonAttr(_Bracketed[Comparison], EnumAttribute[Comparison]):
    """The predicate of a ``vcmp``."""

    name = "npu.comparison"


@irdl_attr_definition
class RoundingAttr(_Bracketed[Rounding], EnumAttribute[Rounding]):
    """The rounding mode of a ``vcast``."""

    name = "npu.rounding"


@irdl_attr_definition
class JoinAttr(_Bracketed[Join], EnumAttribute[Join]):
    """How a stage follows the one before it in the same launch."""

    name = "npu.join"
