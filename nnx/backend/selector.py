"""Where new arrays are made: `use`, `using`, `backend`.

The choice in force is that of the innermost `using` of this thread or task, else that of the last `use`, else
what the environment variable NNX_BACKEND names, else NumPy. It concerns new arrays only: code that is given
arrays follows them.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from . import registry
from .protocol import Array, Backend, Device

_using: ContextVar[Backend | None] = ContextVar("nnx_backend", default=None)
_used: Backend | None = None


def use(name: str, device: Device = None) -> Backend:
    """Make new arrays with this library, on this device, from now on.

    Parameters
    ----------
    name
        ``"numpy"``, ``"cupy"``, another registered name, the module name of an installed library that speaks
        the standard, or ``"auto"``: CuPy where a CUDA GPU works, else NumPy.
    device
        A device of the library or its name; None for the library's default.

    Returns
    -------
    Backend
        The backend now in force.

    Raises
    ------
    ValueError
        If there is no such backend or device.
    RuntimeError
        If the backend cannot work here; the message says what is missing and what to do.

    Examples
    --------
    >>> use("numpy").name
    'numpy'
    """
    global _used
    _used = chosen = _choose(name, device)
    return chosen


@contextmanager
def using(name: str, device: Device = None) -> Generator[Backend]:
    """`use` for the length of a `with` block, in this thread and this async task only.

    >>> with using("array_api_strict", "device1") as strict:
    ...     strict.xp.ones(1, device=strict.device).device
    array_api_strict.Device('device1')
    """
    chosen = _choose(name, device)
    token = _using.set(chosen)
    try:
        yield chosen
    finally:
        _using.reset(token)


def backend(name: str | None = None) -> Backend:
    """The backend in force, or the named one.

    >>> backend("numpy").xp.__name__
    'array_api_compat.numpy'
    """
    if name is not None:
        return _choose(name)
    return _using.get() or _used or _from_environment()


def to_numpy(x: Array) -> Array:
    """A NumPy array of any array; it may share memory with it.

    >>> import array_api_strict
    >>> to_numpy(array_api_strict.asarray([1.0, 2.0]))
    array([1., 2.])
    """
    kind: Any = x.__class__
    if hasattr(kind, "__nnx_cells__"):
        raise TypeError(
            "nnx.to_numpy: expected an array, got a Layer; its arrays are in parameters() and buffers()"
        )
    return registry.backend_of(x).to_host(x)


def _from_environment() -> Backend:
    global _used
    name = os.environ.get("NNX_BACKEND") or "numpy"
    try:
        _used = _choose(name)
    except (ValueError, RuntimeError) as error:
        raise type(error)(f"environment variable NNX_BACKEND: {error}") from None
    return _used


def _choose(name: str, device: Device = None) -> Backend:
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"name of a backend: expected a string, got {type(name).__name__}")
    name = name.strip().replace("-", "_")
    if name == "auto":
        name = "numpy" if registry.named("cupy").why_unavailable() else "cupy"
    chosen = registry.named(name)
    reason = chosen.why_unavailable()
    if reason is not None:
        raise RuntimeError(f'backend "{name}" cannot work here: {reason}')
    return chosen.on(device)
