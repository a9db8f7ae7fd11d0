"""A prediction's plot is its figure's panel; its table holds its curves."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import linscale as ls
from linscale import plotting
from linscale.plotting.images import PSNR_LABEL
from linscale.plotting.style import title_of
from tests.images.test_load import gaussian_images
from tests.tolerances import rounding


@pytest.fixture(scope="module")
def found():
    pixels = [image.pixels for image in gaussian_images(3, size=40)]
    return ls.predict(
        np.array(pixels), sigma=0.1, patch_size=4, n_train=[5, 3000], contrast="constant",
        resamples=20,
    )  # fmt: skip


def drawn(axes):
    return [(line.get_label(), np.asarray(line.get_ydata()).tolist()) for line in axes.lines]


def test_the_plot_is_the_panel_of_the_figure(found):
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    (panel,) = plotting.draw(found.study).axes
    np.testing.assert_equal(drawn(ax), drawn(panel))
    for name in ("get_title", "get_xlabel", "get_ylabel"):
        assert getattr(ax, name)() == getattr(panel, name)()
    for name in ("get_xlim", "get_ylim"):  # margins are added in an order of matplotlib's
        ends, others = getattr(ax, name)(), getattr(panel, name)()
        assert np.allclose(ends, others, rtol=rounding(1.0, 8), atol=0.0)
    (first, *_) = ax.lines
    np.testing.assert_array_equal(first.get_ydata(), found.curve.psnr)
    assert first.get_label() == title_of("early_stopped")
    assert ax.get_ylabel() == PSNR_LABEL
    assert ax.get_legend() is None  # the caller's to add
    assert panel.get_legend() is not None


def test_two_predictions_in_one_panel(found):
    ax = Figure().subplots()
    found.plot(ax)
    before = len(ax.lines)
    found.plot(ax, label="again", color="#123456", ls=":")
    (again,) = [line for line in ax.lines if line.get_label() == f"again: {title_of('best_ridge')}"]
    assert (again.get_color(), again.get_linestyle()) == ("#123456", ":")
    assert len(ax.texts) == 1  # one mark of saturation
    assert len(ax.lines) > before


def test_its_table_is_that_of_its_study(found):
    pytest.importorskip("pandas", reason="pandas is optional")
    frame = found.to_frame()
    assert frame.estimator.unique().tolist() == ["early_stopped", "best_ridge", "converged"]
    early = frame[frame.estimator == "early_stopped"]
    np.testing.assert_array_equal(early.value.to_numpy(), found.curve.value)
    np.testing.assert_array_equal(early.n_train.to_numpy(), found.curve.n_train)


def test_repr_says_what_was_found(found):
    assert repr(found) == (
        "Prediction(denoising, 4 x 4 signals from 3 images, sigma=0.1, "
        f"floor={found.floor:.4g}, saturation={found.saturation!r})"
    )
    assert " ± " in repr(found)
    assert repr(found.study) == (
        "PredictionStudy(theory=['early_stopped', 'best_ridge', 'converged'], n_train=5 to 3000, "
        f"floor={found.floor:.4g}, saturation={found.saturation!r})"
    )
