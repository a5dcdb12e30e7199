"""PyTorch ops that put values at places or order them: as comparisons they give the same."""

import pytest
import torch
from torch._ops import OpOverload
from torch.utils import _pytree as pytree

from hawk_xdsl.frontend.placing import MOST_STEPS, PLACING

ATEN = torch.ops.aten

FEW, MANY = 3, MOST_STEPS + 4
"""Values that are put one after the other, and by one reduction."""


def assert_same(op: OpOverload, *arguments: object, **options: object) -> None:
    """What stands for an op gives what the op gives: values, dtypes and shapes."""
    pairs = zip(
        tensors(PLACING[op](*arguments, **options)),
        tensors(op(*arguments, **options)),
        strict=True,
    )
    for one, other in pairs:
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        torch.testing.assert_close(one, other, equal_nan=True)


def tensors(results: object) -> list[torch.Tensor]:
    found = list(pytree.tree_leaves(results))
    assert all(isinstance(each, torch.Tensor) for each in found)
    return found


def distinct(rows: int, extent: int, count: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    drawn = [torch.randperm(extent, generator=random)[:count] for _ in range(rows)]
    return torch.stack(drawn)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("count", [FEW, MANY])
def test_scatter_puts_each_row_at_its_own_places(count: int) -> None:
    x, index, source = torch.randn(4, 30), distinct(4, 30, count), torch.randn(4, count)
    assert_same(ATEN.scatter.src, x, -1, index, source)
    assert_same(ATEN.scatter.value, x, 1, index, 3.0)


def test_rows_that_the_index_does_not_span_stay() -> None:
    x, index, source = torch.randn(4, 30, 2), distinct(2, 30, 3)[..., None], torch.randn(4, 5, 2)
    assert_same(ATEN.scatter.src, x, 1, index, source)


@pytest.mark.parametrize("count", [FEW, MANY])
def test_of_several_values_for_a_place_the_last_counts_or_all_are_added(count: int) -> None:
    x, source = torch.zeros(2, 5), torch.randn(2, count)
    index = torch.arange(count).remainder(2).expand(2, count)
    made = PLACING[ATEN.scatter.src](x, 1, index, source)
    assert isinstance(made, torch.Tensor)
    last = [max(j for j in range(count) if j % 2 == place) for place in (0, 1)]
    torch.testing.assert_close(made[:, :2], source[:, last])
    assert_same(ATEN.scatter_add.default, x, 1, index, source)


@pytest.mark.parametrize("count", [FEW, MANY])
def test_a_cache_is_updated_at_positions_that_are_data(count: int) -> None:
    cache, new = torch.randn(2, 30, 5), torch.randn(2, count, 5)
    positions = distinct(1, 30, count)[0]
    assert_same(ATEN.index_copy.default, cache, 1, positions, new)
    assert_same(ATEN.index_add.default, cache, 1, positions, new, alpha=2)
    assert_same(ATEN.index_fill.int_Scalar, cache, 1, positions, 2.0)
    assert_same(ATEN.index_put.default, cache, (None, positions), new)
    assert_same(ATEN.index_put.default, cache, (torch.tensor([1]), positions - 30), new[0])


def test_indexed_axes_that_are_no_neighbours_come_first() -> None:
    x, values = torch.randn(2, 30, 5), torch.randn(4, 30)
    rows, columns = torch.tensor([0, 1, 0, 1]), torch.tensor([0, 0, 3, 4])
    assert_same(ATEN.index_put.default, x, (rows, None, columns), values)
    grid = (rows.reshape(2, 2), columns.reshape(2, 2))
    assert_same(ATEN.index_put.default, x, grid, torch.tensor(5.0))


def test_index_put_adds_where_asked_and_follows_a_mask() -> None:
    x = torch.randn(2, 30, 5)
    twice = (None, None, torch.tensor([1, 1, 2]))
    assert_same(ATEN.index_put.default, x, twice, torch.ones(3), True)
    assert_same(ATEN.index_put.default, x, (torch.randn(2, 30) > 0,), torch.tensor(1.0))


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize(("extent", "count"), [(8, 2), (8, 8), (40, 30)])
def test_the_best_of_an_axis_in_order_with_their_places(
    extent: int, count: int, largest: bool
) -> None:
    for x in (torch.randn(3, extent, 2), torch.randperm(extent * 6).reshape(3, extent, 2)):
        assert_same(ATEN.topk.default, x, count, 1, largest)
        assert_same(ATEN.sort.default, x, 1, largest)


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("extent", [8, 40])
def test_equal_numbers_keep_their_order_and_nan_is_the_largest(extent: int, largest: bool) -> None:
    x = torch.randn(3, extent)
    x[0, 3] = float("nan")
    x[1, 2], x[1, 4] = float("-inf"), float("-inf")
    x[2, :] = float("inf")
    assert_same(ATEN.sort.stable, x, stable=True, dim=1, descending=largest)


def test_a_number_is_its_own_order() -> None:
    assert_same(ATEN.sort.default, torch.tensor(3.0))
    assert_same(ATEN.scatter.src, torch.tensor(1.0), 0, torch.tensor(0), torch.tensor(2.0))


@pytest.mark.parametrize("accumulate", [False, True])
def test_a_mask_takes_one_value_after_the_other(accumulate: bool) -> None:
    x, mask = torch.randn(5, 4), torch.tensor([True, False, True, True, False])
    assert_same(ATEN.index_put.default, x, [mask], torch.randn(3, 4), accumulate)
    assert_same(ATEN.index_put.default, x, [mask], torch.randn(4), accumulate)
    assert_same(ATEN.index_put.default, x, [x > 0.5], torch.randn(int((x > 0.5).sum())))
    assert_same(ATEN.index_put.default, x, [x > 9.0], torch.randn(0))


@pytest.mark.parametrize("keepdim", [False, True])
def test_the_kth_of_an_axis(keepdim: bool) -> None:
    x = torch.randn(4, 9)
    assert_same(ATEN.kthvalue.default, x, 3, 1, keepdim)
    assert_same(ATEN.kthvalue.default, x, 2, 0, keepdim)
    assert_same(ATEN.kthvalue.default, torch.tensor(1.5), 1, 0, keepdim)


@pytest.mark.parametrize("include_self", [False, True])
@pytest.mark.parametrize("kind", ["sum", "prod", "mean", "amax", "amin"])
def test_what_belongs_to_a_place_is_reduced(kind: str, include_self: bool) -> None:
    x, source = torch.randn(4, 6), torch.randn(4, 9)
    index = torch.randint(0, 5, (4, 9))
    op = ATEN.scatter_reduce.two
    assert_same(op, x, 1, index, source, kind, include_self=include_self)
    assert_same(op, x, 0, index[:, :3] % 4, source, kind, include_self=include_self)
    whole = (source * 8).int()
    assert_same(op, x.int(), 1, index, whole, kind, include_self=include_self)
