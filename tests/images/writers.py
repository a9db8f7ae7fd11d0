"""Files as scanners, cameras and other programs write them, small."""

from __future__ import annotations

import numpy as np
import PIL.Image

HEADER = """<?xml version="1.0"?>
<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><encoding>
<encodedSpace><matrixSize><x>{x}</x><y>{y}</y><z>{z}</z></matrixSize></encodedSpace>
<reconSpace><matrixSize><x>{rx}</x><y>{ry}</y><z>{z}</z></matrixSize></reconSpace>
<encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>{last}</maximum>
<center>{center}</center></kspace_encoding_step_1></encodingLimits>
<trajectory>{trajectory}</trajectory></encoding></ismrmrdHeader>"""


def header(encoded, recon, trajectory="cartesian"):
    """The parts of an ISMRMRD header that matter here, of (x, y, z) and (x, y)."""
    (x, y, z), (rx, ry) = encoded, recon
    return HEADER.format(
        x=x, y=y, z=z, rx=rx, ry=ry, last=y - 1, center=y // 2, trajectory=trajectory
    )  # fmt: skip


def levels(seed=0, size=32):
    """Smooth textures of 16 grey levels, 0 to 15: exact in 4, 8, 12 and 16 bits."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(-1, 2, (size, size)).cumsum(axis=0).cumsum(axis=1)
    scaled = np.abs(steps) % 31
    grey = np.minimum(scaled, 30 - scaled).astype(np.int64)
    return np.clip(grey, 0, 15)


def centred_transform(images):
    """Orthonormal, the zero frequency in the middle, over the last two axes."""
    axes = (-2, -1)
    shifted = np.fft.ifftshift(images, axes=axes)
    return np.fft.fftshift(np.fft.fft2(shifted, axes=axes, norm="ortho"), axes=axes)


def coils(images, count=3, seed=1):
    """Complex images (slices, coils, H, W), and the root sum of their squares."""
    rng = np.random.default_rng(seed)
    shape = (count, *images.shape[-2:])
    maps = 0.2 * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    seen = images[:, None] * maps
    return seen, np.sqrt(np.sum(np.abs(seen) ** 2, axis=1))


def tiff(path, pages, **options):
    """A TIFF of several pages, by Pillow."""
    first, *others = (PIL.Image.fromarray(page) for page in pages)
    first.save(path, save_all=True, append_images=others, **options)


def dicom(path, pixels, bits=12, series="1.2.3", **more):
    """A DICOM file of unsigned or signed 16 bit integers, (H, W) or (frames, H, W)."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.MRImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    file = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    file.SOPClassUID = meta.MediaStorageSOPClassUID
    file.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    file.SeriesInstanceUID = series
    file.Rows, file.Columns = pixels.shape[-2:]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, bits, bits - 1
    file.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        file.NumberOfFrames = len(pixels)
    file.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    for name, value in more.items():
        setattr(file, name, value)
    file.save_as(path, enforce_file_format=True)


def acquisitions(file, kspace, recon, lines=None, trajectory="cartesian"):
    """k-space (slices, coils, y, x) as ISMRMRD's records of lines, before one of noise."""
    import h5py

    slices, count, height, width = kspace.shape
    index = np.dtype([
        (name, "<u2")
        for name in ("kspace_encode_step_1", "kspace_encode_step_2", "average", "slice", "contrast",
                     "phase", "repetition", "set")
    ])  # fmt: skip
    head = np.dtype([
        ("flags", "<u8"), ("number_of_samples", "<u2"), ("active_channels", "<u2"), ("idx", index),
    ])  # fmt: skip
    numbers = h5py.vlen_dtype(np.float32)
    record = np.dtype([("head", head), ("traj", numbers), ("data", numbers)])
    places = [(s, y) for s in range(slices) for y in (range(height) if lines is None else lines)]
    records = np.zeros(1 + 2 * len(places), dtype=record)
    records["head"]["number_of_samples"], records["head"]["active_channels"] = width, count
    records["head"]["flags"][-1] = 1 << 18  # noise
    records["traj"][-1] = np.zeros(0, dtype=np.float32)
    records["data"][-1] = np.full(2 * count * width, 99.0, dtype=np.float32)
    for k, (s, y) in enumerate(2 * places):
        again = k >= len(places)  # a repetition, twice as bright
        idx = records["head"]["idx"]
        idx["slice"][k], idx["kspace_encode_step_1"][k], idx["repetition"][k] = s, y, again
        line = kspace[s, :, y].astype(np.complex64) * (1 + again)
        records["traj"][k] = np.zeros(0, dtype=np.float32)
        records["data"][k] = np.ascontiguousarray(line).view(np.float32).ravel()
    group = file.create_group("dataset")
    group["xml"] = [header((width, height, 1), recon, trajectory)]
    group.create_dataset("data", data=records, dtype=record)
