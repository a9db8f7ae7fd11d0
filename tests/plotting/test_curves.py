"""A plot draws what the object holds, into the axes it is given."""

import sys
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

import linscale as ls
from linscale import plotting
from linscale.errors import InvalidArgument, Unsupported
from linscale.plotting.curves import CYCLE, DOUBTFUL, FLOOR, SIMULATED
from linscale.plotting.images import PSNR_LABEL
from linscale.results import RiskCurve, RiskPath, RiskPoint
from linscale.results.decibels import psnr
from linscale.studies.study import Study
from linscale.studies.subspace import subspace_study
from linscale.studies.tables import Column
from linscale.studies.training import DECIBEL, GAUSSIAN, SAME, TrainingStudy

MODEL = ls.SubspaceModel(n=100, d=10, sigma=0.05)


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture
def own():
    """Figures of pyplot without a window; those that a test opens are closed."""
    pyplot.switch_backend("agg")
    before = set(pyplot.get_fignums())
    yield pyplot
    for number in set(pyplot.get_fignums()) - before:
        pyplot.close(number)


@pytest.fixture(scope="module")
def study():
    return subspace_study(ls.SubspaceModel(n=12, d=3, sigma=0.3), [1, 4, 12, 1000], draws=8, seed=3)


def curve_of(values, statuses=None, sem=0.0, floor=0.1):
    sems, said = np.broadcast_to(sem, len(values)), statuses or ["ok"] * len(values)
    points = [
        RiskPoint(R, floor=floor, error=s, sem=s, method="made up", status=status)
        for R, s, status in zip(values, sems, said, strict=True)
    ]
    return RiskCurve.of([10 * 2**k for k in range(len(values))], points)


