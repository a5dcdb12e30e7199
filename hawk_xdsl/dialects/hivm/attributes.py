"""The attributes of the hivm dialect, each one word between angle brackets."""

from typing import ClassVar

from xdsl.ir import Data, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer


class WordAttr(Data[str]):
    """An attribute that is one of a few words: ``#hivm.pipe<PIPE_V>``."""

    WORDS: ClassVar[tuple[str, ...]]
    """The words it may be."""

    def print_parameter(self, printer: Printer) -> None:
        """Print the word between angle brackets."""
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        """Parse one of the words between angle brackets."""
        with parser.in_angle_brackets():
            word = parser.parse_identifier()
            if word not in cls.WORDS:
                parser.raise_error(f"{cls.name} {word}: expected one of {', '.join(cls.WORDS)}")
            return word


@irdl_attr_definition
class HivmAddressSpaceAttr(WordAttr):
    """A memory space: global memory, the unified buffer, L1, L0A, L0B, L0C."""

    name = "hivm.address_space"
    WORDS = ("gm", "ub", "cbuf", "ca", "cb", "cc")


@irdl_attr_definition
class HivmPipeAttr(WordAttr):
    """An in-order queue of a core."""

    name = "hivm.pipe"
    WORDS = (
        *("PIPE_S", "PIPE_V", "PIPE_M", "PIPE_MTE1", "PIPE_MTE2", "PIPE_MTE3", "PIPE_FIX"),
        *("PIPE_MTE4", "PIPE_MTE5", "PIPE_V2", "VIRTUAL_PIPE_MTE2_L1A", "VIRTUAL_PIPE_MTE2_L1B"),
        *("PIPE_ALL", "PIPE_NUM", "PIPE_UNASSIGNED"),
    )


@irdl_attr_definition
class HivmEventAttr(WordAttr):
    """One of the eight event ids of an ordered pair of pipes."""

    name = "hivm.event"
    WORDS = tuple(f"EVENT_ID{number}" for number in range(8))

    @property
    def number(self) -> int:
        """The event id, from 0."""
        return int(self.data.removeprefix("EVENT_ID"))


@irdl_attr_definition
class HivmReduceOpAttr(WordAttr):
    """What a ``vreduce`` combines elements with."""

    name = "hivm.reduce_op"
    WORDS = (
        *("sum", "prod", "max", "min", "any", "all", "xori", "ori", "andi", "none"),
        *("max_with_index_left", "max_with_index_right"),
        *("min_with_index_left", "min_with_index_right"),
    )


@irdl_attr_definition
class HivmCompareModeAttr(WordAttr):
    """The relation of a ``vcmp``."""

    name = "hivm.compare_mode"
    WORDS = ("eq", "ne", "lt", "gt", "ge", "le")


@irdl_attr_definition
class HivmRoundModeAttr(WordAttr):
    """How a ``vcast`` rounds."""

    name = "hivm.round_mode"
    WORDS = ("rint", "round", "floor", "ceil", "trunc", "odd", "truncwithoverflow")


@irdl_attr_definition
class HivmCastAttr(WordAttr):
    """How a ``vcast`` reads integers."""

    name = "hivm.cast"
    WORDS = ("cast_signed", "cast_unsigned", "bitcast")


@irdl_attr_definition
class HivmPadModeAttr(WordAttr):
    """What a ``load`` writes beyond its source."""

    name = "hivm.padmode"
    WORDS = ("PadNull", "PadFirstElem", "PadValue")


@irdl_attr_definition
class HivmAtomicKindAttr(WordAttr):
    """What a ``store`` does with what is there."""

    name = "hivm.atomic_kind"
    WORDS = ("none", "add", "max", "min", "and", "or", "xor", "cas", "xchg", "umax", "umin")


@irdl_attr_definition
class HivmDmaModeAttr(WordAttr):
    """Which layouts a ``fixpipe`` reads and writes."""

    name = "hivm.dma_mode"
    WORDS = ("nz2nd", "nz2nz", "nz2dn", "normal")


@irdl_attr_definition
class HivmPreQuantAttr(WordAttr):
    """What a ``fixpipe`` casts to."""

    name = "hivm.fixpipe_pre_quant_mode"
    WORDS = ("NO_QUANT", "F322F16", "F322BF16", "S322I8", "QF322B8_PRE")


@irdl_attr_definition
class HivmPreReluAttr(WordAttr):
    """The activation of a ``fixpipe``."""

    name = "hivm.fixpipe_pre_relu_mode"
    WORDS = ("NO_RELU", "NORMAL_RELU", "LEAKY_RELU", "P_RELU")


@irdl_attr_definition
class HivmFuncCoreTypeAttr(WordAttr):
    """The cores that a function runs on: cube, vector, or a pair of both."""

    name = "hivm.func_core_type"
    WORDS = ("AIC", "AIV", "MIX", "AIC_OR_AIV")


@irdl_attr_definition
class HivmTCoreTypeAttr(WordAttr):
    """The kind of core that an instruction is for."""

    name = "hivm.tcore_type"
    WORDS = ("CUBE", "VECTOR", "CUBE_OR_VECTOR", "CUBE_AND_VECTOR")


@irdl_attr_definition
class HivmSyncBlockModeAttr(WordAttr):
    """The cores that a barrier holds."""

    name = "hivm.sync_block_mode"
    WORDS = ("ALL_CUBE", "ALL_VECTOR", "ALL", "ALL_SUB_VECTOR", "BARRIER_CUBE", "BARRIER_VECTOR")


@irdl_attr_definition
class HivmSyncBlockInstrModeAttr(WordAttr):
    """Which cores a flag counts for: those of all blocks, or those of its own."""

    name = "hivm.sync_block_instr_mode"
    WORDS = ("INTER_BLOCK_SYNCHRONIZATION", "INTRA_BLOCK_SYNCHRONIZATION")


@irdl_attr_definition
class HaccFunctionKindAttr(WordAttr):
    """Where a function runs."""

    name = "hacc.function_kind"
    WORDS = ("DEVICE", "HOST")


@irdl_attr_definition
class HaccArgTypeAttr(WordAttr):
    """What an argument of a function is: a buffer of the caller's, or something of the runtime."""

    name = "hacc.arg_type"
    WORDS = (
        *("ffts_base_address", "input", "output", "input_and_output", "workspace"),
        *("sync_block_lock", "tiling_key", "tiling_data", "tiling_struct", "mesh_arg"),
        "sanitizer_addr",
    )


@irdl_attr_definition
class HaccEntryAttr(ParametrizedAttribute):
    """Marks the function that is launched: ``#hacc.entry``."""

    name = "hacc.entry"


ATTRIBUTES = (
    HivmAddressSpaceAttr,
    HivmPipeAttr,
    HivmEventAttr,
    HivmReduceOpAttr,
    HivmCompareModeAttr,
    HivmRoundModeAttr,
    HivmCastAttr,
    HivmPadModeAttr,
    HivmAtomicKindAttr,
    HivmDmaModeAttr,
    HivmPreQuantAttr,
    HivmPreReluAttr,
    HivmFuncCoreTypeAttr,
    HivmTCoreTypeAttr,
    HivmSyncBlockModeAttr,
    HivmSyncBlockInstrModeAttr,
)
"""Those of the hivm dialect."""
