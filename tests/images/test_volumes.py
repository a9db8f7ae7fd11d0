"""Volumes: NIfTI, DICOM and HDF5 as fastMRI and ISMRMRD write it."""

import numpy as np
import pytest

from linscale.errors import InputError
from linscale.images import load_images, read
from tests.images.writers import acquisitions, centred_transform, coils, dicom, header, levels
from tests.tolerances import rounding

h5py = pytest.importorskip("h5py", reason="h5py is optional")
nibabel = pytest.importorskip("nibabel", reason="nibabel is optional")
pytest.importorskip("pydicom", reason="pydicom is optional")

SINGLE = float(np.finfo(np.float32).eps)


def volume(slices=3, shape=(24, 32)):
    """In 0..1, (slices, H, W)."""
    stack = np.array([levels(k, max(shape)) / 15 for k in range(slices)])
    return stack[:, : shape[0], : shape[1]]


def pixels(found):
    return np.array([image.pixels for image in found.images])


# ------------------------------------------------------------------------------------- NIfTI


def test_slices_of_a_nifti_lie_along_its_last_axis(tmp_path):
    values = np.moveaxis(volume(), 0, -1).astype(np.float32)
    values[..., 1] = 0.0
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "head.nii.gz")
    found = read(tmp_path / "head.nii.gz")
    assert [image.name for image in found.images] == ["head.nii.gz 0", "head.nii.gz 2"]
    assert {image.group for image in found.images} == {"head.nii.gz"}
    assert np.array_equal(found.images[1].pixels, values[..., 2].T)
    assert found.summary.notes == ("slices of one value left out: 1 (head.nii.gz 1)",)


def test_of_a_series_the_first_volume(tmp_path):
    first = np.moveaxis(volume(2), 0, -1)
    series = np.stack([first, 1.0 - first], axis=-1).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(series, np.eye(4)), tmp_path / "bold.nii")
    found = read(tmp_path / "bold.nii")
    assert np.array_equal(pixels(found), np.moveaxis(series[..., 0], (2, 1), (0, 1)))
    assert found.summary.notes == ("of a series the first volume was read: 1 (bold.nii)",)


def test_integers_of_a_nifti_need_their_white(tmp_path):
    values = (2800 * np.moveaxis(volume(2), 0, -1)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "t1.nii")
    with pytest.raises(InputError, match=r"t1.nii 0: int16 values from 0 to 2800.*--white 2800"):
        read(tmp_path / "t1.nii")
    found = read(tmp_path / "t1.nii", white=2800)
    assert str(found.summary) == (
        "2 images of 32 x 24 in 1 group, int16 from 0 to 2800 (white = 2800)"
    )
    assert np.array_equal(found.images[0].pixels, values[..., 0].T / 2800)


def test_a_slope_is_applied(tmp_path):
    values = np.moveaxis(volume(2), 0, -1)
    image = nibabel.Nifti1Image(values, np.eye(4))
    image.set_data_dtype(np.int16)
    nibabel.save(image, tmp_path / "scaled.nii")
    found = read(tmp_path / "scaled.nii")
    assert found.summary.kinds[0].pixels == "scaled int16"
    step = 1.0 / 65535  # of 16 bits over the range
    assert np.abs(found.images[0].pixels - values[..., 0].T).max() <= step


# ------------------------------------------------------------------------------------- DICOM


def test_bits_of_a_dicom_header_say_what_white_is(tmp_path):
    for k in range(3):
        dicom(tmp_path / f"{k}.dcm", (273 * levels(k)).astype(np.uint16))
    found = read(tmp_path)
    assert str(found.summary) == (
        "3 images of 32 x 32 in 1 group, uint16 of 12 bits from 0 to 4095 (white = 4095)"
    )
    assert np.array_equal(found.images[2].pixels, 273 * levels(2) / 4095)


def test_every_series_of_dicom_is_a_group(tmp_path):
    for k in range(4):
        dicom(tmp_path / f"{k}.dcm", (273 * levels(k)).astype(np.uint16), series=f"1.2.{k % 2}")
    found = read(tmp_path)
    groups = [image.group for image in found.images]
    assert groups[0] == groups[2] != groups[1] == groups[3]


def test_frames_and_rescaling(tmp_path):
    frames = np.array([levels(k) for k in range(3)]).astype(np.uint16)
    frames[1] = 7
    dicom(tmp_path / "IM0001", frames, RescaleSlope=100, RescaleIntercept=-1000)
    with pytest.raises(InputError, match=r"rescaled uint16 values from -1000 to 500.*--white 500"):
        read(tmp_path / "IM0001")
    found = read(tmp_path / "IM0001", white=1000)
    assert [image.name for image in found.images] == ["IM0001 0", "IM0001 2"]
    assert np.array_equal(found.images[1].pixels, (100.0 * frames[2] - 1000.0) / 1000)
    assert found.summary.notes == ("slices of one value left out: 1 (IM0001 1)",)


