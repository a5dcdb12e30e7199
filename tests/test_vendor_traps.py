"""What the vendor's tools refuse, get wrong or do not see; and that we see or do not write it."""

import os
import re
import tempfile
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import Core, KernelOp
from hawk_xdsl.errors import ReadError
from hawk_xdsl.hivm.convert_npu_to_hivm import hivm_functions
from hawk_xdsl.hivm.devices import device_of
from hawk_xdsl.hivm.reading import HivmReading, import_kernels
from hawk_xdsl.ir_text import generic_text, read_module
from hawk_xdsl.npu_target import Trap, load_target, simulate
from hawk_xdsl.transforms.device_launch import DeviceLaunch
from hawk_xdsl.vendor import tools
from hawk_xdsl.vendor.executable.lower import upstream
from hawk_xdsl.vendor.executable.native import NativeProgram, run_blocks
from hawk_xdsl.vendor.generic_form import mixed_text, read_vendor_module
from hawk_xdsl.vendor.planning import SyncCounts, planned_by_vendor, synchronised_by_vendor, verify
from hawk_xdsl.vendor.running import VendorToolError, run_tool
from hawk_xdsl.vendor.tools import INSTALL, NoVendorToolsError, tools_installed
from hawk_xdsl.vendor.values import HivmProgram, run_hivm

pytestmark = pytest.mark.skipif(
    not tools_installed(), reason=f"needs the vendor's compiler: {INSTALL}"
)

FOLDER = Path(__file__).parent / "kernels" / "vendor"
DEVICE = device_of("ascend910b1")
SIZES = {"ub": 196608, "cbuf": 524288, "cc": 131072}
SECONDS = 120.0


def text_of(name: str, *changes: tuple[str, str]) -> str:
    """A reproducer; each change replaces a part of it that must be there."""
    text = (FOLDER / f"{name}.mlir").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def generic(text: str) -> str:
    """A text as the vendor's tools print it, after their verifier."""
    ran = run_tool("bishengir-opt", ("--mlir-print-op-generic",), text, seconds=SECONDS)
    assert ran.status == 0, ran.errors
    return ran.output


def module_of(text: str) -> ModuleOp:
    return read_vendor_module(generic(text), "the kernel")


def values(module: ModuleOp, inputs: list[Array], outputs: list[Array]) -> list[Array]:
    def buffers() -> list[Array]:
        return [*map(np.copy, inputs), *map(np.zeros_like, outputs)]

    (arrays,) = run_hivm([HivmProgram(module, "k")], buffers, 1, SIZES, seconds=SECONDS)
    return arrays[len(inputs) :]


def refusal(text: str, core: Core = Core.VECTOR) -> str:
    """What the vendor's compiler says of a kernel that it does not plan."""
    with pytest.raises(VendorToolError) as error:
        planned_by_vendor(text, core, DEVICE, seconds=SECONDS)
    return error.value.reason


# What its verifier accepts.

UB = "#hivm.address_space<ub>"
SPACES = [UB.replace("ub", space) for space in ("gm", "cbuf", "cc")]
IN_PLACE = "hivm.hir.vexp ins(%x : memref<16x64xf32, {0}>) outs(%y : memref<16x64xf32, {0}>)"


@pytest.mark.parametrize("space", SPACES)
def test_it_accepts_vector_instructions_outside_of_ub_and_we_do_not(space: str) -> None:
    text = f"""
func.func @k(%x: memref<16x64xf32, {space}>, %y: memref<16x64xf32, {space}>) {{
  {IN_PLACE.format(space)}
  return
}}"""
    with pytest.raises(ReadError, match="must be in ub"):
        module_of(text)


