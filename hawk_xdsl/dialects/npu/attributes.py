"""The attributes of the npu dialect: scopes, pipes, core types and instruction variants."""

from enum import auto
from typing import ClassVar, Generic, TypeVar, cast

from xdsl.dialects.utils import EnumAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum


class Scope(StrEnum):
    """Where a buffer lives. Cores reach each other only through ``global``."""

    GLOBAL = "global"
    L1 = auto()
    UB = auto()
    L0A = auto()
    L0B = auto()
    L0C = auto()


class Pipe(StrEnum):
    """An in-order instruction queue of a core; ``all`` is accepted by a barrier only."""

    SCALAR = auto()
    VECTOR = auto()
    CUBE = auto()
    MTE1 = auto()
    MTE2 = auto()
    MTE3 = auto()
    FIXPIPE = auto()
    ALL = auto()


class Core(StrEnum):
    """The kind of core a kernel runs on."""

    VECTOR = auto()
    CUBE = auto()


class Reduction(StrEnum):
    """What a ``vreduce`` folds with."""

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


_Enum = TypeVar("_Enum", bound=StrEnum)


class _Bracketed(Generic[_Enum]):
    """Writes an enum attribute as ``#npu.scope<ub>``: xDSL's base class omits the brackets."""

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
class ScopeAttr(_Bracketed[Scope], EnumAttribute[Scope]):
    """The memory space of an npu buffer: ``memref<8x64xf32, #npu.scope<ub>>``."""

    name = "npu.scope"


@irdl_attr_definition
class PipeAttr(_Bracketed[Pipe], EnumAttribute[Pipe]):
    """A pipe, as in ``npu.barrier <vector>``."""

    name = "npu.pipe"


@irdl_attr_definition
class CoreAttr(_Bracketed[Core], EnumAttribute[Core]):
    """The core a kernel runs on."""

    name = "npu.core"


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
