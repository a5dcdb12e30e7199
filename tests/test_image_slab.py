"""Convolutions whose image stays in l1: where pixels lie, and kernels that are right."""

import pytest
from contractions import check, contraction, maps, request

from hawk_xdsl.codegen.strategies import candidates

SLAB = "cube-image-slab"

CASES: dict[str, tuple[str, str, str, str, str]] = {
    "unpadded": (
        "2x24x9x11", "40x24x3x3", "2x40x7x9",
        maps("n, k, y, x, c, i, j", "n, c, y + i, x + j", "k, c, i, j", "n, k, y, x"), "pppprrr",
    ),
    "dilated": (
        "16x12x13", "16x16x3x3", "16x8x9",
        maps("k, y, x, c, i, j", "c, y + 2 * i, x + 2 * j", "k, c, i, j", "k, y, x"), "ppprrr",
    ),
    "along one dimension": (
        "3x32x70", "48x32x5", "3x48x66",
        maps("n, k, x, c, j", "n, c, x + j", "k, c, j", "n, k, x"), "ppprr",
    ),
    "apart": (
        "16x12x14", "32x16x3x3", "32x5x6",
        maps("k, y, x, c, i, j", "c, 2 * y + i, 2 * x + j", "k, c, i, j", "k, y, x"), "ppprrr",
    ),
    "in groups": (
        "2x2x16x8x8", "2x24x16x3x3", "2x2x24x6x6",
        maps("n, g, k, y, x, c, i, j", "n, g, c, y + i, x + j", "g, k, c, i, j", "n, g, k, y, x"),
        "ppppprrr",
    ),
    "channels last": (
        "10x12x16", "3x3x16x32", "8x10x32",
        maps("y, x, k, i, j, c", "y + i, x + j, c", "i, j, c, k", "y, x, k"), "ppprrr",
    ),
    "few channels": (
        "3x20x20", "16x3x5x5", "16x16x16",
        maps("k, y, x, c, i, j", "c, y + i, x + j", "k, c, i, j", "k, y, x"), "ppprrr",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_best_slab_is_right_and_proved(name: str) -> None:
    best, verdict = check(contraction(*CASES[name], dtypes=("f16", "f16")), SLAB)
    assert verdict.accepted, verdict.trap_message
    assert verdict.certificate.trust == "proved"
    assert best.text.count("s0 = load") == 1


def test_a_matrix_product_has_no_image() -> None:
    op = contraction("32x48", "48x64", "32x64", maps("m, n, k", "m, k", "k, n", "m, n"), "ppr")
    assert not candidates(request(op, SLAB))