def lines(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def bars(ax):
    return [drawn for drawn in ax.containers if isinstance(drawn, ErrorbarContainer)]


def ends(drawn):
    """Lower and upper ends of error bars."""
    segments = np.array(drawn[2][0].get_segments())
    return segments[:, 0, 1], segments[:, 1, 1]


def test_theory_is_a_line(ax):
    curve = ls.curve(MODEL, [30, 100, 300], method="theory")
    assert curve.plot(ax, label="theory", color="#123456", lw=3) is ax
    (line,) = lines(ax, "theory")
    np.testing.assert_array_equal(line.get_xdata(), curve.n_train)
    np.testing.assert_array_equal(line.get_ydata(), curve.value)
    assert (line.get_color(), line.get_linewidth(), line.get_linestyle()) == ("#123456", 3, "-")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel() == "number of training examples $N$"
    assert ax.get_ylabel() == "risk"
    (floor,) = lines(ax, FLOOR)
    assert list(floor.get_ydata()) == [curve.floor] * 2
    assert (floor.get_linestyle(), floor.get_linewidth()) == ("--", 0.8)
    assert not bars(ax)


def test_doubtful_points_of_theory_are_dotted(ax):
    values, said = [0.9, 0.7, 0.5, 0.4, 0.3], ["ok", "ok", "far off", "ok", "ok"]
    curve_of(values, said).plot(ax, label="theory", marker="o")
    (solid,), (dotted,) = lines(ax, "theory"), lines(ax, DOUBTFUL)
    np.testing.assert_array_equal(solid.get_ydata(), [0.9, 0.7, np.nan, 0.4, 0.3])
    np.testing.assert_array_equal(dotted.get_ydata(), [np.nan, 0.7, 0.5, 0.4, np.nan])
    assert (solid.get_linestyle(), dotted.get_linestyle()) == ("-", ":")
    assert dotted.get_color() == solid.get_color()
    # Where markers are asked for, that of the doubtful point alone is hollow.
    assert list(dotted.get_markevery()) == [2]
    assert dotted.get_markerfacecolor() == "white" != solid.get_markerfacecolor()


def test_simulation_is_points_with_bars_of_a_standard_error(ax):
    curve = ls.curve(MODEL, [10, 30, 100], method="montecarlo", trials=20)
    curve.plot(ax, label="simulation", color="#123456")
    (drawn,) = bars(ax)
    assert drawn.get_label() == "simulation"
    np.testing.assert_array_equal(drawn[0].get_xdata(), curve.n_train)
    np.testing.assert_array_equal(drawn[0].get_ydata(), curve.value)
    assert drawn[0].get_linestyle() == "None"
    assert drawn[0].get_color() == drawn[0].get_markerfacecolor() == "#123456"
    low, high = ends(drawn)
    np.testing.assert_array_equal(low, curve.value - curve.sem)
    np.testing.assert_array_equal(high, curve.value + curve.sem)


def test_doubtful_points_of_simulation_are_hollow(ax):
    curve_of([0.5, 0.4, 0.3], ["ok", "few draws", "ok"], sem=0.01).plot(ax, label="simulation")
    full, hollow = bars(ax)
    assert (full.get_label(), hollow.get_label()) == ("simulation", DOUBTFUL)
    assert list(full[0].get_ydata()) == [0.5, 0.3]
    assert list(hollow[0].get_ydata()) == [0.4]
    assert hollow[0].get_markerfacecolor() == "white" != full[0].get_markerfacecolor()
    assert hollow[0].get_color() == full[0].get_color()


def test_a_curve_by_both_methods(ax):
    curve = curve_of([0.9, 0.5, 0.3], sem=[0.02, 0.0, np.nan])  # a single draw has no error
    curve.plot(ax, label="auto")
    (line,), (points,) = lines(ax, "auto"), bars(ax)
    np.testing.assert_array_equal(line.get_ydata(), curve.value)
    assert list(points[0].get_ydata()) == [0.9, 0.3]
    assert points.get_label() == SIMULATED
    assert points[0].get_color() == line.get_color()


def test_infinite_values_are_left_out(ax):
    curve_of([0.9, np.inf, 0.3]).plot(ax, label="theory")
    np.testing.assert_array_equal(lines(ax, "theory")[0].get_ydata(), [0.9, np.nan, 0.3])
    curve_of([0.9, np.inf, 0.3], sem=0.01).plot(ax)
    assert list(bars(ax)[0][0].get_ydata()) == [0.9, 0.3]
    assert np.all(np.isfinite(ax.get_ylim()))


def test_one_point_can_be_seen_and_has_a_frame(ax):
    curve_of([0.5]).plot(ax, label="theory")
    curve_of([0.5], sem=0.01).plot(ax, label="simulation")
    assert lines(ax, "theory")[0].get_marker() == "o"
    ax.figure.canvas.draw()  # a warning would be an error here
    low, high = ax.get_xlim()
    assert low < 10 < high


def test_a_path_is_a_line_with_a_band(ax):
    at = [1.0, 10.0, 100.0]
    path = ls.theory.risk(MODEL, 30, ls.GradientFlow(at))
    path.plot(ax, label="theory", color="#123456")
    (line,) = lines(ax, "theory")
    np.testing.assert_array_equal(line.get_xdata(), at)
    doubtful = np.array(path.statuses) != "ok"
    assert doubtful.tolist() == [False, True, False]
    np.testing.assert_array_equal(line.get_ydata(), np.where(doubtful, np.nan, path.value))
    np.testing.assert_array_equal(lines(ax, DOUBTFUL)[0].get_ydata(), path.value)
    (band,) = ax.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    for sign in (-1.0, 1.0):
        assert set(zip(at, path.value + sign * path.error, strict=True)) <= corners
    assert to_hex(band.get_facecolor()[0]) == "#123456"
    assert ax.get_xlabel() == "time $t$"
    assert list(lines(ax, FLOOR)[0].get_ydata()) == [path.floor] * 2


def test_the_band_leaves_the_frame_to_the_values(ax):
    path = ls.theory.risk(MODEL, 100, ls.GradientFlow([1.0, 10.0, 100.0]))
    replace(path, error=1e3 * path.value).plot(ax)
    exact = replace(path, error=0.0 * path.value).plot(Figure().subplots())
    assert ax.get_ylim() == exact.get_ylim()


def test_paths_are_drawn_in_the_order_of_their_parameter(ax):
    penalties = np.array([1.0, 0.01, 0.1])
    path = ls.theory.risk(MODEL, 100, ls.Ridge(penalties))
    path.plot(ax, label="ridge")
    (line,) = lines(ax, "ridge")
    np.testing.assert_array_equal(line.get_xdata(), np.sort(penalties))
    np.testing.assert_array_equal(line.get_ydata(), path.value[np.argsort(penalties)])
    assert ax.get_xlabel() == r"penalty $\mu$"


def test_what_a_logarithmic_axis_cannot_hold_has_a_mark_at_its_edge(ax):
    path = ls.theory.risk(MODEL, 100, ls.GradientDescent(0.5, [0, 1, 2, 4]))
    path.plot(ax, label="descent")
    np.testing.assert_array_equal(lines(ax, "descent")[0].get_xdata(), [1, 2, 4])
    (start,) = [line for line in ax.lines if line.get_marker() == "<"]
    assert (start.get_xdata(), start.get_ydata()) == ([0.0], [path.value[0]])
    converged = ls.theory.risk(MODEL, 200, ls.Converged())
    converged.plot(ax, label="converged")
    (end,) = lines(ax, "converged")
    assert (end.get_xdata(), end.get_ydata(), end.get_marker()) == ([1.0], converged.value, ">")
    assert end.get_transform() == ax.get_yaxis_transform()
    lost = RiskPath.single(replace(converged.best, status="lost"))
    lost.plot(ax, label="lost")
    assert lines(ax, "lost")[0].get_markerfacecolor() == "white"


def test_it_adds_to_what_is_there(ax):
    ax.plot([1, 2], [0.5, 0.6], label="mine")
    ax.set(xlabel="N", ylabel="error", title="mine")
    curve = curve_of([0.5, 0.4], ["ok", "far off"])
    curve.plot(ax, label="one")
    curve.plot(ax, label="two")
    curve_of([0.5, 0.4], floor=0.2).plot(ax, label="three")
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("N", "error", "mine")
    # What explains the marks is said once; a floor is drawn once for each height.
    labels = ax.get_legend_handles_labels()[1]
    assert sorted(labels) == sorted(["mine", "one", "two", "three", DOUBTFUL, FLOOR])
    assert {line.get_ydata()[0] for line in ax.lines if line.get_gid() == FLOOR} == {0.1, 0.2}
    assert sum(line.get_gid() == FLOOR for line in ax.lines) == 2
    colors = [lines(ax, label)[0].get_color() for label in ("mine", "one", "two", "three")]
    assert len(set(colors)) == 4
    assert ax.get_legend() is None


def test_a_floor_of_0_is_not_drawn(ax):
    curve_of([0.5, 0.4], floor=0.0).plot(ax)
    assert not lines(ax, FLOOR)


def test_without_axes_it_makes_a_figure_that_pyplot_shows(own):
    before = set(pyplot.get_fignums())
    font = matplotlib.rcParams["font.size"]
    ax = curve_of([0.5, 0.4], ["ok", "far off"]).plot(label="theory")
    (number,) = set(own.get_fignums()) - before
    assert own.figure(number) is ax.figure
    assert ax.lines[0].get_color() == CYCLE[0]
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == ["theory", FLOOR, DOUBTFUL]
    assert not ax.spines["top"].get_visible()
    assert matplotlib.rcParams["font.size"] == font
    with pytest.raises(AttributeError, match="colour"):
        curve_of([0.5, 0.4]).plot(colour="red")
    assert set(own.get_fignums()) - before == {number}  # no empty figure is left


def test_with_axes_pyplot_is_not_asked(ax, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.delattr(matplotlib, "pyplot")
    curve_of([0.5, 0.4]).plot(ax)
    with pytest.raises(ImportError):
        curve_of([0.5, 0.4]).plot()


def test_what_cannot_be_drawn_is_named(ax):
    with pytest.raises(InvalidArgument, match="ax = 3: must be a matplotlib Axes"):
        curve_of([0.5, 0.4]).plot(3)
    with pytest.raises(Unsupported, match="dict"):
        plotting.plot({}, ax)


def test_a_study_draws_its_curves(study, ax):
    assert study.plot(ax) is ax
    highest = 2.0 * study.theory["early_stopped"].value.max()
    for name, curve in study.theory.items():
        (line,) = lines(ax, plotting.style.title_of(name))
        doubtful = np.array(curve.statuses) != "ok"
        shown = np.where((curve.value <= highest) & ~doubtful, curve.value, np.nan)
        np.testing.assert_array_equal(line.get_ydata(), shown)
        assert line.get_color() == plotting.style.style_of(name)["color"]
    drawn = np.concatenate([points[0].get_ydata() for points in bars(ax)])
    measured = np.concatenate([curve.value for curve in study.simulated.values()])
    assert sorted(drawn) == sorted(measured[measured <= highest])
    assert ax.get_ylabel() == "risk per subspace dimension"
    assert ax.get_title() == "$n = 12$, $d = 3$, $\\sigma = 0.3$"
    assert f"N = {study.saturation:,}" in ax.texts[0].get_text()
    study.plot(ax, label="again", color="#123456")
    assert len(ax.texts) == 1
    assert lines(ax, "again: plug-in PCA")[0].get_color() == "#123456"


def test_training_is_drawn_in_decibels(ax):
    theory = curve_of([0.04, 0.02, 0.01], floor=0.005)
    trained = curve_of([0.05, 0.025], floor=0.005, sem=[0.002, 0.001])
    meta = {"patch_size": 8, "train_images": ["a", "b"], "sigma": 0.1, "label": "denoising"}
    study = TrainingStudy({GAUSSIAN: theory}, {SAME: trained}, np.zeros(2), 0.005, 10**9, meta)
    study.plot(ax)
    np.testing.assert_array_equal(lines(ax, "Gaussian theory")[0].get_ydata(), psnr(theory.value))
    (points,) = bars(ax)
    np.testing.assert_array_equal(points[0].get_ydata(), trained.psnr)
    length = DECIBEL * trained.sem / trained.value
    np.testing.assert_array_equal(ends(points)[1], trained.psnr + length)
    assert points.get_label() == "gradient descent trained, same images"
    assert list(lines(ax, FLOOR)[0].get_ydata()) == [float(psnr(0.005))] * 2
    assert (ax.get_yscale(), ax.get_ylabel()) == ("linear", PSNR_LABEL)
    assert ax.get_title() == "Denoising: 8 × 8 patches of 2 images, $\\sigma = 25.5/255$"


def test_a_kind_of_study_that_plotting_does_not_know(ax):
    class Other(Study, kind="of this test"):
        simulates = False

        def columns(self) -> list[Column]:
            return []

        def headline(self) -> str:
            return ""

        footnote = headline

    theory = {"mine": curve_of([0.5, 0.4]), "peaked": curve_of([0.9, 1.1])}
    Other(theory, {"peaked": theory["peaked"]}, np.zeros(2), 0.1, 10**9, {}).plot(ax)
    assert list(lines(ax, "mine")[0].get_ydata()) == [0.5, 0.4]
    assert ax.get_ylabel() == "risk"
    # Beyond twice the largest of the first curve, peaks leave the picture.
    np.testing.assert_array_equal(lines(ax, "peaked")[0].get_ydata(), [0.9, np.nan])
    assert list(bars(ax)[0][0].get_ydata()) == [0.9]
