"""What rewrites claim is measured: every one of the package keeps it, and lies are found."""

import pytest

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.entry_check import check_entry, contradiction
from hawk_xdsl.knowledge_store import Entry, EntryKind, load_seed_entries
from hawk_xdsl.knowledge_store.read_entries import parse_entries
from hawk_xdsl.npu_target import load_target

TARGET = load_target("ascend910b1")
PACKAGED = load_seed_entries()
ESTIMATE = "error = { relative = 5e-3 }\ndomain = { a = [1e-3, 1e3] }"


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer.for_target(PACKAGED, TARGET)


def rewrite(before: str, after: str, rest: str = "", trigger: str = "") -> Entry:
    head = '[[entry]]\nname = "own"\nkind = "rewrite"\nrationale = "Own."\n'
    artifact = f'[entry.artifact]\nbefore = "{before}"\nafter = "{after}"\n{rest}\n'
    [entry] = parse_entries(f"{head}[entry.trigger]\n{trigger}\n{artifact}", "own.toml")
    return entry


@pytest.mark.corpus
def test_every_rewrite_of_the_package_keeps_what_it_claims(composer: Composer) -> None:
    rewrites = [entry for entry in PACKAGED if entry.kind is EntryKind.REWRITE]
    found = [check_entry(entry, composer, TARGET) for entry in rewrites]
    assert [line for each in found if (line := contradiction(each)) is not None] == []
    why = ("a part of others", "no meaning is known of", "no instance")
    assert all(each.measured or each.unchecked.startswith(why) for each in found)
    assert sum(bool(each.measured) for each in found) > 0.6 * len(rewrites)


@pytest.mark.parametrize(
    ("before", "after", "rest", "at"),
    [
        ("a / c", "a * (1 / c)", "domain = { c = [1e-30, 1e30] }", "c = "),
        ("select(a > b, a, b)", "max(a, b)", "", "a = nan"),
        ("1 / a", "rec_estimate(a)", "error = { ulp = 2 }", "a = "),
        ("log(x)", "ln(x)", "error = { ulp = 2 }", "x = "),
        ("log1p(x)", "ln(1 + x)", "error = { ulp = 4 }\ndomain = { x = [0, 10] }", "x = "),
        ("tanh(x)", "1 - 2 / (exp(x * 2) + 1)", "error = { relative = 1e-6 }", "x = "),
        ("copysign(a, b)", "select(b < 0, neg(abs(a)), abs(a))", "", "b = -0"),
        ("sqrt(x)", "x * (1 / sqrt(x))", "error = { ulp = 2 }", "x = "),
        ("xor(p, 1)", "not(p)", "", "p = "),
    ],
)  # fmt: skip
def test_a_lie_is_told_with_the_input_that_shows_it(
    before: str, after: str, rest: str, at: str, composer: Composer
) -> None:
    found = contradiction(check_entry(rewrite(before, after, rest), composer, TARGET))
    assert found is not None and "\n" not in found
    assert "'own' claims" in found and at in found


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("exp(x)", "exp(x) * 1.0000001", "instead of"),
        ("tanh(x)", "x * (27 + x * x) / (27 + 9 * x * x)", "instead of"),
        ("exp(x)", "_nobody(x)", "no meaning is known of _nobody"),
    ],
)
def test_what_only_approximates_is_no_identity(
    before: str, after: str, says: str, composer: Composer
) -> None:
    entry = rewrite(before, after, "error = { relative = 100 }\nidentity = true")
    found = contradiction(check_entry(entry, composer, TARGET))
    assert found is not None and "claims to be an identity" in found and says in found


def test_an_identity_may_round(composer: Composer) -> None:
    entry = rewrite(
        "log2(x)", "log(x) * 1.4426950408889634", "error = { ulp = 3 }\nidentity = true"
    )
    assert contradiction(check_entry(entry, composer, TARGET)) is None


@pytest.mark.parametrize(
    ("before", "after", "rest"),
    [
        ("log(x)", "ln(x)", "error = { ulp = 1 }\ndomain = { x = [1e-40, inf] }"),
        ("sqrt(1 / a)", "sqrt(rec_estimate(a))", ESTIMATE),
        ("select(a > b, a, b)", "max(a, b)", "domain = { a = [-inf, inf] }"),
        ("a + a", "a * 2", ""),
    ],
)
def test_what_is_true_in_its_domain_is_admitted(
    before: str, after: str, rest: str, composer: Composer
) -> None:
    found = check_entry(rewrite(before, after, rest), composer, TARGET)
    assert found.measured and contradiction(found) is None


def test_a_result_is_measured_in_the_units_that_are_claimed(composer: Composer) -> None:
    entry = rewrite("exp(x)", "exp(x) * 1.0001", "error = { relative = 2e-4 }", 'dtypes = ["f32"]')
    worst = check_entry(entry, composer, TARGET).worst
    assert worst is not None and worst.dtype == "f32"
    assert 0.9e-4 < worst.relative < 1.1e-4 and 0.4 < worst.share < 0.6


def test_functions_that_only_entries_know_are_not_checked(composer: Composer) -> None:
    found = check_entry(rewrite("nobody(x)", "x + 1"), composer, TARGET)
    assert not found.measured and found.unchecked == "no meaning is known of nobody"
