"""What a run tells of its time: occupancy, waits, bytes, warnings, and several runs together."""

from dataclasses import replace

import pytest
from npu_model_kernels import (
    TARGET,
    alloc,
    flag,
    gm,
    kernel,
    load,
    randoms,
    run,
    store,
    ub,
    unary,
)  # fmt: skip
from test_npu_model_time import rows

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target import Simulation, load_target, simulate, total
from hawk_xdsl.npu_target.banks import BankSpec

U, G = ub(8, 64), gm(8, 64)
X = randoms(8, 64)
EXP = unary("vexp", "a", "a", U)


def chain(steps: int) -> Simulation:
    body = alloc("a", U, 0) + load("x", "a", G, U) + flag("mte2", "vector")
    body += "npu.barrier <vector>\n".join([EXP] * steps)
    body += flag("vector", "mte3") + store("a", "y", U, G)
    return run(kernel(body, {"x": G}, {"y": G}), X)


def codes(found: Simulation) -> set[str]:
    return {warning.code for warning in found.warnings}


def test_occupancy_and_waits_are_shares_of_the_cycles() -> None:
    found = chain(1)
    load_time = TARGET.paths[next(iter(TARGET.paths))].cost.cycles(2048)
    assert found.bottleneck == Pipe.MTE2
    assert found.occupancy[Pipe.MTE2] == pytest.approx(load_time / found.cycles)
    assert found.occupancy.keys() == {Pipe.MTE2, Pipe.VECTOR, Pipe.MTE3}
    assert found.waiting[Pipe.VECTOR] < found.waiting[Pipe.MTE3] < 1
    assert all(
        found.occupancy.get(pipe, 0) + found.waiting.get(pipe, 0) <= 1 for pipe in found.busy
    )


def test_a_wait_counts_only_if_the_pipe_goes_on() -> None:
    """With one buffer mte2 waits for mte3 in every step; after the last step nothing is delayed."""
    one, single = run(rows(4, 1), randoms(16, 1024)), run(rows(1, 1), randoms(4, 1024))
    assert one.stalls[Pipe.MTE3, Pipe.MTE2] > one.busy[Pipe.MTE3] / 2
    assert single.stalls[Pipe.MTE3, Pipe.MTE2] < TARGET.sync.flag < single.busy[Pipe.MTE3]


def test_waits_of_the_bottleneck_are_warned_of() -> None:
    x = randoms(4 * 16, 1024)
    assert "sync-stall" in codes(run(rows(16, 1), x))
    assert "sync-stall" not in codes(run(rows(16, 1, buffers=2), x))


def banked(second: int, dest: int) -> set[str]:
    """Adds two tiles often enough that the vector pipe is the busiest."""
    add = f"npu.vadd ins(%a, %b : {U}, {U}) outs(%c : {U})\nnpu.barrier <vector>\n"
    found = kernel(
        alloc("a", U, 0) + alloc("b", U, second) + alloc("c", U, dest) + load("x", "a", G, U)
        + load("x", "b", G, U) + flag("mte2", "vector") + add * 40 + flag("vector", "mte3")
        + store("c", "y", U, G),
        {"x": G}, {"y": G},
    )  # fmt: skip
    done = run(found, X)
    assert done.bottleneck == Pipe.VECTOR
    return codes(done)


@pytest.mark.parametrize("second, dest, conflict", [
    (4096, 8192 + 64, True),
    (4096 + 32, 8192 + 64, False),
    (65536, 8192 + 64, True),
    (4096 + 32, 8192, True),
    (4096 + 32, 65536, False),
])  # fmt: skip
def test_operands_in_one_bank_group_are_warned_of(second: int, dest: int, conflict: bool) -> None:
    """Rows of 32 B go round 16 groups, so 512 B apart is one group; 64 KiB on is another bank."""
    assert ("bank-conflict" in banked(second, dest)) is conflict


def test_banks_are_data_of_a_target() -> None:
    assert TARGET.vector.banks == BankSpec(groups=16, depth=3, bytes=4096, row_bytes=32)
    assert TARGET.vector.banks is not None
    assert TARGET.vector.banks.place(0x20020) == (1, 2)
    assert load_target("ascend950").vector.banks is None
    silent = replace(TARGET, vector=replace(TARGET.vector, banks=None))
    found = kernel(
        alloc("a", U, 0) + load("x", "a", G, U) + flag("mte2", "vector")
        + (EXP + "npu.barrier <vector>\n") * 40 + flag("vector", "mte3") + store("a", "y", U, G),
        {"x": G}, {"y": G},
    )  # fmt: skip
    assert "bank-conflict" in codes(run(found, X))
    assert "bank-conflict" not in codes(simulate(found, [X], silent))
    assert "bank-conflict" not in codes(simulate(found, [X], TARGET, mode="program-order"))


def test_several_runs_add_up() -> None:
    runs = [chain(1), chain(1), chain(3)]
    found = total(runs, 100.0)
    assert found.cycles == sum(each.cycles for each in runs) + 100
    assert found.bytes_moved == {"global->ub": 3 * 2048, "ub->global": 3 * 2048}
    assert found.busy[Pipe.VECTOR] == 5 * 16
    assert len(found.warnings) == len(set(found.warnings)) == len(runs[0].warnings)
    assert all(str(warning).endswith("[small-move]") for warning in found.warnings)
