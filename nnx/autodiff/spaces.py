"""Which namespace arrays belong to: what code that serves plain and traced arrays starts with."""

from __future__ import annotations

from typing import Any

from ..backend.registry import backend_of_namespace
from .dispatch import SCALARS
from .errors import MixedLibrariesError
from .library import Library, library_for, library_of
from .namespace import TracedNamespace
from .traced import TracedArray

__all__ = ["array_namespace", "traced_namespace"]


def traced_namespace(xp: Any, record: bool = False) -> TracedNamespace:
    """The differentiable standard namespace over a standard namespace.

    Its arrays are traced arrays: standard arrays that can carry a derivative. Inside ``nnx.grad`` every array
    belongs to this namespace; outside there is seldom a reason to call it.

    Parameters
    ----------
    xp
        Any namespace of the standard, such as ``array_api_compat.numpy``.
    record
        For tests: record every floating array that the namespace makes; ``pull_back()`` then pulls every rule
        recorded so far back with random cotangents and raises where a shape, dtype or device is wrong.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> xp = nnx.traced_namespace(np)
    >>> xp.sum(xp.ones(3))
    traced(array(3.))
    """
    backend = backend_of_namespace(xp)
    return Library(backend, record=True).namespace if record else library_for(backend).namespace


def array_namespace(*arrays: Any) -> Any:
    """The standard namespace of these arrays, traced or not: what code that serves both starts with.

    Unlike the functions of the same name elsewhere it takes plain arrays beside traced ones of the same library,
    and then answers with the traced namespace. None and Python numbers are passed over.

    Raises
    ------
    MixedLibrariesError
        The arrays belong to different libraries.
    TypeError
        None of the arguments is an array.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> xp = nnx.array_namespace(np.asarray([1.0, 4.0]))
    >>> xp.sqrt(np.asarray([1.0, 4.0]))
    array([1., 2.])
    """
    found: Library | None = None
    traced = False
    for x in arrays:
        library = library_of(x)
        if library is None:
            if x is None or type(x) in SCALARS:
                continue
            raise TypeError(f"nnx.array_namespace: expected arrays, got {type(x).__name__}")
        if found is not None and found.covers(library):
            library = found
        if found is not None and library is not found and not library.covers(found):
            raise MixedLibrariesError(
                f"nnx.array_namespace: arrays of two libraries met: {found.label} and {library.label}; "
                "convert one of them first: nnx.to_numpy(x) gives NumPy's, nnx.backend(name).from_host(...) any other's"
            )
        found = library
        traced = traced or isinstance(x, TracedArray)
    if found is None:
        raise TypeError("nnx.array_namespace: expected at least one array")
    return found.namespace if traced else found.xp
