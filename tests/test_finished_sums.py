"""Products and what finishes their sums point by point are one mixed kernel, and proved."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as nn
from lowering import lowered

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import Core, UndecidedOp
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.knowledge_store.entry import TileHole
from hawk_xdsl.npu_target import load_target, time_kernel
from hawk_xdsl.passes.join_sums import IsFaster, join_sums
from hawk_xdsl.passes.npu_outline import BIASES, NpuOutlinePass
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.structure import Structure, structures
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")
ENTRIES = load_seed_entries()
COMPOSER = Composer.for_target(ENTRIES, TARGET)
[ENTRY] = [entry for entry in ENTRIES if entry.artifact.strategy == "finished-sums"]

Function = Callable[..., torch.Tensor]


def always(joined: Specification, apart: Sequence[Specification]) -> bool:
    return True


def outlined(
    function: Function, *shapes: tuple[int, ...], half: bool = False, joins: IsFaster = always
) -> list[UndecidedOp]:
    """The undecided ops of a function of tensors."""
    given = (torch.randn(*shape) for shape in shapes)
    program = folded(lowered(function, *(x.half() if half else x for x in given)))
    module = program.module.clone()
    NpuOutlinePass(BIASES).apply(context(), module)
    join_sums(module, joins)
    return [op for op in module.walk() if isinstance(op, UndecidedOp)]


def request(op: UndecidedOp) -> Request:
    specification = specify(op)
    return Request(ENTRY, specification, COMPOSER.compose(specification), TARGET)


def verdict(op: UndecidedOp, text: str) -> Verdict:
    found = specify(op)
    signature = signature_of(found, "k", TARGET.name, TARGET.places)
    return Gate(op, found, signature, TARGET, 0, COMPOSER.rules).check(text)


def silu(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return nn.silu(x @ w)


def gated(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Half of the columns open the other half."""
    y = x @ w
    half = w.shape[1] // 2
    return nn.silu(y[:, :half]) * y[:, half:]


def two_weights(x: torch.Tensor, w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return nn.silu(x @ w) * (x @ v)


def residual(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
    return x @ w + b + r


def batched(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return nn.silu(torch.bmm(x, w))


CASES = {
    "activation": (silu, [(64, 48), (48, 64)], False),
    "gate": (gated, [(32, 64), (64, 128)], True),
    "gate of two weights": (two_weights, [(32, 32), (32, 64), (32, 64)], False),
    "residual": (residual, [(64, 32), (32, 64), (64,), (64, 64)], False),
    "residual f16": (residual, [(64, 32), (32, 64), (64,), (64, 64)], True),
    "batch": (batched, [(2, 32, 32), (2, 32, 32)], False),
}


@pytest.mark.parametrize("name", CASES)
def test_they_are_one_mixed_kernel_and_proved(name: str) -> None:
    function, shapes, half = CASES[name]
    [op] = outlined(function, *shapes, half=half)
    assert Structure.FINISHED_SUMS in structures(specify(op))
    best = candidates(request(op))[0]
    found = verdict(op, best.text)
    assert found.accepted, found.trap_message
    assert found.trust is Trust.PROVED
    assert best.text.startswith("temp") and "on mixed" in best.text
    again = candidate_at(request(op), best.schedule)
    assert again is not None and again.text == best.text


def test_what_two_products_share_is_loaded_once() -> None:
    [op] = outlined(two_weights, (32, 32), (32, 64), (32, 64))
    text = candidates(request(op))[0].text
    assert text.count("load x0[") == 1 and text.count("mmad") == 2


def test_rows_are_finished_in_chunks_where_ub_holds_no_more() -> None:
    [op] = outlined(residual, (128, 64), (64, 256), (256,), (128, 256))
    wide = replace(ENTRY, tiles=(TileHole("m", (128,)), TileHole("n", (256,))))
    made = candidates(replace(request(op), entry=wide))
    assert made and all("for q in" in each.text for each in made)
    found = verdict(op, made[0].text)
    assert found.accepted, found.trap_message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("await 0 before load\n", ""),
        ("signal 1 after load\nsignal 1 after load\n", "signal 1 after load\n" * 3),
        ("r:", "0:"),
        ("acc0 = mmad a0, b0, acc0", "acc0 = mmad a0, b0, acc0\nacc0 = mmad a0, b0, acc0"),
    ],
)
def test_a_damaged_kernel_is_refused(old: str, new: str) -> None:
    [op] = outlined(silu, (64, 48), (48, 64))
    text = candidates(request(op))[0].text
    assert old in text and verdict(op, text).accepted
    assert not verdict(op, text.replace(old, new, 1)).accepted


def test_they_stay_apart_where_that_is_faster() -> None:
    ops = outlined(silu, (64, 48), (48, 64), joins=lambda joined, apart: False)
    assert len(ops) == 2


def test_a_product_that_others_need_too_stays_apart() -> None:
    def both(x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = x @ w
        return nn.silu(y), y

    assert len(outlined(both, (64, 48), (48, 64))) == 2  # pyright: ignore[reportArgumentType]


def test_the_bound_is_of_both_units() -> None:
    [op] = outlined(silu, (64, 48), (48, 64))
    units = bound_of(specify(op), TARGET).units
    assert units.cube == 4 * 4 * 6 * 2 / 24
    assert 0 < units.vector < 48 * 64 * 64 / 64


def test_a_launch_begins_on_both_kinds_of_cores_once() -> None:
    launch = TARGET.launch
    assert launch.mixed is not None
    assert launch.more_on([Core.CUBE, Core.MIXED, Core.MIXED]) == launch.mixed
    assert launch.more_on([Core.MIXED, Core.VECTOR]) == launch.more_on([Core.CUBE]) == 0.0
    [op] = outlined(silu, (64, 48), (48, 64))
    found = verdict(op, candidates(request(op))[0].text)
    assert found.program is not None
    kernel = found.program.kernels[0].op.clone()
    finish_kernel(kernel, TARGET)
    alone, joined = (time_kernel(kernel, TARGET, joins=joins) for joins in (False, True))
    assert alone is not None and joined is not None
    assert alone.cycles == joined.cycles + launch.mixed
