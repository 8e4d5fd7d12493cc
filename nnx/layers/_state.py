"""Moving arrays in and out of layers: state dicts, other libraries, devices and dtypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..autodiff.cells import Cell
from ..backend import Array, Backend, backend_of
from ..functional._errors import complaint

if TYPE_CHECKING:
    from ._layer import Layer

from ._tree import tree_of

__all__ = ["LoadResult", "converted", "copy_of", "in_dtype", "load", "moved", "persistent"]


class LoadResult(NamedTuple):
    """What ``load_state_dict(..., strict=False)`` left alone."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        """As PyTorch prints its own."""
        if not any(self):
            return "<All keys matched successfully>"
        return f"LoadResult(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def persistent(layer: Layer) -> list[tuple[str, Cell]]:
    """Path and cell of everything that a state dict holds, a tied cell once for each place."""
    return [(path, cell) for path, cell in tree_of(layer).every if getattr(cell, "persistent", True)]


def copy_of(x: Array) -> Array:
    """A copy, on the same device."""
    return backend_of(x).xp.asarray(x, copy=True)


def converted(value: Array, like: Array) -> Array:
    """A copy of ``value`` of the library, device and dtype of ``like``."""
    source, target = backend_of(value), backend_of(like)
    if source.name != target.name:
        value = target.from_host(source.to_host(value), like.device)
    elif value.device != like.device:
        value = moved(value, target, like.device)
    if value.dtype != like.dtype:
        return target.xp.astype(value, like.dtype)
    return target.xp.asarray(value, copy=True)


def moved(value: Array, target: Backend, device: Any = None) -> Array:
    """``value`` as an array of ``target``, on ``device`` or where it makes new arrays."""
    device = target.device if device is None else target.device_named(device)
    source = backend_of(value)
    if source.name == target.name and value.device == device:
        return value
    return target.from_host(source.to_host(value), device)


def in_dtype(where: str, x: Array, dtype: Any) -> Array:
    """``x`` in a floating-point dtype, given as such or by its name; complex numbers do not become real ones."""
    found, xp = dtype, backend_of(x).xp
    if isinstance(dtype, str):
        found = getattr(xp, dtype, None)
    try:
        floating = found is not None and xp.isdtype(found, ("real floating", "complex floating"))
    except (TypeError, ValueError):
        floating = backend_of(x).is_inexact(found)
    if not floating:
        raise complaint(where, f"expected a floating-point dtype or its name, got {dtype!r}", TypeError)
    kind = "complex floating"
    return x if xp.isdtype(x.dtype, kind) and not xp.isdtype(found, kind) else xp.astype(x, found)


def load(layer: Layer, state: Mapping[str, Array], strict: bool) -> LoadResult:
    """Copy every array into its place, or raise with a list of all that is wrong and copy none."""
    if not isinstance(state, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"{type(layer).__name__}: expected a state dict, arrays by path, got {type(state).__name__}"
        )
    places = persistent(layer)
    state = _renamed(places, state)
    names = {path for path, _ in places}
    # As PyTorch, which did not always count batches: states without the count load.
    missing = [path for path, _ in places if path not in state and not path.endswith("num_batches_tracked")]
    unexpected = [path for path in state if path not in names]
    problems = [f'"{path}": {reason}' for path, cell in places if (reason := _misfit(path, cell, state))]
    if strict:
        problems += [f'"{path}": missing' for path in missing]
        problems += [f'"{path}": unexpected' for path in unexpected]
    if problems:
        raise ValueError(
            f"{type(layer).__name__}: the state dict does not fit, nothing was loaded:\n  "
            + "\n  ".join(problems + _hint(missing, state))
        )
    new = [(cell, _loaded(path, state[path], cell.value)) for path, cell in places if path in state]
    for cell, value in new:
        cell.value = value
    return LoadResult(missing, unexpected)


def _hint(missing: list[str], state: Mapping[str, Array]) -> list[str]:
    """What to do where all that is missing is there under a common beginning, as ``module.``."""
    if not missing:
        return []
    ends = [path.removesuffix(missing[0]) for path in state if path.endswith("." + missing[0])]
    found = [start for start in ends if all(start + path in state for path in missing)]
    return [f'all that is missing is there under "{start}": take that off the keys' for start in found[:1]]


_OLDER = {"original0": "_g", "original1": "_v", "original": "_orig", "0._u": "_u", "0._v": "_v"}


def _renamed(places: list[tuple[str, Cell]], state: Mapping[str, Array]) -> Mapping[str, Array]:
    """The names that parametrizations have now, for those that torch.nn.utils gave before it had them."""
    older: dict[str, str] = {}
    for path, _ in places:
        above, parametrized, rest = path.rpartition("parametrizations.")
        name, _, kind = rest.partition(".")
        old = above + name + _OLDER.get(kind, "")
        if parametrized and kind in _OLDER and path not in state and old in state:
            older[old] = path
    return {older.get(path, path): x for path, x in state.items()} if older else state


def _loaded(path: str, value: Array, like: Array) -> Array:
    try:
        return converted(value, like)
    except Exception as error:
        error.add_note(f'nnx: in "{path}" of the state dict; nothing was loaded')
        raise


def _misfit(path: str, cell: Cell, state: Mapping[str, Array]) -> str | None:
    if path not in state:
        return None
    value, wanted = state[path], cell.value
    try:
        backend = backend_of(value)
    except TypeError:
        return f"expected an array, got {type(value).__name__}"
    if getattr(value.dtype, "kind", "f") in "OSUMm":  # NumPy's objects, texts and times
        return f"expected numbers, got dtype {value.dtype}"
    if tuple(value.shape) != tuple(wanted.shape):
        return f"expected shape {tuple(wanted.shape)}, got {tuple(value.shape)}"
    complex_kind = "complex floating"
    if backend.xp.isdtype(value.dtype, complex_kind) and not backend_of(wanted).xp.isdtype(
        wanted.dtype, complex_kind
    ):
        return f"expected dtype {wanted.dtype}, got {value.dtype}, which would lose its imaginary part"
    return None
