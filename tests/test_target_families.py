"""A target is data: another family of machine, and another block, need no Python of their own."""

from pathlib import Path

import pytest

from hawk_xdsl.bench.result import Verdict
from hawk_xdsl.bench.session import Options, measure
from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.npu import AllocOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import buffer_bytes, load_target, verify_kernel

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
        jobs=1,
        only=(f"/{family}/ /small/",),
    )
    found = measure(options).results
    assert len(found) == 2
    assert {result.verdict for result in found} == {Verdict.RIGHT}, [r.reason for r in found]


ROWS = """
across i in 0..32 step 8 {
a = load x[i:8, 0:8] into ub
store a into y[i:8, 0:8]
}
"""


def row_bytes(file: str) -> set[int]:
    """Bytes that a row of 8 f32 elements, 32 bytes, takes in the buffers of a kernel."""
    target = load_target(file)
    x, y = GlobalOperand("x", "f32", (32, 8)), GlobalOperand("y", "f32", (32, 8))
    signature = Signature("k", (x,), (y,), file, target.places)
    kernel = build(ROWS, signature, lambda core: target.cores[core]).kernels[0].op
    verify_kernel(kernel, target)
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
