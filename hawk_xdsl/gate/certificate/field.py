"""Numbers as residues: sums and products of real numbers, exact, at random points.

A real number is its residues modulo up to three primes p below 2²¹ and modulo q, which divides
every p − 1. So e to the power of x has a meaning too: g^(x mod q) mod p for a g of order q, and
e^(a + b) = e^a · e^b holds. Two different rational functions of degree d agree at a random point
with probability at most d / p a prime.
"""

from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

Planes = npt.NDArray[np.float64]
"""Residues, one plane a modulus along the first axis: q, then the primes."""

Words = npt.NDArray[np.uint64]

ORDER = 149399
"""The prime q."""

PRIMES = (2091587, 1792789, 1195193)
"""The primes p: 14 q + 1, 12 q + 1 and 8 q + 1."""

PLANE_BITS = 21
PART = 1 << 14
"""Elements of a plane that are reduced at once."""

SUMMANDS = 1024
"""Products of residues whose sum a float64 holds exactly, with room to spare."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def mixed(words: Words, key: int = 0) -> Words:
    """A keyed one-to-one scrambling of 64-bit words (the finaliser of SplitMix64)."""
    x = words ^ np.uint64(key & 0xFFFFFFFFFFFFFFFF)
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


class Field:
    """Arithmetic on planes of residues, modulo ``ORDER`` and the first ``primes`` primes."""

    def __init__(self, primes: int) -> None:
        self.primes = primes
        self.moduli = np.array([ORDER, *PRIMES[:primes]], np.float64)
        self._inverses = 1.0 / self.moduli

    @property
    def planes(self) -> int:
        """How many residues a number has."""
        return self.primes + 1

    def _shaped(self, constants: npt.NDArray[np.float64], like: Planes) -> Planes:
        return constants.reshape(-1, *[1] * (like.ndim - 1))

    def reduced(self, planes: Planes) -> Planes:
        """Whole numbers from 0 to below 2⁵² as residues; overwrites its argument.

        A part that the processor's caches hold after the other: a temporary as large as the planes
        would take sixteen times as long, most of it for pages that are new each time.
        """
        if not planes.flags.c_contiguous:
            planes = np.ascontiguousarray(planes)
        flat = planes.reshape(planes.shape[0], -1)
        scratch = np.empty(min(PART, flat.shape[1]))
        for plane, modulus, inverse in zip(flat, self.moduli, self._inverses, strict=True):
            for start in range(0, plane.size, PART):
                part = plane[start : start + PART]
                quotient = scratch[: part.size]
                np.add(part, 0.5, out=quotient)
                np.multiply(quotient, inverse, out=quotient)
                np.floor(quotient, out=quotient)
                np.multiply(quotient, modulus, out=quotient)
                np.subtract(part, quotient, out=part)
        return planes

    def add(self, left: Planes, right: Planes) -> Planes:
        """The sum."""
        return self.reduced(left + right)

    def sub(self, left: Planes, right: Planes) -> Planes:
        """The difference."""
        difference = left - right
        difference += self._shaped(self.moduli, difference)
        return self.reduced(difference)

    def neg(self, planes: Planes) -> Planes:
        """The negated number."""
        return self.reduced(self._shaped(self.moduli, planes) - planes)

    def mul(self, left: Planes, right: Planes) -> Planes:
        """The product."""
        return self.reduced(left * right)

    def sum(self, planes: Planes, axes: tuple[int, ...]) -> Planes:
        """The sum over axes (of the planes' own shape, counted without the first), kept as 1."""
        return self.reduced(planes.sum(tuple(axis + 1 for axis in axes), keepdims=True))

    def matmul(self, left: Planes, right: Planes) -> Planes:
        """The product of matrices, the last two axes."""
        total: Planes | None = None
        for start in range(0, left.shape[-1], SUMMANDS):
            end = start + SUMMANDS
            part = self.reduced(np.matmul(left[..., start:end], right[..., start:end, :]))
            total = part if total is None else self.add(total, part)
        assert total is not None
        return total

    def inverse(self, planes: Planes) -> Planes:
        """One over the number; over zero: zero."""
        tables = [_inverses(int(modulus)) for modulus in self.moduli]
        index = planes.astype(np.int64)
        return np.stack([table[at] for table, at in zip(tables, index, strict=True)]).astype(
            np.float64
        )

    def exp(self, planes: Planes) -> Planes:
        """e to the power of the number: for each prime g^(x mod q), with g of order q modulo it.

        Example with p = 7, q = 3 and g = 2, since 2³ = 8 = 1 mod 7: for a = 1 and b = 5, that is 2
        mod 3, e^a e^b is 2¹ · 2² = 8 = 1, and e^(a+b) is 2^(6 mod 3) = 2⁰ = 1 as well.

        The result's own residue modulo q follows from nothing. It is a hash of the other residues,
        so that a nested exponential of equal arguments is equal, and has no other law.
        """
        index = planes[0].astype(np.int64)
        result = np.empty_like(planes)
        for plane, prime in enumerate(PRIMES[: self.primes], start=1):
            result[plane] = _powers(prime)[index]
        words = mixed(self._packed(result[1:]), 0x455850)
        result[:1] = self.residues(words)[:1]
        return result

    def _packed(self, planes: Planes) -> Words:
        words = planes[0].astype(np.uint64)
        for plane in planes[1:]:
            words = (words << np.uint64(PLANE_BITS)) + plane.astype(np.uint64)
        return words

    def digest(self, planes: Planes) -> Words:
        """One word for the residues modulo the primes: of an exponential that modulo q is none."""
        return self._packed(planes[1:])

    def residues(self, words: Words) -> Planes:
        """A number drawn by a word: every residue from other bits of it."""
        result = np.empty((self.planes, *words.shape))
        mask = np.uint64((1 << PLANE_BITS) - 1)
        result[0] = ((words * _ODD) >> np.uint64(64 - PLANE_BITS)).astype(np.float64)
        for plane in range(1, self.planes):
            shift = np.uint64(PLANE_BITS * (plane - 1))
            result[plane] = ((words >> shift) & mask).astype(np.float64)
        return self.reduced(result)

    def of_reals(self, values: npt.NDArray[np.float64]) -> Planes:
        """The residues of finite float64 numbers, which are whole multiples of powers of two."""
        fraction, exponent = np.frexp(values)
        mantissa = np.ldexp(fraction, 53).astype(np.int64)
        exponent = exponent.astype(np.int64) - 53
        result = np.empty((self.planes, *values.shape))
        for plane, modulus in enumerate(self.moduli.astype(np.int64)):
            powers = _powers_of_two(int(modulus))
            result[plane] = np.mod(np.mod(mantissa, modulus) * powers[exponent + _DEEPEST], modulus)
        return result


_DEEPEST = 1200
"""The lowest power of two in tables, negated: below float64's."""


@lru_cache
def _powers_of_two(modulus: int) -> npt.NDArray[np.int64]:
    half = pow(2, -1, modulus)
    powers = [pow(half, _DEEPEST, modulus)]
    for _ in range(2 * _DEEPEST):
        powers.append(powers[-1] * 2 % modulus)
    return np.array(powers, np.int64)


def _factors(number: int) -> set[int]:
    found: set[int] = set()
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.add(divisor)
            number //= divisor
        divisor += 1
    return found | ({number} if number > 1 else set())


@lru_cache
def _root(modulus: int) -> int:
    """The least primitive root."""
    factors = _factors(modulus - 1)
    return next(
        g
        for g in range(2, modulus)
        if all(pow(g, (modulus - 1) // factor, modulus) != 1 for factor in factors)
    )


def _geometric(base: int, count: int, modulus: int) -> npt.NDArray[np.int64]:
    """``base`` to the powers from 0 to below ``count``."""
    powers = np.ones(1, np.int64)
    while powers.size < count:
        powers = np.concatenate([powers, powers * pow(base, powers.size, modulus) % modulus])
    return powers[:count]


@lru_cache
def _powers(prime: int) -> npt.NDArray[np.float64]:
    """The powers of an element of order ``ORDER``."""
    base = pow(_root(prime), (prime - 1) // ORDER, prime)
    return _geometric(base, ORDER, prime).astype(np.float64)


@lru_cache
def _inverses(modulus: int) -> npt.NDArray[np.float32]:
    """The inverse of every residue, and 0 of 0; all are below 2²⁴, so that f32 holds them."""
    powers = _geometric(_root(modulus), modulus - 1, modulus)
    table = np.zeros(modulus, np.float32)
    table[powers] = np.roll(powers[::-1], 1)
    return table


class Specials:
    """The residues that stand for what is no number."""

    def __init__(self, field: Field) -> None:
        self._field = field

    @cached_property
    def infinity(self) -> Planes:
        """Plus infinity; minus infinity is its negation."""
        return self._field.residues(mixed(np.array(0x1F1F, np.uint64)))

    @cached_property
    def nan(self) -> Planes:
        """Not a number."""
        return self._field.residues(mixed(np.array(0x2A2A, np.uint64)))