def test_a_slope_of_each_frame(tmp_path):
    from pydicom.dataset import Dataset

    frames = np.array([levels(k) for k in range(2)]).astype(np.uint16)
    groups = []
    for slope in (10, 20):
        values, group = Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept = slope, 0
        group.PixelValueTransformationSequence = [values]
        groups.append(group)
    dicom(tmp_path / "a.dcm", frames, PerFrameFunctionalGroupsSequence=groups)
    found = read(tmp_path / "a.dcm", white=300)
    assert np.array_equal(pixels(found), np.array([[[10.0]], [[20.0]]]) * frames / 300)


def test_dicom_that_is_none(tmp_path):
    (tmp_path / "bad.dcm").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"cannot read .*bad.dcm as DICOM"):
        read(tmp_path / "bad.dcm")
    import pydicom

    dicom(tmp_path / "report.dcm", levels().astype(np.uint16))
    report = pydicom.dcmread(tmp_path / "report.dcm")
    del report.PixelData
    report.save_as(tmp_path / "report.dcm")
    with pytest.raises(InputError, match=r"report.dcm: a DICOM file without pixels"):
        read(tmp_path / "report.dcm")


# ------------------------------------------------------------------------------------- fastMRI


def test_the_reconstruction_of_a_fastmri_file(tmp_path):
    values = volume().astype(np.float32)
    with h5py.File(tmp_path / "file1.h5", "w") as file:
        file["reconstruction_esc"] = 0.5 * values
        file["reconstruction_rss"] = values
        file["kspace"] = np.ones((3, 24, 32), dtype=np.complex64)
    found = read(tmp_path)
    assert np.array_equal(pixels(found), values)
    assert {image.group for image in found.images} == {"file1.h5"}
    assert found.summary.notes == ("read from reconstruction_rss: 1 (file1.h5)",)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_kspace_becomes_images(tmp_path, count):
    """count 0: the layout of a single coil, (slices, H, W)."""
    values = volume(2, (32, 24))
    seen, expected = coils(values, max(count, 1))
    spectrum = centred_transform(seen)
    with h5py.File(tmp_path / "file1.h5", "w") as file:
        file["kspace"] = spectrum[:, 0] if count == 0 else spectrum
        file["ismrmrd_header"] = header((32, 24, 1), (16, 20))
    found = read(tmp_path / "file1.h5", white=1)
    expected = expected[:, 8:24, 2:22]  # the middle 16 rows and 20 columns
    allowed = rounding(1.0, 32 * 24) * np.abs(spectrum).max()
    assert np.abs(pixels(found) - expected).max() <= allowed
    plural = "s" if count == 3 else ""
    assert found.summary.notes[0] == (
        f"read from kspace, inverse Fourier transform, root sum of squares of {max(count, 1)} "
        f"coil{plural}, cropped to 16 x 20 by its header: 1 (file1.h5)"
    )


def test_without_a_header_nothing_is_cropped(tmp_path):
    seen, expected = coils(volume(2))
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["kspace"] = centred_transform(seen)
    found = read(tmp_path / "a.hdf5", white="max")
    assert found.images[0].pixels.shape == expected.shape[1:]
    assert "cropped" not in found.summary.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kspace": np.ones((2, 8, 8))}, "kspace is float64; complex"),
        ({"kspace": np.ones((2, 8), dtype=complex)}, r"kspace has shape \(2, 8\)"),
        (
            {"kspace": np.ones((2, 8, 8), dtype=complex), "mask": np.arange(8) % 2},
            "k-space is undersampled",
        ),
        ({"reconstruction_rss": np.ones((8, 8))}, r"reconstruction_rss has shape \(8, 8\)"),
        ({"weights": np.ones(3)}, "holds weights; supported are fastMRI's datasets"),
        ({}, "holds nothing; supported are"),
    ],
)
def test_other_hdf5_is_refused_with_what_is_supported(tmp_path, content, message):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        for name, values in content.items():
            file[name] = values
    with pytest.raises(InputError, match=f"other.h5.*{message}"):
        read(tmp_path / "other.h5")


def test_hdf5_that_is_none(tmp_path):
    (tmp_path / "bad.h5").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"cannot read .*bad.h5 as HDF5"):
        read(tmp_path)


