"""A target is data: another family of machine, and another block, need no Python of their own."""

import re
import textwrap
from pathlib import Path

import pytest

from hawk_xdsl.bench.result import CaseVerdict
from hawk_xdsl.bench.run_options import Options
from hawk_xdsl.bench.session import measure
from hawk_xdsl.dialects.kernel_text import (
    GlobalOperand,
    KernelProgram,
    KernelTextError,
    Signature,
    build,
)
from hawk_xdsl.dialects.npu import AllocOp, BarrierOp, Pipe
from hawk_xdsl.errors import HawkError
from hawk_xdsl.executors import Workplace
from hawk_xdsl.npu_target import (
    Performance,
    Trap,
    buffer_bytes,
    load_target,
    time_kernel,
    verify_kernel,
)
from hawk_xdsl.transforms.pipeline import finish_kernel

pytestmark = pytest.mark.corpus

SUITE = Path(__file__).parents[1] / "benchmarks" / "operators.py"

HEAD = 'base = "ascend910b1"\nname = "mine"\nsummary = "mine"\ncalibrated = false\n'

SIXTY_FOUR = """
[vector]
block_bytes = 64
[scopes]
ub = { alignment = 64 }
l1 = { alignment = 64 }
[cube]
rows = 32
columns = 32
"""


@pytest.mark.parametrize("family", ["elementwise", "reduction", "softmax", "matmul"])
def test_a_scratchpad_npu_compiles_the_family(tmp_path: Path, family: str) -> None:
    options = Options(
        SUITE,
        tmp_path,
        ("composition",),
        target="scratchpad",
        cases=2,
        workplace=Workplace(1),
        only=(f"/{family}/ /small/",),
    )
    found = measure(options).results
    assert len(found) == 2
    assert {result.verdict for result in found} == {CaseVerdict.RIGHT}, [r.reason for r in found]


PAGE = SUITE.parents[1] / "docs" / "targets.md"


def of_the_page() -> str:
    """The blocks of the steps that describe a machine of another family: one file."""
    section = (
        PAGE.read_text().partition("\n## A machine of another family\n")[2].partition("\n## ")[0]
    )
    blocks = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    return "".join(textwrap.dedent(block) for block in blocks)


@pytest.mark.parametrize("case", ["/softmax/small/f32/", "/matmul_right_transposed/small/f16/"])
def test_the_steps_of_the_page_make_a_target(tmp_path: Path, case: str) -> None:
    tiny = tmp_path / "tiny.toml"
    tiny.write_text(of_the_page())
    options = Options(SUITE, tmp_path / "out", ("composition",), target=str(tiny), only=(case,))
    [result] = measure(options).results
    assert result.verdict is CaseVerdict.RIGHT, result.reason


NAMES = {
    "npu": "tile",
    "vpu": "simd",
    "mxu": "systolic",
    "dma_in": "in",
    "dma_out": "out",
    "spm": "tcm",
    "acc": "sums",
}


def test_names_of_cores_pipes_and_spaces_change_nothing(tmp_path: Path) -> None:
    text = load_target("scratchpad").document.decode()
    mine = tmp_path / "mine.toml"
    for name, other in NAMES.items():
        text = re.sub(rf"\b{name}\b", other, text)
    mine.write_text(text)
    cycles = [finished(name).cycles for name in ("scratchpad", str(mine))]
    assert cycles[0] == cycles[1] > 0


def test_a_text_may_use_the_target_s_own_names(tmp_path: Path) -> None:
    assert finished("scratchpad", into="spm", on="npu") == finished("scratchpad")
    with pytest.raises(KernelTextError, match="`tcm` is no memory space for this; expected"):
        finished("scratchpad", into="tcm")
    with pytest.raises(KernelTextError, match="scratchpad has no kind of core called `gpu`"):
        finished("scratchpad", on="gpu")


def test_a_kernel_of_another_machine_is_refused_in_one_line() -> None:
    kernel = built("scratchpad").kernels[0].op
    with pytest.raises(Trap, match="no memory space spm of blocks of 128 bytes") as caught:
        verify_kernel(kernel, load_target("ascend910b1"))
    assert caught.value.code == "wrong-core"
    first = kernel.body.block.first_op
    assert first is not None
    kernel.body.block.insert_op_before(BarrierOp(Pipe("warp")), first)
    with pytest.raises(Trap, match="needs the warp pipe, which a npu core does not have"):
        verify_kernel(kernel, load_target("scratchpad"))


def built(file: str, into: str = "ub", on: str = "vector") -> KernelProgram:
    """A kernel that copies rows, built for a target."""
    target = load_target(file)
    x, y = GlobalOperand("x", "f32", (32, 8)), GlobalOperand("y", "f32", (32, 8))
    text = f"on {on} {{{ROWS}}}\n".replace("into ub", f"into {into}")
    signature = Signature("k", (x,), (y,), file, target.places)
    return build(text, signature, lambda core: target.cores[core])


def finished(file: str, into: str = "ub", on: str = "vector") -> Performance:
    """The time of that kernel, planned and synchronised for its target."""
    target, kernel = load_target(file), built(file, into, on).kernels[0].op
    finish_kernel(kernel, target)
    timed = time_kernel(kernel, target)
    assert timed is not None
    return timed


ROWS = """
across i in 0..32 step 8 {
a = load x[i:8, 0:8] into ub
store a into y[i:8, 0:8]
}
"""


def row_bytes(file: str) -> set[int]:
    """Bytes that a row of 8 f32 elements, 32 bytes, takes in the buffers of a kernel."""
    kernel = built(file).kernels[0].op
    verify_kernel(kernel, load_target(file))
    types = [alloc.buffer.type for alloc in kernel.walk() if isinstance(alloc, AllocOp)]
    return {buffer_bytes(buffer) // buffer.get_shape()[0] for buffer in types}


def test_blocks_of_the_file_are_those_of_the_kernels(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(HEAD + SIXTY_FOUR)
    assert (row_bytes("ascend910b1"), row_bytes(str(mine))) == ({32}, {64})
    rows = [space.rows for space in load_target(mine).scopes if space.rows]
    assert set(rows) == {32}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vector.block_bytes = 64", "scopes.ub.alignment: a multiple of vector.block_bytes, 64"),
        (
            'scopes.spm = { core = "vector", bytes = 1048576, alignment = 64 }',
            "scopes.spm.roles: missing",
        ),
    ],
)
def test_what_cannot_be_obeyed_is_refused_in_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(HEAD + text)
    with pytest.raises(HawkError) as caught:
        load_target(mine)
    assert message in str(caught.value) and "\n" not in str(caught.value)