PRODUCT = "memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, i1, index"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1x1x16x16xf32", "2x1x16x16xf32", "n is 16 and 32"),
        ("1x1x16x16xf32, #hivm.address_space<cc>", "1x1x16x16xf32, #hivm.address_space<ub>", "cc"),
        (
            "%y = memref.alloc() : memref<1x1x16x16xf16",
            "%y = memref.alloc() : memref<2x2x16x8xf32",
            "",
        ),
    ],
)
def test_it_accepts_any_product_of_matrices_and_we_do_not(old: str, new: str, said: str) -> None:
    text = text_of("product")
    if said:
        changed = "\n".join(
            line.replace(old, new) for line in text.splitlines() if "fixpipe" not in line
        )
        with pytest.raises(ReadError, match=said):
            module_of(changed)
        return
    kind = "memref<2x2x16x8xf32, #hivm.address_space<cbuf>>"
    lines = [line for line in text.splitlines() if "nd2nz" not in line and "fixpipe" not in line]
    changed = "\n".join(lines).replace(old, new).replace(PRODUCT, f"{kind}, i1, index")
    with pytest.raises(ReadError, match="f16 times f32"):
        module_of(changed)


def test_it_accepts_a_wrong_transpose_and_we_do_not() -> None:
    kind = "memref<16x64xf32, #hivm.address_space<ub>>"
    text = f"""
func.func @k(%x: {kind}, %y: {kind}) {{
  hivm.hir.vtranspose ins(%x : {kind}) outs(%y : {kind}) permutation = [1, 0]
  return
}}"""
    with pytest.raises(ReadError, match="wanted"):
        module_of(text)


def test_it_accepts_an_address_that_is_on_no_block_and_we_do_not() -> None:
    with pytest.raises(ReadError, match="address 17 is not a multiple of 32"):
        module_of(text_of("exp_planned", ("constant 4096", "constant 17")))


LOADED = "    hivm.hir.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]\n"
AWAITED = LOADED.replace("set_flag", "wait_flag")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([("constant 4096", "constant 9999968")], "capacity"),
        ([("constant 4096", "constant 64")], "overlap"),
        ([(LOADED, ""), (AWAITED, "")], "race"),
        ([(LOADED, "")], "deadlock"),
        ([(AWAITED, "")], "race"),
        ([(LOADED, LOADED * 2)], "event"),
    ],
    ids=["beyond ub", "overlap", "no order", "wait without set", "set without wait", "set twice"],
)
def test_it_accepts_what_the_npu_simulator_does_not(
    changes: list[tuple[str, str]], code: str
) -> None:
    module = module_of(text_of("exp_planned", *changes))
    target = load_target("ascend910b1")
    import_kernels(module, HivmReading(target, 1))
    (kernel,) = [op for op in module.walk() if isinstance(op, KernelOp)]
    with pytest.raises(Trap) as trap:
        simulate(kernel, [np.ones((16, 64), np.float32)], target)
    assert code in str(trap.value.code), trap.value


def test_what_is_not_changed_runs_on_the_npu_simulator() -> None:
    module = module_of(text_of("exp_planned"))
    target = load_target("ascend910b1")
    import_kernels(module, HivmReading(target, 1))
    (kernel,) = [op for op in module.walk() if isinstance(op, KernelOp)]
    given = np.linspace(-1, 1, 16 * 64, dtype=np.float32).reshape(16, 64)
    (made,) = simulate(kernel, [given], target).outputs
    np.testing.assert_allclose(made, np.exp(given), rtol=1e-6)


# What it rejects.


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("hivm.hir.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID8>]", "one of: EVENT_ID0"),
        (IN_PLACE.replace("f32", "i32").format(UB), "type"),
        (IN_PLACE.replace("f32", "bf16").format(UB), "type"),
    ],
)
def test_it_rejects(body: str, said: str) -> None:
    kinds = [kind for kind in ("i32", "bf16") if kind in body] or ["f32"]
    type_ = f"memref<16x64x{kinds[0]}, {UB}>"
    text = f"func.func @k(%x: {type_}, %y: {type_}) {{\n{body}\nreturn\n}}"
    with pytest.raises(VendorToolError, match=said):
        verify(text, DEVICE, seconds=SECONDS)


