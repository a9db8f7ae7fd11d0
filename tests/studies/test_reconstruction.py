"""Pictures beside the learning curve: what is averaged, what is measured, and what is said."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator

import linscale as ls
from linscale import plotting, theory
from linscale.errors import InputError, InvalidArgument
from linscale.images import Image
from linscale.studies import tables
from linscale.studies.reconstruction import Reconstruction, hold_out, reconstruct
from tests.conftest import z_limit
from tests.tolerances import rounding

OLD = Path(__file__).resolve().parents[2] / "figures" / "data" / "tasks" / "denoising_pictures.npz"
POWER = 0.04  # of white images: all their tiles have the same covariance, wherever they lie
MEAN = 0.5


def white(size, seed=0, name="white", group=""):
    pixels = MEAN + np.sqrt(POWER) * np.random.default_rng(seed).standard_normal(size)
    return Image(name, pixels, group)


def asked(edge=6, sigma=0.1, forward=None, pool_seed=1, **options):
    """Reconstructions of a white image by what is learned from white patches."""
    p = edge**2
    model = ls.InverseProblem(forward, POWER * np.eye(p), sigma)
    pool = np.sqrt(POWER) * np.random.default_rng(pool_seed).standard_normal((p, 2000))
    operator = ls.forward.identity((edge, edge)) if forward is None else forward
    options = {"image": white((66, 50)), "n_train": (3, 2000), **options}
    return model, reconstruct(model, operator, np.full(p, MEAN), pool, **options)


def test_without_noise_the_picture_is_the_image():
    """At the floor with A = I every tile is right, and so is their average."""
    sigma = 1e-9
    _, found = asked(sigma=sigma)
    truth = found.pictures["truth"]
    assert truth.shape == (66, 48)
    assert np.array_equal(truth, white((66, 50)).pixels[:, 1:49])
    # W = P/(P + sigma^2), which is 1 in double precision: what is left is the noise itself.
    allowed = z_limit(truth.size) * sigma + rounding(1.0, 200)
    assert np.abs(found.pictures["floor"] - truth).max() < allowed
    assert np.abs(found.pictures["measurement"] - truth).max() < allowed


@pytest.mark.parametrize("stride", [None, 2, 6])
@pytest.mark.parametrize("task", ["denoising", "super-resolution-2"])
def test_tiles_err_as_the_curve_says(task, stride):
    """Whether they overlap or lie side by side, at the floor and at N = 3."""
    forward = None if task == "denoising" else ls.forward.super_resolution((6, 6), 2)
    model, found = asked(forward=forward, stride=stride, image=white((144, 144)), tiles=24)
    S, C = model.measurement_cov(), model.cross_cov()
    E = model.signal_cov - C @ np.linalg.solve(S, C.T)
    # Tiles that do not touch err independently, each by e'e of covariance E; overlapping ones are
    # such sets, whose mean is at least as sure as one of them.
    disjoint = (144 // 6) ** 2 if stride == 6 else (138 // 6) ** 2
    sem = 10 / np.log(10) * np.sqrt(2 * np.sum(E**2) / np.trace(E) ** 2 / disjoint)
    expected = tables.psnr(np.array(model.spectral().floor))
    assert abs(found.tile_psnr["floor"] - expected) < z_limit(6) * sem
    assert found.tile_psnr["N = 3"] < found.tile_psnr["N = 2,000"] < found.tile_psnr["floor"]
    if stride == 6:  # side by side: the picture is its tiles
        for title, decibels in found.psnr.items():
            assert decibels == pytest.approx(found.tile_psnr[title], rel=rounding(1.0, 200))
    assert (max(found.gain.values()) > 0.05) == (stride != 6)


def test_what_is_learned_errs_as_the_curve_says():
    """Over training sets, images and noise: tiles have the early-stopped risk that theory says."""
    N, risks = 20, []
    for seed in range(20):
        model, found = asked(
            pool_seed=(seed, 1), image=white((66, 66), seed), n_train=(N,), rng=seed
        )
        risks.append(10 ** (-found.tile_psnr[f"N = {N}"] / 10))
    expected = theory.early_stopped(model, N)
    sem = np.std(risks) / np.sqrt(len(risks))
    room = z_limit(1) * sem + expected.error
    assert abs(np.mean(risks) - expected.value) < room
    # Planted: never stopped, or not at all begun.
    assert theory.converged(model, N).value - expected.value > 2 * room
    assert POWER - expected.value > 2 * room


def test_a_camera_takes_one_noisy_image():
    """With A = I and white signals W is w I: all tiles agree on a pixel, if its noise is one."""
    _, found = asked()
    assert found.one_measurement
    noise = found.pictures["measurement"] - found.pictures["truth"]
    assert abs(noise.std() / 0.1 - 1) < z_limit(1) / np.sqrt(2 * noise.size)
    w = POWER / (POWER + 0.1**2)
    expected = MEAN + w * (found.pictures["measurement"] - MEAN)
    assert np.abs(found.pictures["floor"] - expected).max() < rounding(1.0, 500)


def test_other_tasks_measure_each_tile():
    """A = 2 I: a pixel has as many noises as tiles, whose mean is less."""
    _, found = asked(forward=2.0 * np.eye(36), image_shape=(6, 6), sigma=0.2)
    assert not found.one_measurement
    w = POWER / (POWER + 0.1**2)  # as above: half the noise, twice the signal
    noise = found.pictures["floor"] - MEAN - w * (found.pictures["truth"] - MEAN)
    # Half a tile apart, a pixel is at the places i and i + 3 along each side of its tiles.
    weight = np.sin(np.pi * (np.arange(6) + 0.5) / 6).reshape(2, 3)
    share = np.sum((weight / weight.sum(axis=0)) ** 2, axis=0)
    power = (0.1 * w) ** 2 * np.outer(share, share)
    inner = noise[3:-3, 3:-3]  # 60 x 42 independent pixels, each place as often
    sem = np.sqrt(2 * np.mean(power**2) / inner.size)
    assert abs(np.mean(inner**2) - np.mean(power)) < z_limit(1) * sem
    assert found.gain["floor"] > 0.5


def test_pictures_depend_on_the_seed_alone():
    _, found = asked(rng=3)
    for same in (asked(rng=3)[1], asked(rng=np.random.SeedSequence(3))[1]):
        assert same.to_bytes() == found.to_bytes()
    _, other = asked(rng=4)
    for title in ("measurement", "N = 3", "floor"):
        assert not np.array_equal(other.pictures[title], found.pictures[title])
    # Without noise what differs is the training set.
    clean, others = (asked(rng=seed, sigma=1e-9)[1].pictures for seed in (3, 4))
    assert np.abs(clean["measurement"] - others["measurement"]).max() < 1e-7
    assert np.abs(clean["N = 3"] - others["N = 3"]).max() > 1e-3
    _, fewer = asked(rng=3, n_train=(2000,))  # and not on what else is asked
    assert np.array_equal(fewer.pictures["N = 2,000"], found.pictures["N = 2,000"])


def test_no_more_examples_than_there_are():
    _, found = asked(n_train=(3, 2000, 2001))
    assert list(found.pictures) == ["measurement", "N = 3", "N = 2,000", "floor", "truth"]


class Foreign:
    """An operator as PyLops has them: no images, and a name that may be None."""

    def __init__(self, A):
        self.shape, self.name = A.shape, None
        self.matvec, self.rmatvec = A.dot, A.T.dot


def test_operators_of_other_libraries():
    A = np.kron(np.eye(18), [[0.5, 0.5]])
    scipy = LinearOperator(A.shape, matvec=A.dot, rmatvec=A.T.dot, dtype=float)
    for operator in (A, scipy, Foreign(A)):
        _, found = asked(forward=operator, image_shape=[6, 6])
        assert found.label == "given operator"
        assert found.psnr["floor"] > found.psnr["N = 3"]
    _, found = asked(forward=scipy, image_shape=(4, 9), label="pairs of pixels", stride=4)
    assert found.label == "pairs of pixels"
    assert found.pictures["truth"].shape == (48, 49)  # of 66 x 50: 12 tiles high
    _, ours = asked(forward=ls.forward.super_resolution((6, 6), 2))
    assert ours.label == "super-resolution x 2"
    with pytest.raises(InvalidArgument, match=r"image_shape.*operator does not say"):
        asked(forward=scipy)
    with pytest.raises(InvalidArgument, match=r"image_shape.*36 pixels"):
        asked(forward=scipy, image_shape=(6, 7))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"image": white((5, 9))}, "image"),
        ({"stride": 7}, "stride"),
        ({"tiles": 0}, "tiles"),
        ({"n_train": (0,)}, "n_train"),
        ({"rng": -1}, "rng"),
    ],
)
def test_bad_arguments_are_named(options, word):
    with pytest.raises(InvalidArgument, match=word):
        asked(**options)


def test_an_image_is_held_out_of_three_with_its_group():
    images = [white((9, 9), name=name, group=name[0]) for name in ("a1", "a2", "b1", "c1", "c2")]
    shown, others = hold_out(images)
    assert (shown.name, [image.name for image in others]) == ("c2", ["a1", "a2", "b1"])
    shown, others = hold_out(images, images[2])
    assert (shown.name, [image.name for image in others]) == ("b1", ["a1", "a2", "c1", "c2"])
    assert hold_out(images[:3]) == (images[2], images[:3])  # two groups
    assert hold_out(images[:1]) == (images[0], images[:1])
    with pytest.raises(InvalidArgument, match="images"):
        hold_out([])


def words_of(figure):
    """All that is written in a figure."""
    return " ".join(t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")))


@pytest.mark.parametrize(
    ("learned_from", "said"),
    [
        (["a", "b"], "of shown, held out: learned from 2 other images"),
        (["a"], "of shown, held out: learned from 1 other image"),
        (["a", "shown"], "of shown, whose patches are among those that were learned from"),
        (["a", "slice"], "of shown, whose group is among those that were learned from"),
        (None, "of shown"),
    ],
)
def test_the_title_says_whether_it_was_held_out(learned_from, said, tmp_path):
    groups = {"shown": "volume", "slice": "volume"}
    images = learned_from and [
        white((9, 9), name=name, group=groups.get(name, "")) for name in learned_from
    ]
    shown = white((66, 50), name="shown", group="volume")
    _, found = asked(image=shown, learned_from=images, n_train=())
    assert found.shown == said
    figure = plotting.draw_reconstructions([found])
    if learned_from:
        assert said in words_of(figure).replace("\n", " ")
    for absent in ("held out", "are among", "group is"):
        assert (absent in words_of(figure)) == (absent in said)


def test_the_figure_says_what_its_decibels_are_of():
    _, one = asked(edge=8)
    _, each = asked(forward=ls.forward.super_resolution((6, 6), 2))
    _, apart = asked(stride=6)
    written = words_of(plotting.draw_reconstructions([each])).replace("\n", " ")
    shown, tiles = (f"floor {psnr['floor']:.1f} dB" for psnr in (each.psnr, each.tile_psnr))
    assert tiles in written
    assert shown not in written
    assert f"up to {max(each.gain.values()):.1f} dB higher" in written
    assert "Each tile is measured for itself." in written
    written = words_of(plotting.draw_reconstructions([one])).replace("\n", " ")
    assert "Tiles are cut out of one noisy image." in written
    written = words_of(plotting.draw_reconstructions([one, each])).replace("\n", " ")
    assert "(denoising: one noisy image)" in written
    assert "tiles" not in words_of(plotting.draw_reconstructions([apart]))


def test_what_is_saved_is_read_again(tmp_path):
    _, found = asked(learned_from=[white((9, 9), name="other")])
    path = tmp_path / "p.npz"
    path.write_bytes(found.to_bytes())
    again = Reconstruction.load(path)
    for name in ("psnr", "tile_psnr", "label", "image", "origin", "one_measurement"):
        assert getattr(again, name) == getattr(found, name)
    shown = np.clip(found.pictures["N = 3"], 0, 1)
    assert np.abs(again.pictures["N = 3"] - shown).max() <= 0.5 / 255 + rounding(1.0, 4)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="does not hold reconstructions"):
        Reconstruction.load(path)
    with pytest.raises(InputError, match="no such file"):
        Reconstruction.load(tmp_path / "none.npz")


def test_pictures_of_tiles_side_by_side_are_still_read():
    """Saved when nobody said what was learned from: drawn as they were, and nothing is added."""
    old = Reconstruction.load(OLD)
    assert old.tile_psnr == old.psnr
    assert old.shown == "of cat"
    figure = plotting.draw_reconstructions([old])
    assert figure.get_size_inches().tolist() == [1.75 * len(old.pictures), 2.0]
    axes = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert axes == ["denoising\ncat"]
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:2] == ["measurement\n20.1 dB", "N = 30\n25.1 dB"]
    written = [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text"))]
    assert sorted(filter(None, written)) == sorted(axes + titles)
