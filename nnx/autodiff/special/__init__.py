"""Special functions with derivatives, under SciPy's names.

SciPy looks for ``xp.special.<name>`` before it falls back to NumPy: a traced namespace finds its functions
here. The values come from the backend (``Backend.special``: SciPy for NumPy, ``cupyx.scipy.special`` for CuPy),
else from an implementation in standard functions in this package, else, where SciPy is installed, by way of the
host. The rules are a table, ``nnx.autodiff.rules.special``; parameters in which a function has no derivative
that can be computed to full precision are refused there by name.

``functions.erf(x)`` and its like are primitives, callable on plain and on traced arrays alike.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from ...backend.protocol import Backend
from ...backend.registry import backend_of, named
from ..primitive import Primitive

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["forward", "functions", "make", "names", "reference"]

_MODULES = ("bessel", "entropy", "error", "gamma", "incomplete", "logistic")
_SCALAR_PARAMETERS = frozenset(("multigammaln",))


def names() -> frozenset[str]:
    """The special functions that have rules."""
    from ..rules.special import RULES

    return frozenset(RULES)


@cache
def reference(name: str) -> Callable[..., Any] | None:
    """The version in standard functions, ``(xp, *arrays)`` of one floating dtype; None if there is none."""
    name = "digamma" if name == "psi" else name
    for module in _MODULES:
        found = importlib.import_module(f"{__name__}.{module}")
        if name in found.__all__:
            return getattr(found, name)
    return None


def promoted(xp: Any, args: tuple[Any, ...]) -> list[Any]:
    """Arrays and Python numbers as arrays of one floating dtype."""
    arrays = [a for a in args if hasattr(a, "dtype")]
    floating = [a.dtype for a in arrays if xp.isdtype(a.dtype, "real floating")]
    device = arrays[0].device
    if floating:
        dtype = xp.result_type(*floating)
    else:
        dtype = xp.__array_namespace_info__().default_dtypes(device=device)["real floating"]
    return [
        xp.astype(a, dtype, copy=False) if hasattr(a, "dtype") else xp.asarray(a, dtype=dtype, device=device)
        for a in args
    ]


def forward(name: str, backend: Backend) -> Callable[..., Any] | None:
    """The function ``name`` on plain arrays of a backend; None where it is not to be had."""
    own = getattr(backend, "special", None)
    if hasattr(own, name):
        return getattr(own, name)
    standard = reference(name)
    if standard is not None:
        xp = backend.xp
        return lambda *args, **params: standard(xp, *promoted(xp, args), **params)
    host = named("numpy")
    by_host = getattr(getattr(host, "special", None), name, None)
    if by_host is None:
        return None

    def there_and_back(*args: Any, **params: Any) -> Any:
        device = next(a.device for a in args if hasattr(a, "dtype"))
        result = by_host(*[backend.to_host(a) if hasattr(a, "dtype") else a for a in args], **params)
        return backend.from_host(host.xp.asarray(result), device)

    return there_and_back


class Functions:
    """The special functions as primitives, each made when first asked for."""

    def __getattr__(self, name: str) -> Primitive:
        from ..rules.special import RULES

        rule = RULES.get(name)
        if rule is None:
            raise AttributeError(f"no special function {name!r}")
        bound: dict[Any, Callable[..., Any] | None] = {}

        def evaluate(xp: Any, *args: Any, **params: Any) -> Any:
            backend = backend_of(next(a for a in args if hasattr(a, "dtype")))
            key = backend.name
            if key not in bound:
                bound[key] = forward(name, backend)
            function = bound[key]
            if function is None:
                raise NotImplementedError(
                    f"special.{name} is not available for {backend.name}; install SciPy"
                )
            return xp.asarray(function(*args, **params))

        made = Primitive(f"special.{name}", evaluate, {})
        made.rule = rule
        setattr(self, name, made)
        return made


functions = Functions()


def make(library: Library, name: str) -> Callable[..., Any] | None:
    """The function of a traced namespace; None where the library has no such function."""
    if name not in names() or forward(name, library.backend) is None:
        return None
    own: Primitive = getattr(functions, name)
    function = library.function(own.name)
    if name in _SCALAR_PARAMETERS:
        return function

    @wraps(function)
    def special(*args: Any) -> Any:
        if name == "zeta" and (len(args) == 1 or args[1] is None):
            return library.namespace.special.zetac(args[0]) + 1
        if any(isinstance(a, (int, float)) for a in args):
            traced = library.namespace
            arrays = [a for a in args if not isinstance(a, (int, float))]
            if not arrays:
                return function(traced.asarray(args[0]), *args[1:])
            like = promoted(traced, (library.coerce(arrays[0], name), *arrays[1:], 0.0))[-1]
            args = tuple(
                traced.asarray(a, dtype=like.dtype, device=like.device) if isinstance(a, (int, float)) else a
                for a in args
            )
        return function(*args)

    return special
