"""PyTorch's weights as arrays: which format a file has, which entries are wanted, and reading them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, BinaryIO

from ..backend import Array, Device, backend
from . import _safetensors, _torch_zip
from ._stored import Region, Source, Stored, refusal, to_array

__all__ = ["load_torch_state"]

_MOST, _SPARE = 64, 2**28  # an array of stride 0 may be larger than the file, but not without end


def load_torch_state(
    path: str | os.PathLike[str] | BinaryIO, key: str | None = None, device: Device = None
) -> dict[str, Array]:
    """The arrays of a PyTorch checkpoint by name, ready for ``model.load_state_dict``; PyTorch is not needed.

    Reads safetensors files and what ``torch.save`` writes (the zip format, since PyTorch 1.6), and tells them apart
    by their contents. Nothing in a file is ever run: a file of ``torch.save`` that holds more than dicts, lists,
    tensors, numbers and strings is refused.

    Parameters
    ----------
    path
        The file: its path, or a binary file object that can seek.
    key
        Take the entry of this name alone, and leave its name out of those of the arrays: ``"state_dict"`` for
        ``torch.save({"state_dict": model.state_dict(), "epoch": 7})``, ``"module"`` for weights of a DataParallel
        model. Dots lead further down. Nothing else is read then. By default all arrays are taken; those in dicts
        and lists inside others have names joined by dots, ``"state_dict.conv.weight"``.
    device
        Of the arrays, which are made by the backend in force.

    Returns
    -------
    A dict of arrays that share no memory, with the dtypes that they have in the file. A bfloat16 array comes as
    float32, which has the same values, and so does float16 where the library lacks it.

    Raises
    ------
    ValueError
        Where the file has neither format, is damaged, asks for anything but arrays, or has no such entry; the message
        names the file.

    Examples
    --------
    >>> import io, json, struct, nnx
    >>> header = json.dumps({"scale": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    >>> file = io.BytesIO(len(header).to_bytes(8, "little") + header + struct.pack("<2f", 0.5, 2.0))
    >>> nnx.load_torch_state(file)
    {'scale': array([0.5, 2. ], dtype=float32)}
    """
    if hasattr(path, "read"):
        return _load(Source(path, str(getattr(path, "name", path))), key, device)  # pyright: ignore[reportArgumentType]
    with open(path, "rb") as file:  # pyright: ignore[reportArgumentType, reportCallIssue]
        return _load(Source(file, os.fspath(path)), key, device)  # pyright: ignore[reportArgumentType, reportCallIssue]


def _load(source: Source, key: str | None, device: Device) -> dict[str, Array]:
    found = _chosen(source, _arrays_in(source), key)
    total = sum(stored.nbytes for stored in found.values())
    if total > max(_MOST * source.length, _SPARE):
        raise source.refuse(f"asks for arrays of {total} bytes, but has only {source.length}")
    target, host = backend(), backend("numpy")
    device = target.device if device is None else target.device_named(device)
    uses = Counter(stored.region for stored in found.values())
    left, kept = dict(uses), dict[Region, bytearray]()
    result: dict[str, Any] = {}
    for name, stored in found.items():
        region = stored.region
        data = kept.pop(region) if region in kept else region.read(source)
        left[region] -= 1
        if left[region]:
            kept[region] = data
        try:
            result[name] = to_array(stored, data, uses[region] > 1, target, device, host)
        except (ValueError, OverflowError) as error:  # shapes beyond what arrays can have
            raise source.refuse(f'"{name}": {error}') from error
    return result


def _arrays_in(source: Source) -> dict[str, Stored]:
    start = bytes(source.read(0, min(source.length, 16)))
    if start.startswith(b"PK\x03\x04"):
        return _torch_zip.arrays_in(source)
    if start[8:9] == b"{":
        return _safetensors.arrays_in(source)
    if start.startswith(b"\x80"):
        raise source.refuse(
            "is a pickle, as torch.save wrote it before PyTorch 1.6, which could run anything. If you trust it, write "
            "it anew where PyTorch is: torch.save(torch.load(path, weights_only=True), path)"
        )
    raise source.refuse("is neither a safetensors file nor one of torch.save")


def _chosen(source: Source, found: Mapping[str, Stored], key: str | None) -> dict[str, Stored]:
    if key is None:
        return dict(found)
    chosen = {name[len(key) + 1 :]: stored for name, stored in found.items() if name.startswith(key + ".")}
    if not chosen:
        names = dict.fromkeys(name.partition(".")[0] for name in found)
        raise refusal(
            source.name, f'has no arrays in an entry "{key}"; its entries are {", ".join(names) or "none"}'
        )
    return chosen