# ------------------------------------------------------------------------------------- ISMRMRD


def test_images_of_ismrmrd(tmp_path):
    values = volume(3)
    parts = np.zeros((3, 2, 1, 24, 32), dtype=[("real", "<f4"), ("imag", "<f4")])
    parts["real"], parts["imag"] = 0.3 * values[:, None, None], 0.4 * values[:, None, None]
    with h5py.File(tmp_path / "out.h5", "w") as file:
        file["dataset/image_0/data"] = parts
        file["dataset/image_7/data"] = np.ones((1, 1, 1, 4, 4), dtype=np.float32)
    found = read(tmp_path / "out.h5")  # the root sum of squares of channels has no phase
    assert np.allclose(pixels(found), 0.5 * np.sqrt(2) * values, rtol=4 * SINGLE, atol=0.0)
    assert found.summary.notes == (
        "read from image_0/data: 1 (out.h5)",
        "other series of images left out (image_7): 1 (out.h5)",
        "root sum of squares of 2 channels: 1 (out.h5)",
    )


def test_complex_images_of_one_channel_are_asked_about(tmp_path):
    values = volume(2)
    with h5py.File(tmp_path / "out.h5", "w") as file:
        file["dataset/image_0/data"] = (values * np.exp(1j * values))[:, None, None]
    with pytest.raises(InputError, match=r"complex pixels \(complex128\); ask .* --magnitude"):
        read(tmp_path / "out.h5")
    found = read(tmp_path / "out.h5", magnitude=True)
    assert np.allclose(pixels(found), values, rtol=rounding(1.0, 4), atol=0.0)


def test_lines_of_ismrmrd_become_images(tmp_path):
    """Noise and repetitions left out, x cropped; checked against files of the ismrmrd package."""
    seen, expected = coils(volume(2))
    spectrum = centred_transform(seen)
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        acquisitions(file, spectrum, (16, 24))
    found = read(tmp_path / "raw.h5", white=1)
    allowed = (SINGLE + rounding(1.0, 24 * 32)) * np.abs(spectrum).max() * np.sqrt(24 * 32)
    assert np.abs(pixels(found) - expected[:, :, 8:24]).max() <= allowed
    assert len({image.group for image in found.images}) == 1


def test_lines_that_are_missing(tmp_path):
    spectrum = centred_transform(coils(volume(2))[0])
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        acquisitions(file, spectrum, (16, 24), lines=range(0, 24, 2))
    with pytest.raises(InputError, match=r"raw.h5: 24 of 48 lines of k-space are there"):
        read(tmp_path / "raw.h5")
    with h5py.File(tmp_path / "spiral.h5", "w") as file:
        acquisitions(file, spectrum, (16, 24), trajectory="spiral")
    with pytest.raises(InputError, match=r"spiral.h5: a spiral trajectory"):
        read(tmp_path / "spiral.h5")


# ------------------------------------------------------------------------------------- all of them


def test_a_volume_of_nothing(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 2)), np.eye(4)), tmp_path / "empty.nii")
    with pytest.raises(InputError, match=r"empty.nii: every slice has one value"):
        read(tmp_path / "empty.nii")


@pytest.mark.parametrize("shape", [(7,), (4, 4, 0)])
def test_a_nifti_without_slices(tmp_path, shape):
    nibabel.save(nibabel.Nifti1Image(np.zeros(shape), np.eye(4)), tmp_path / "line.nii")
    with pytest.raises(InputError, match=r"line.nii.* (slices \(H, W\) are needed|as NIfTI)"):
        read(tmp_path / "line.nii")


def test_inverted_dicom_is_said(tmp_path):
    pixels = (273 * levels()).astype(np.uint16)
    dicom(tmp_path / "a.dcm", pixels, PhotometricInterpretation="MONOCHROME1")
    found = read(tmp_path / "a.dcm")
    assert found.summary.notes == (
        "white is stored as 0 (MONOCHROME1), and left so: 1 (a.dcm)",
    )  # fmt: skip


def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(InputError, match=r"a.h5 needs h5py: pip install 'linscale\[mri\]'"):
        read(tmp_path / "a.h5")


def test_volumes_beside_pictures_are_named_or_left_out(tmp_path):
    np.save(tmp_path / "a.npy", volume(1)[0])
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file["weights"] = np.ones(3)
    found = read(tmp_path)
    assert [image.name for image in found.images] == ["a.npy"]
    assert found.summary.notes == (
        "volumes beside images left out; name them to read them: 1 (model.h5)",
    )
    assert len(load_images([str(tmp_path / "a.npy")])) == 1
