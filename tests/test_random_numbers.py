"""Random numbers as functions of a seed: the same in torch, on the host and in kernels."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hawk_xdsl import HawkError, Settings, Sources, compile_model
from hawk_xdsl.frontend.philox import normal, uniform, words
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.reference.host import run_main

pytestmark = pytest.mark.corpus

SEED = torch.tensor([1234], dtype=torch.int32)


def philox(seed: int, place: int, draw: int) -> tuple[int, int]:
    """Philox 2x32-10 in Python's integers."""
    left, right, key = place, draw, seed
    for _ in range(10):
        product = left * 0xD256D193
        left, right = (product >> 32) ^ key ^ right, product & 0xFFFFFFFF
        key = (key + 0x9E3779B9) & 0xFFFFFFFF
    return left, right


def test_words_are_those_of_philox() -> None:
    left, right = (word.numpy().astype(np.uint32) for word in words(SEED, 100, 3))
    assert list(zip(left, right, strict=True)) == [philox(1234, place, 3) for place in range(100)]


def test_numbers_are_spread_as_their_kind_says() -> None:
    found = uniform(SEED, 100_000, 0)
    assert float(found.min()) >= 0 and float(found.max()) < 1
    assert abs(float(found.mean()) - 0.5) < 0.005
    assert abs(float(normal(SEED, 100_000, 0).std()) - 1) < 0.01


class Noisy(torch.nn.Module):
    """Two draws of two kinds."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dropped = torch.nn.functional.dropout(x, 0.25, training=True)
        return dropped + torch.randn_like(x)


class Uniform(torch.nn.Module):
    """One draw."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.rand(4, 8)


def test_a_module_that_draws_has_a_seed_as_its_last_input() -> None:
    program = import_torch(Noisy(), [torch.ones(4, 8)])
    x, seed = program.example_inputs
    assert (seed.dtype, seed.shape) == (np.int32, (1,))
    assert program.reference is not None
    results = [program.reference([x, np.array([n], np.int32)])[0] for n in (1, 1, 2)]
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    arguments = program.arguments([x, np.array([1], np.int32)])
    np.testing.assert_allclose(run_main(program.module, arguments)[0], results[0], atol=1e-5)


def test_a_narrow_number_is_below_one() -> None:
    class Half(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * torch.rand(1 << 16, dtype=torch.float16)

    program = import_torch(Half(), [torch.ones(1, dtype=torch.float16)])
    assert program.reference is not None
    (found,) = program.reference(program.example_inputs)
    assert found.max() < 1


def test_what_draws_nothing_has_no_seed() -> None:
    program = import_torch(torch.nn.Dropout(0.5), [torch.ones(4)])
    assert len(program.example_inputs) == 1


def test_other_draws_are_refused_in_one_line() -> None:
    class Chosen(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.multinomial(torch.softmax(x, -1), 1)

    with pytest.raises(HawkError, match=r"multinomial.*: of draws only rand, randn, bernoulli"):
        import_torch(Chosen(), [torch.ones(2, 3)])


def test_a_kernel_draws_the_same_numbers(tmp_path: Path) -> None:
    compiled = compile_model(
        Uniform(),
        [torch.randn(4, 8)],
        settings=Settings(sources=Sources.COMPOSITION),
        store=tmp_path / "store.sqlite",
    )
    reference = compiled.program.reference
    assert reference is not None
    for seed in (0, 5, -77):
        inputs = [np.zeros((4, 8), np.float32), np.array([seed], np.int32)]
        np.testing.assert_array_equal(compiled(*inputs)[0], reference(inputs)[0])
