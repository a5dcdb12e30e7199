"""The operator suite: what is in it, that it runs, and that no entry is about its unseen half."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from hawk_xdsl.bench.suite import Case, Operator, ShapeKind, Split, Suite, load_suite
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import format_entry, load_seed_entries

SUITE_FILE = Path(__file__).parents[1] / "benchmarks" / "operators.py"
SUITE = load_suite(SUITE_FILE)
LARGEST = 4 << 20
"""Elements of an input: a gate on two cores takes seconds."""

FAMILIES = {
    *("elementwise", "activation", "broadcast", "cast", "reduction", "arg-reduction", "softmax"),
    *("norm", "scan", "layout", "gather", "pooling", "loss", "matmul", "linear", "convolution"),
    "attention",
}


def test_the_suite_is_large_and_split_in_every_family() -> None:
    splits = Counter(operator.split for operator in SUITE.operators)
    assert len(SUITE.operators) >= 100
    assert splits[Split.UNSEEN] >= 40 and splits[Split.SEEN] >= 40
    found = Counter((operator.family, operator.split) for operator in SUITE.operators)
    assert {family for family, _ in found} == FAMILIES
    assert all(found[family, split] >= 2 for family in FAMILIES for split in Split)


def test_both_dtypes_wherever_it_means_something() -> None:
    single = [operator for operator in SUITE.operators if len(operator.dtypes) == 1]
    assert {operator.family for operator in single} <= {"cast"}


@pytest.mark.parametrize("operator", SUITE.operators, ids=lambda operator: operator.name)
def test_operators_run_in_pytorch(operator: Operator) -> None:
    for shape, dtype in (
        (ShapeKind.SMALL, operator.dtypes[0]),
        (ShapeKind.RAGGED, operator.dtypes[-1]),
    ):
        case = Case(operator, shape, dtype)
        results = case.module()(*case.tensors(0))
        results = results if isinstance(results, tuple) else (results,)
        assert all(torch.isfinite(result.float()).all() for result in results)


def test_large_inputs_are_large_but_not_too_large() -> None:
    for operator in SUITE.operators:
        sizes = {shape: _most_elements(operator, shape) for shape in ShapeKind}
        assert 10 * sizes[ShapeKind.SMALL] < sizes[ShapeKind.LARGE] <= LARGEST, operator.name


def test_inputs_depend_on_the_seed_only() -> None:
    case = SUITE.cases()[0]
    first, again, other = case.tensors(3), case.tensors(3), case.tensors(4)
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])


def test_no_entry_is_about_an_unseen_operator() -> None:
    texts = {entry.name: format_entry(entry) for entry in load_seed_entries()}
    assert _naming_unseen(SUITE, texts) == []


def test_an_entry_about_an_unseen_operator_is_found() -> None:
    texts = {
        "a": "how to write a group norm",
        "b": "hard-swish by clipping",
        "c": "b0 = vmul t_selu, 2",
        "d": "the groups and their normal form",
        "e": 'name = "softmax-over-rows"',
    }
    assert _naming_unseen(SUITE, texts) == [
        ("a", "group_norm"),
        ("b", "hardswish"),
        ("c", "selu"),
        ("e", "softmax_over_rows"),
    ]


def _unseen_names(suite: Suite) -> Iterator[tuple[str, re.Pattern[str]]]:
    """What no knowledge entry may say: unseen operators and their aliases, as whole words.

    The words of a name may be joined in any way: ``group_norm`` is also group-norm or group norm.
    """
    for operator in suite.operators:
        if operator.split is Split.UNSEEN:
            for name in (operator.name, *operator.aliases):
                words = [re.escape(word) for word in re.split(r"[\s_-]+", name)]
                said = r"[\s_-]*".join(words)
                yield operator.name, re.compile(rf"(?<![a-z0-9]){said}(?![a-z0-9])", re.IGNORECASE)


def _naming_unseen(suite: Suite, texts: dict[str, str]) -> list[tuple[str, str]]:
    patterns = list(_unseen_names(suite))
    return [
        (entry, operator)
        for entry, text in texts.items()
        for operator, pattern in patterns
        if pattern.search(text)
    ]


def _most_elements(operator: Operator, shape: ShapeKind) -> int:
    sizes = operator.sizes[shape]
    counts = []
    for given in operator.inputs:
        count = 1
        for dim in given.dims:
            count *= int(dim) if dim.isdigit() else sizes[dim]
        counts.append(count)
    return max(counts)


GOOD = """
def twice(x):
    return 2 * x
ROWS = {"small": {"R": 2}, "ragged": {"R": 3}, "large": {"R": 64}}
INPUTS = {"x": "float[R]"}
ITEM = {"function": twice, "family": "f", "split": "seen", "inputs": INPUTS, "sizes": ROWS}
"""


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("OPERATORS = []", "a suite leaves a list OPERATORS that is not empty"),
        ("OPERATORS = [ITEM, ITEM]", "two operators are named twice"),
        ("OPERATORS = [1 / 0]", "this suite does not run: ZeroDivisionError: division by zero"),
        ("OPERATORS = [{**ITEM, 'split': 'new'}]", "operator twice: split must be seen or unseen"),
        ("OPERATORS = [{**ITEM, 'extra': 1}]", "operator twice: has an unknown field extra"),
        ("del ITEM['family']; OPERATORS = [ITEM]", "operator twice: lacks family"),
        (
            "OPERATORS = [{**ITEM, 'inputs': {'x': 'gauss[R]'}}]",
            "operator twice: input x: expected",
        ),
        ("OPERATORS = [{**ITEM, 'inputs': {'x': 'float[Q]'}}]", "input x: Q has no size at small"),
        ("OPERATORS = [{**ITEM, 'inputs': {'x': 'index[R]'}}]", "index(N)[dim]"),
        ("OPERATORS = [{**ITEM, 'dtypes': ['f8']}]", "operator twice: dtypes must be of f32, f16"),
        ("OPERATORS = [{**ITEM, 'sizes': {'small': {}}}]", "sizes must be given for small, ragged"),
    ],
)
def test_a_wrong_suite_is_told_in_one_line(tmp_path: Path, end: str, message: str) -> None:
    file = tmp_path / "suite.py"
    file.write_text(GOOD + end)
    with pytest.raises(HawkError) as caught:
        load_suite(file)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_suite_without_a_decorator(tmp_path: Path) -> None:
    file = tmp_path / "suite.py"
    file.write_text(GOOD + "OPERATORS = [ITEM]")
    suite = load_suite(file)
    assert [case.name for case in suite.cases()][:2] == ["twice/small/f32", "twice/small/f16"]
