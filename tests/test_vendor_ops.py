"""The vendor's op library, run here, and the NPU simulator agree on what is listed in this file."""

import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "llvmlite", reason="needs hawk-xdsl[ascend]: the vendor's op library is bitcode"
)
pytest.importorskip("ascendnpuir", reason="needs hawk-xdsl[ascend]: the vendor's compiler")

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from vendor_ops.cases import all_cases
from vendor_ops.comparison import Compiled, Oracle, Row, compiled

from hawk_xdsl.npu_target import load_target

pytestmark = pytest.mark.corpus

CASES = {case.key: case for case in all_cases()}
EQUAL = (
    "vadd 1000 f32",
    "vsub column 100×64 f16 → 100×1 f16",
    "vcast rint 1024 f16 → 1024 f32",
    "vcmp ne bits 1024 i32 → 1024 i8",
    "vsel bits 1024 i8 → 1024 f32",
    "vreduce max axis 1 8×1024 f32 → 8×1 f32",
    "vreduce argmax axis 1 64×64 f32 → 64×1 i32",
    "vreduce argmax axis 0 5×100 f32 → 1×100 i32",
    "vcumulate sum axis 0 8×1024 f32",
    "vtranspose 5×100 f16 → 100×5 f16",
    "varange axis 0 1024 f32",
    "vgather 1024 f16, 1000 i32 → 1000 f16",
)
SUM = "vreduce sum axis 1 8×1024 f32 → 8×1 f32"
MISSING = "vcast rint 1024 i32 → 1024 f16"


@pytest.fixture(scope="module")
def programs() -> dict[str, Compiled]:
    return {key: compiled(CASES[key]) for key in (*EQUAL, SUM, MISSING)}


@pytest.fixture(scope="module")
def oracle(programs: dict[str, Compiled]) -> Oracle:
    return Oracle(load_target("ascend910b1"), programs.values())


@pytest.fixture(scope="module")
def rows(programs: dict[str, Compiled], oracle: Oracle) -> dict[str, Row]:
    return {key: oracle.row(program) for key, program in programs.items()}


@pytest.mark.parametrize("key", EQUAL)
def test_values_and_temporaries_are_those_of_the_simulator(key: str, rows: dict[str, Row]) -> None:
    row = rows[key]
    assert row.values == "equal"
    assert row.temporary == row.charged_temporary


def test_a_sum_of_floats_differs_by_its_order_alone(rows: dict[str, Row]) -> None:
    error = float(rows[SUM].values.split()[0])
    assert 0 < error < 1e-4


def test_a_row_is_halved_by_additions_and_only_a_repeat_is_reduced(rows: dict[str, Row]) -> None:
    assert rows[SUM].instructions == "VADD.f32 ×15, VCADD.f32.order"
    assert rows[SUM].repeats == 8 * (8 + 4 + 2 + 1) + 8


def test_the_target_charges_what_the_library_takes(rows: dict[str, Row]) -> None:
    ratios = {key: rows[key].ratio for key in (*EQUAL, SUM) if "bits" not in key}
    # A tile is turned at an assumed rate, and what sets a register up is not charged.
    ratios.pop("vtranspose 5×100 f16 → 100×5 f16")
    assert all(ratio is not None and 0.8 < ratio < 1.25 for ratio in ratios.values()), ratios


def test_a_cast_that_no_instruction_is_is_refused(rows: dict[str, Row]) -> None:
    assert rows[MISSING].values.startswith("refused: ")
    assert rows[MISSING].charged is None


def test_a_wrong_instruction_is_seen(programs: dict[str, Compiled], oracle: Oracle) -> None:
    handlers = oracle.machine.handlers
    right = handlers["VADD"]
    handlers["VADD"] = handlers["VSUB"]
    try:
        assert oracle.row(programs["vadd 1000 f32"]).values != "equal"
    finally:
        handlers["VADD"] = right
