"""The error function of many float64 numbers at once, within one ulp of the C library's."""

from functools import reduce

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Coefficients by ascending powers, from FreeBSD's lib/msun/src/s_erf.c (Sun Microsystems, 1993).
_NEAR_ZERO = (
    (
        *(1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02),
        *(-5.77027029648944159157e-03, -2.37630166566501626084e-05),
    ),
    (
        *(1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02),
        *(5.08130628187576562776e-03, 1.32494738004321644526e-04, -3.96022827877536812320e-06),
    ),
)
_NEAR_ONE = (
    (
        *(-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01),
        *(3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02),
        -2.16637559486879084300e-03,
    ),
    (
        *(1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01),
        *(7.18286544141962662868e-02, 1.26171219808761642112e-01, 1.36370839120290507362e-02),
        1.19844998467991074170e-02,
    ),
)
_BELOW_3 = (
    (
        *(-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e01),
        *(-6.23753324503260060396e01, -1.62396669462573470355e02, -1.84605092906711035994e02),
        *(-8.12874355063065934246e01, -9.81432934416914548592e00),
    ),
    (
        *(1.0, 1.96512716674392571292e01, 1.37657754143519042600e02, 4.34565877475229228821e02),
        *(6.45387271733267880336e02, 4.29008140027567833386e02, 1.08635005541779435134e02),
        *(6.57024977031928170135e00, -6.04244152148580987438e-02),
    ),
)
_BELOW_6 = (
    (
        *(-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e01),
        *(-1.60636384855821916062e02, -6.37566443368389627722e02, -1.02509513161107724954e03),
        -4.83519191608651397019e02,
    ),
    (
        *(1.0, 3.03380607434824582924e01, 3.25792512996573918826e02, 1.53672958608443695994e03),
        *(3.19985821950859553908e03, 2.55305040643316442583e03, 4.74528541206955367215e02),
        -2.24409524465858183362e01,
    ),
)
_AT_ONE = 8.45062911510467529297e-01
"""What the approximation around 1 is added to."""


def erf(x: npt.ArrayLike) -> Floats:
    """The error function: four rational approximations by the size of the argument.

    Beyond 6 it is 1 with the argument's sign; of NaN it is NaN.
    """
    given = np.asarray(x, np.float64)
    size = np.abs(given).reshape(-1)
    found = np.where(np.isnan(size), size, 1.0)
    near = size < 0.84375
    found[near] = _near_zero(size[near])
    around = (size >= 0.84375) & (size < 1.25)
    found[around] = _AT_ONE + _quotient(_NEAR_ONE, size[around] - 1)
    for low, high, terms in ((1.25, 1 / 0.35, _BELOW_3), (1 / 0.35, 6.0, _BELOW_6)):
        between = (size >= low) & (size < high)
        found[between] = 1 - _complement(terms, size[between])
    return np.copysign(found.reshape(given.shape), given)


def _near_zero(x: Floats) -> Floats:
    return x + x * _quotient(_NEAR_ZERO, x * x)


def _complement(terms: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    """1 − erf: exp(−x²) is made of a square that is exact and of what that leaves."""
    short = (x.view(np.uint64) & np.uint64(0xFFFFFFFF00000000)).view(np.float64)
    rest = (short - x) * (short + x) + _quotient(terms, 1 / (x * x))
    return np.exp(-short * short - 0.5625) * np.exp(rest) / x


def _quotient(terms: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    above, below = (
        reduce(lambda sum_, each: sum_ * x + each, reversed(part), np.zeros(x.shape))
        for part in terms
    )
    return above / below
