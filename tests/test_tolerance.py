"""Tolerances: what a result may be where its dtype ends."""

import numpy as np
import pytest

from hawk_xdsl.generation.judging.tolerance import Expected

pytestmark = pytest.mark.filterwarnings("ignore:invalid value")


def _expected(exact: float, declared: float) -> Expected:
    wide = np.array([exact, 1.0])
    return Expected(wide, np.array([declared, 1.0], np.float16), lambda: wide)


@pytest.mark.parametrize("given", [100.0, np.inf])
def test_where_only_the_dtype_overflows_the_exact_value_is_right_too(given: float) -> None:
    expected = _expected(100.025, np.inf)
    assert expected.mistake(np.array([given, 1.0], np.float16)) is None


@pytest.mark.parametrize("given", [99.0, -np.inf, np.nan, 0.0])
def test_anything_else_is_wrong_there(given: float) -> None:
    expected = _expected(100.025, np.inf)
    assert expected.mistake(np.array([given, 1.0], np.float16)) is not None


@pytest.mark.parametrize("special", [np.inf, np.nan])
def test_what_is_special_in_float64_must_be_so(special: float) -> None:
    expected = _expected(special, special)
    assert expected.mistake(np.array([special, 1.0], np.float16)) is None
    assert expected.mistake(np.array([7.0, 1.0], np.float16)) is not None