def test_it_finds_what_is_too_large_only_where_it_plans() -> None:
    text = text_of("load_pad_subview", ("3x16xf16", "9000x16xf16"), ("3x8xf16", "9000x8xf16"))
    text = text.replace("[3, 8]", "[9000, 8]")
    verify(text, DEVICE, seconds=SECONDS)
    assert "overflow" in refusal(text)


# What its pipeline does not do.


def test_its_passes_plan_a_product() -> None:
    planned = planned_by_vendor(text_of("product"), Core.CUBE, DEVICE, seconds=SECONDS)
    assert SyncCounts.of(generic_text(planned)).flag_count


@pytest.mark.parametrize("name", ["vrec_dynamic_strided", "transpose_three"])
def test_its_compiler_fails_on_a_form_that_is_not_exported(name: str) -> None:
    assert refusal(text_of(name))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        # The condition has one element where the others have 64.
        ("vsel_broadcast_condition", "@vsel_sv_1d_float("),
        # One function for one repeated operand and for two.
        ("add_both_repeated", "@vadd_2d_float("),
    ],
)
def test_its_compiler_repeats_what_its_op_library_does_not_say_it_repeats(
    name: str, call: str
) -> None:
    arguments = (
        "-enable-hivm-compile=true",
        "--disable-hivm-tensor-compile=true",
        f"--target={DEVICE.name}",
        "--mlir-print-ir-after=convert-hivm-to-std",
    )
    ran = run_tool(DEVICE.compiler, arguments, text_of(name), seconds=SECONDS)
    assert call in ran.errors


def padded(name: str) -> tuple[Array, Array]:
    """What a padded load gives under the vendor's plan, and what it should."""
    given = np.arange(1, 25, dtype=np.float16).reshape(3, 8)
    module = planned_by_vendor(text_of(name), Core.VECTOR, DEVICE, seconds=SECONDS)
    (made,) = values(module, [given], [np.zeros((3, 16), np.float16)])
    return made, np.pad(given, ((0, 0), (0, 8)))


def test_its_compiler_moves_the_rows_of_a_padded_load() -> None:
    module = planned_by_vendor(text_of("load_pad_collapsed"), Core.VECTOR, DEVICE, seconds=SECONDS)
    loads = [op for op in module.walk() if op.name == "hivm.hir.load"]
    shapes = [str(value.type) for value in loads[0].operands[:2]]
    assert "memref<24xf16" in shapes[0] and "memref<48xf16" in shapes[1]


def test_a_fill_and_a_load_into_a_view_keep_them() -> None:
    made, wanted = padded("load_pad_subview")
    np.testing.assert_array_equal(made, wanted)


def test_its_solver_adds_to_flags_that_are_there() -> None:
    text = generic(text_of("exp_planned"))
    arguments = (DEVICE.append_spec, "--hivm-graph-sync-solver", "--mlir-print-op-generic")
    twice = run_tool(DEVICE.opt, arguments, text, seconds=SECONDS).output
    own = SyncCounts.of(text)
    assert SyncCounts.of(twice).flag_count == 2 * own.flag_count == 4
    once = synchronised_by_vendor(read_vendor_module(text, "it"), DEVICE, seconds=SECONDS)
    assert once.flags == own.flags and not own.misses(once)


def test_a_pair_of_pipes_that_only_their_solver_orders_is_told() -> None:
    text = generic(text_of("exp_planned"))
    less = "\n".join(line for line in text.splitlines() if "PIPE_MTE3" not in line)
    assert SyncCounts.of(less).misses(SyncCounts.of(text)) == (("PIPE_V", "PIPE_MTE3"),)


# The oracle of values.

GIVEN = np.linspace(-1, 1, 16 * 64, dtype=np.float32).reshape(16, 64)


def exponential(*changes: tuple[str, str]) -> Array:
    (made,) = values(module_of(text_of("exp_planned", *changes)), [GIVEN], [np.zeros_like(GIVEN)])
    return made


