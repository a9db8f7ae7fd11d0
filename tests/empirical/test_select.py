"""Selection on validation, reporting on test, and the whole grid."""

import numpy as np
import pytest

from linscale.empirical import ResultTable, best_by_validation, concat, grid
from linscale.errors import InvalidArgument
from tests.empirical.writers import result, table


def runs(n_train, n_params, *pairs, **changes):
    """A row on validation and one on test for each run."""
    return [
        result(n_train=n_train, n_params=n_params, seed=seed, split=split, value=value, **changes)
        for seed, pair in enumerate(pairs)
        for split, value in zip(("val", "test"), pair, strict=True)
    ]


# At N = 10 the small network is best on validation, though the large one is on test; and its
# best run on validation is not its best on test.
ROWS = [
    *runs(10, 100, (20.0, 19.0), (20.5, 18.5)),
    *runs(10, 200, (20.2, 22.0)),
    *runs(30, 100, (23.0, 22.0), (22.0, 23.0)),
    *runs(30, 200, (25.0, 24.0), (24.0, 24.5)),
]
TABLE = ResultTable(ROWS)


def chosen(found):
    return [(r.n_train, r.n_params, r.seed, r.split, r.value) for r in found]


def test_the_best_on_validation_is_reported_on_test():
    assert chosen(best_by_validation(TABLE, "psnr")) == [
        (10, 100, 1, "test", 18.5), (30, 200, 0, "test", 24.0),
    ]  # fmt: skip
    assert chosen(best_by_validation(TABLE, "psnr", report="val")) == [
        (10, 100, 1, "val", 20.5), (30, 200, 0, "val", 25.0),
    ]  # fmt: skip


def test_as_plotted_takes_the_best_test_value_of_the_size():
    assert chosen(best_by_validation(TABLE, "psnr", as_plotted=True)) == [
        (10, 100, 0, "test", 19.0), (30, 200, 1, "test", 24.5),
    ]  # fmt: skip


def test_the_order_of_rows_does_not_matter(rng):
    expected = best_by_validation(TABLE, "psnr")
    for _ in range(20):
        shuffled = ResultTable([ROWS[k] for k in rng.permutation(len(ROWS))])
        assert best_by_validation(shuffled, "psnr") == expected


def test_errors_are_best_where_small():
    errors = ResultTable(
        r for row in ROWS
        for r in [result(**{**cells(row), "metric": "nmse", "unit": "1", "value": 1 / row.value})]
    )  # fmt: skip
    found = best_by_validation(concat([errors, TABLE]), "nmse")
    assert [row[:3] for row in chosen(found)] == [(10, 100, 1), (30, 200, 0)]
    other = ResultTable(result(**{**cells(r), "metric": "sharpness", "unit": "1"}) for r in ROWS)
    with pytest.raises(InvalidArgument, match="larger_is_better = None"):
        best_by_validation(other, "sharpness")
    assert len(best_by_validation(other, "sharpness", larger_is_better=True)) == 2
    worst = best_by_validation(other, "sharpness", larger_is_better=False)
    assert [row[:3] for row in chosen(worst)] == [(10, 100, 0), (30, 100, 1)]


def cells(row):
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def test_tasks_are_kept_apart():
    other = runs(10, 300, (9.0, 8.0), task="mri")
    found = best_by_validation(ResultTable([*ROWS, *other]), "psnr")
    assert [(r.task, r.n_train) for r in found] == [
        ("denoising", 10),
        ("denoising", 30),
        ("mri", 10),
    ]


def test_ties_go_to_the_smaller_network_then_the_smaller_seed():
    tied = ResultTable([*runs(10, 200, (20.0, 1.0)), *runs(10, 100, (20.0, 2.0), (20.0, 3.0))])
    assert chosen(best_by_validation(tied, "psnr")) == [(10, 100, 0, "test", 2.0)]


def test_nothing_is_left_out_in_silence():
    with pytest.raises(
        InvalidArgument, match="two values of psnr on val for denoising, n_train = 10"
    ):
        best_by_validation(
            ResultTable([*ROWS, result(**{**cells(ROWS[0]), "source": "E2"})]), "psnr"
        )
    lone = result(n_train=70, split="test")
    with pytest.raises(InvalidArgument, match=r"no psnr on validation for .* n_train = 70"):
        best_by_validation(ResultTable([*ROWS, lone]), "psnr")
    untested = [row for row in ROWS if (row.value, row.split) != (18.5, "test")]
    with pytest.raises(InvalidArgument, match=r"no psnr on test for .* n_params = 100, seed = 1"):
        best_by_validation(ResultTable(untested), "psnr")
    with pytest.raises(InvalidArgument, match="metric = 'ssim': must be one of the table: psnr"):
        best_by_validation(TABLE, "ssim")
    with pytest.raises(InvalidArgument, match="report"):
        best_by_validation(TABLE, "psnr", report="holdout")


def test_grid():
    whole = ResultTable([*ROWS, *runs(90, 50, (30.0, 29.0))])
    found = grid(whole, "psnr", "test")
    assert found.n_train.tolist() == [10, 30, 90]
    assert found.n_params.tolist() == [50, 100, 200]
    nan = np.nan
    np.testing.assert_array_equal(
        found.mean, [[nan, 18.75, 22.0], [nan, 22.5, 24.25], [29.0, nan, nan]]
    )
    np.testing.assert_array_equal(
        found.lowest, [[nan, 18.5, 22.0], [nan, 22.0, 24.0], [29.0, nan, nan]]
    )
    np.testing.assert_array_equal(
        found.highest, [[nan, 19.0, 22.0], [nan, 23.0, 24.5], [29.0, nan, nan]]
    )
    assert found.runs.tolist() == [[0, 2, 1], [0, 2, 2], [1, 0, 0]]
    assert (found.metric, found.unit, found.split) == ("psnr", "dB", "test")


def test_a_grid_is_of_one_task_and_of_networks():
    with pytest.raises(InvalidArgument, match="2 tasks: denoising, mri"):
        grid(ResultTable([*ROWS, *runs(10, 300, (9.0, 8.0), task="mri")]), "psnr", "test")
    with pytest.raises(InvalidArgument, match="1 rows without n_params, of theory"):
        grid(ResultTable([*ROWS, result(n_params=None, source="theory")]), "psnr", "test")
    with pytest.raises(InvalidArgument, match="psnr on train of 0 tasks"):
        grid(table({}), "psnr", "train")
