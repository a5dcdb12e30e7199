"""Integers of 64 bits in kernels of 32: where they fit, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from integer_programs import SETTINGS, drawn, elementwise, pairs, truncated

from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.decide import UndecidableError
from hawk_xdsl.reference.host import IntegerRangeError


def _product_by_quotient() -> str:
    body = "%m = arith.muli %a, %b : i64\n    %r = arith.divsi %m, %b : i64"
    return elementwise(body, "i64 i64", "i64")


def test_a_product_of_64_bits_is_computed_where_it_fits_32_and_refused_where_not() -> None:
    compiled = compile_program(import_mlir_text(_product_by_quotient()), settings=SETTINGS)
    a = drawn("i16", 7, 40).astype(np.int64)
    b = np.where(a == 0, 1, a[::-1]) + (a[::-1] == 0)
    np.testing.assert_array_equal(compiled(a, b)[0], truncated(a * b, b))
    with pytest.raises(IntegerRangeError, match=r"has 100000, which is not within -32768\.\.32768"):
        compiled(np.full((7, 40), 100000), b)


def test_on_the_host_64_bits_are_64_bits() -> None:
    settings = replace(SETTINGS, host_fallback=True)
    compiled = compile_program(import_mlir_text(_product_by_quotient()), settings=settings)
    a, b = np.full((7, 40), 3_000_000_000), np.full((7, 40), -700_001)
    np.testing.assert_array_equal(compiled(a, b)[0], a)
    assert compiled.report[0].source == "host"


def test_a_literal_beyond_32_bits_is_refused_by_name() -> None:
    body = "%c = arith.constant 5000000000 : i64\n    %r = arith.addi %a, %c : i64"
    with pytest.raises(UndecidableError, match="add of i64 is not proved to fit 32 bits"):
        compile_program(import_mlir_text(elementwise(body, "i64", "i64")), settings=SETTINGS)


def test_a_kernel_takes_no_integer_that_needs_64_bits() -> None:
    body = "%c = arith.constant 3 : i64\n    %r = arith.cmpi eq, %a, %c : i64"
    compiled = compile_program(import_mlir_text(elementwise(body, "i64", "i1")), settings=SETTINGS)
    a = np.resize(np.array([3, 4, -(2**31), 2**31 - 1]), (7, 40))
    np.testing.assert_array_equal(compiled(a)[0], a == 3)
    a[6, 39] = 2**32 + 3
    with pytest.raises(IntegerRangeError, match="has 4294967299, which is not within 32 bits"):
        compiled(a)


def test_what_cancels_before_anything_looks_at_it_may_leave_32_bits() -> None:
    body = """%m = arith.muli %a, %a : i64
    %n = arith.addi %m, %b : i64
    %d = arith.subi %n, %m : i64
    %r = arith.trunci %d : i64 to i32"""
    compiled = compile_program(
        import_mlir_text(elementwise(body, "i64 i64", "i32")), settings=SETTINGS
    )
    a, b = (x.astype(np.int64) for x in pairs("i32", 7, 40)[0])
    np.testing.assert_array_equal(compiled(a, b)[0], b.astype(np.int32))