def test_the_oracle_sees_a_wrong_address() -> None:
    np.testing.assert_allclose(exponential(), np.exp(GIVEN), rtol=1e-6)
    store = "hivm.hir.store ins(%y :"
    wrong = exponential((store, store.replace("%y", "%x")))
    assert not np.allclose(wrong, np.exp(GIVEN))
    overlapping = exponential(("constant 4096", "constant 64"))
    assert not np.allclose(overlapping, np.exp(GIVEN))


def test_the_oracle_does_not_see_that_order_is_missing() -> None:
    made = exponential((LOADED, ""), (AWAITED, ""))
    np.testing.assert_allclose(made, np.exp(GIVEN), rtol=1e-6)


def test_the_oracle_sees_what_was_never_written() -> None:
    load = next(line for line in text_of("exp_planned").splitlines() if "hir.load" in line)
    assert np.isnan(exponential((load + "\n", ""))).all()


def test_its_lowering_adds_to_the_result_and_scans_along_no_dimension_and_ours_does_not() -> None:
    given = np.arange(32, dtype=np.float32).reshape(4, 8)
    sums, scans = np.zeros((4, 1), np.float32), np.zeros((4, 8), np.float32)
    made = values(module_of(text_of("sum_rows")), [given], [sums, scans])
    np.testing.assert_array_equal(made[0][:, 0], given.sum(1))
    np.testing.assert_array_equal(made[1], given.cumsum(0))
    bare = re.sub(
        r"attributes \{.*\} \{", "attributes {llvm.emit_c_interface} {", text_of("sum_rows")
    )
    last = "%c: memref<4x8xf32, #hivm.address_space<gm>>"
    bare = bare.replace(f"{last})", f"{last}, %block: i64, %core: i64)")
    program = NativeProgram(upstream(bare, seconds=SECONDS), "k")
    run_blocks([program], [given, sums, scans], 1, Core.VECTOR)
    np.testing.assert_array_equal(sums[:, 0], 7 + given.sum(1))
    assert not np.allclose(scans, given.cumsum(0))


# Another device.


def test_the_tools_of_ascend950_accept_a_reduction_that_says_its_source_is_signed() -> None:
    text = (FOLDER / "sum_on_950.mlir").read_text(encoding="utf-8")
    (kernel,) = [op for op in read_module(text, "k").walk() if isinstance(op, KernelOp)]
    module = ModuleOp([*hivm_functions(DeviceLaunch.of(kernel), load_target("ascend950"))])
    text = mixed_text(module)
    verify(text, device_of("ascend950"), seconds=SECONDS)
    with pytest.raises(VendorToolError, match="unsigned_src"):
        verify(text.replace(" unsigned_src = false", ""), device_of("ascend950"), seconds=SECONDS)


# The tools.


def test_a_run_that_does_not_end_is_ended_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(VendorToolError, match=r"did not end within 0\.001 s"):
        run_tool("bishengir-opt", (), text_of("product"), seconds=0.001)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A package with one file that is not executable."""
    folder = tmp_path / "ascendnpuir"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "echo-me").write_text("#!/bin/sh\nexit 0\n")
    monkeypatch.setattr(tools, "_package", lambda: folder)
    monkeypatch.setattr(tools.platformdirs, "user_cache_path", lambda name: tmp_path / "cache")
    tools.tool.cache_clear()
    yield folder
    tools.tool.cache_clear()


def test_a_wheel_without_the_mark_of_an_executable_gets_it(wheel: Path) -> None:
    assert os.access(tools.tool("echo-me"), os.X_OK)


def test_where_the_wheel_may_not_be_changed_a_copy_is_run(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow = tools._allow

    def refused(file: Path) -> None:
        if file.is_relative_to(wheel):
            raise PermissionError("read-only")
        allow(file)

    monkeypatch.setattr(tools, "_allow", refused)
    copy = tools.tool("echo-me")
    assert os.access(copy, os.X_OK) and not copy.is_relative_to(wheel)


def test_a_tool_that_is_missing_is_one_line(wheel: Path) -> None:
    with pytest.raises(NoVendorToolsError, match="has no bishengir-opt"):
        tools.tool("bishengir-opt")
