"""Resizing and transposed convolution, phase by phase, give what torch gives."""

import pytest
import torch

from hawk_xdsl.frontend.phases import PHASES

ATEN = torch.ops.aten


def made(op: object, *arguments: object) -> torch.Tensor:
    result = PHASES[op](*arguments)  # pyright: ignore[reportArgumentType]
    assert isinstance(result, torch.Tensor)
    return result


@pytest.mark.parametrize("op", [ATEN.upsample_bilinear2d.vec, ATEN.upsample_bicubic2d.vec])
@pytest.mark.parametrize("factors", [(2, 2), (3, 1), (4, 5)])
def test_smooth_resizing_by_whole_factors(op: object, factors: tuple[int, int]) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 5, 4)
    sizes = [5 * factors[0], 4 * factors[1]]
    assert callable(op)
    for given in ((sizes, False, None), (None, False, [float(f) for f in factors])):
        torch.testing.assert_close(made(op, x, *given), op(x, *given))


def test_what_is_not_finite_stays_where_it_is() -> None:
    x = torch.zeros(1, 1, 1, 8)
    x[..., 2] = float("inf")
    wanted = ATEN.upsample_bilinear2d.vec(x, None, False, [1.0, 2.0])
    found = made(ATEN.upsample_bilinear2d.vec, x, None, False, [1.0, 2.0])
    assert torch.equal(found.isfinite(), wanted.isfinite())


def test_nearest_resizing_repeats_elements() -> None:
    x = torch.randn(2, 3, 5, 4)
    given = (None, [2.0, 3.0])
    assert torch.equal(
        made(ATEN.upsample_nearest2d.vec, x, *given), ATEN.upsample_nearest2d.vec(x, *given)
    )


def test_other_factors_are_left_to_others() -> None:
    x = torch.randn(2, 3, 5, 4)
    assert PHASES[ATEN.upsample_nearest2d.vec](x, [7, 8], None) is NotImplemented
    assert PHASES[ATEN.upsample_bilinear2d.vec](x, [10, 8], True, None) is NotImplemented


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "extra", "dilation"),
    [
        (2, 2, 0, 0, 1),
        (3, 2, 1, 1, 1),
        (4, 2, 1, 0, 1),
        (3, 1, 1, 0, 2),
        (2, 3, 0, 0, 1),
        (5, 3, 2, 1, 1),
    ],
)
def test_a_transposed_convolution(
    kernel: int, stride: int, padding: int, extra: int, dilation: int, groups: int
) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(2, 4, 5, 6), torch.randn(4, 3, kernel, kernel)
    bias = torch.randn(3 * groups)
    pairs = [[n, n] for n in (stride, padding, dilation)]
    given = (x, weight, bias, *pairs, True, [extra, extra], groups)
    torch.testing.assert_close(
        made(ATEN.convolution.default, *given),
        ATEN.convolution.default(*given),
        rtol=1e-4,
        atol=1e-4,
    )


def test_a_forward_convolution_is_left_to_others() -> None:
    x, weight = torch.randn(1, 2, 4), torch.randn(2, 2, 3)
    given = (x, weight, None, [1], [0], [1], False, [0], 1)
    assert PHASES[ATEN.convolution.default](*given) is NotImplemented


@pytest.mark.parametrize("stride, padding", [((1,), (1,)), ((2,), (0,)), ((2,), (1,))])
def test_one_number_is_for_all_axes_of_a_transposed_convolution(
    stride: tuple[int, ...], padding: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(5, 2, 5, 6), torch.randn(2, 5, 2, 3)
    given = (x, weight, None, stride, padding, (1,), True, (0,), 1)
    op = ATEN.convolution.default
    torch.testing.assert_close(made(op, *given), op(*given))
