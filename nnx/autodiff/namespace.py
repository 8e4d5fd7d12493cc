"""The traced namespace: the standard's functions on traced arrays, over any library."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from . import composite
from .errors import NotDifferentiableError

if TYPE_CHECKING:
    from .library import Library

__all__ = ["TracedNamespace"]


class _Part:
    """A namespace, or an extension of one, whose members are made when first asked for."""

    _prefix = ""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name not in (
            "__array_namespace_info__",
            "__array_api_version__",
            "__version__",
        ):
            raise AttributeError(name)
        value = self._make(self._prefix + name)
        self.__dict__[name] = value
        return value

    def _make(self, name: str) -> Any:
        library = self._library
        own = composite.FUNCTIONS.get(name)
        if own is not None:
            return composite.bind(own, library)
        target: Any = library.fast
        for part in name.split("."):
            target = getattr(target, part)
        if isinstance(target, (type, types.ModuleType)) or not callable(target):
            return target
        return library.function(name)

    def __dir__(self) -> list[str]:
        target = self._library.xp
        for part in self._prefix.strip(".").split("."):
            target = getattr(target, part) if part else target
        return sorted(set(dir(target)) | set(self.__dict__))


class _Linalg(_Part):
    _prefix = "linalg."


class _FFT(_Part):
    _prefix = "fft."


class _Special(_Part):
    """SciPy's special functions, found by SciPy itself under ``xp.special``."""

    _prefix = "special."

    def _make(self, name: str) -> Any:
        from .special import make

        function = make(self._library, name.removeprefix("special."))
        if function is None:
            raise AttributeError(f"special function {name!r} is not available for {self._library.label}")
        return function


class TracedNamespace(_Part):
    """Every function of the standard, on the traced arrays of one library."""

    __name__ = "nnx_traced"

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        xp = library.xp
        self.special = _Special(library)
        if hasattr(xp, "linalg"):
            self.linalg = _Linalg(library)
        if hasattr(xp, "fft"):
            self.fft = _FFT(library)

    def pull_back(self, seed: int = 0) -> int:
        """With ``record=True``: pull every rule recorded so far back; returns how many there were."""
        if self._library.hot is None:
            raise NotDifferentiableError("pull_back needs nnx.traced_namespace(xp, record=True)")
        from .hot import pull_back

        return pull_back(self._library, seed)

    def __repr__(self) -> str:
        return f"<traced namespace over {self._library.label}>"
