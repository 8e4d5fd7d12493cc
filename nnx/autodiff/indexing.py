"""Reading and writing items, in place and through views.

Writes are functional underneath: the traced array is bound to the result of an update of a copy. On the way back
the many small reads and writes of one array share one buffer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import views
from .errors import DerivativeLostError
from .primitive import Like
from .tape import READ, WRITE
from .traced import TracedArray

__all__ = ["Indexing"]

_PLAIN = frozenset((int, slice, type(None), type(...)))


def _is_plain(key: Any) -> bool:
    """Whether a key has only integers, slices, None and Ellipsis: no element is selected twice."""
    if type(key) is tuple:
        return all(type(k) in _PLAIN for k in key)
    return type(key) in _PLAIN


def _without_new_axes(key: Any) -> Any:
    """The plain key that selects the same elements and adds no axes: the standard has None for reading only."""
    if type(key) is not tuple:
        return ... if key is None else key
    return tuple(k for k in key if k is not None) or ... if None in key else key


def _is_number(v: Any) -> bool:
    return isinstance(v, (int, float, complex))


class Indexing:
    """The part of a library that reads and writes items."""

    def plain_key(self: Any, key: Any) -> Any:
        """The key with plain arrays for traced ones, and plain integers for 0-d integer arrays."""
        if isinstance(key, tuple):
            items = tuple(self.plain_key(k) for k in key)
            return items[0] if len(items) == 1 and type(items[0]) is not tuple else items
        if isinstance(key, TracedArray):
            raw = self.raw(key)
            if raw.shape == () and self.xp.isdtype(raw.dtype, "integral"):
                return int(raw)
            return raw
        if isinstance(key, slice):
            return self.strip_all(key)
        if isinstance(key, list):
            return self.strip_all(key)
        return key

    def read(self: Any, x: Any, key: Any) -> Any:
        """``x[key]``."""
        T = self.traced
        if type(x) is not T:
            x = self.coerce(x, "x[key]")
        plain = _is_plain(key)
        if not plain:
            key = self.plain_key(key)
            plain = _is_plain(key)
        value = x.value
        result = self.read(value, key) if type(value) is T else value[key]
        tape = x.tape
        if tape is None:
            out = self.wrap(result)
        else:
            entries = tape.entries
            out = self.on_tape(result, tape, len(entries))
            entries.append((READ, x.index, self, key, Like(value), plain))
            if not plain:
                tape.masked = True
        if plain and self.backend.is_view(self.raw(out), self.raw(x)):
            views.register(
                out, x, lambda parent: self.read(parent, key), lambda p, new: self._put_back(p, key, new), key
            )
        return out

    def write(self: Any, x: Any, key: Any, value: Any) -> None:
        """``x[key] = value``."""
        if type(x) is not self.traced:
            x = self.coerce(x, "x[key] = value")
        key = self.plain_key(key)
        if isinstance(value, TracedArray) and _is_plain(key) and views.shows(value, x, key):
            return
        views.rebind(self, x, self.updated(x, key, value))

    def store(self: Any, out: Any, result: Any) -> Any:
        """``out=``: the given traced array, written with the result."""
        if not isinstance(out, TracedArray):
            raise DerivativeLostError(
                "out= was given a plain array: what is written to it would lose its derivative"
            )
        self.write(out, ..., result)
        return out

    def updated(self: Any, x: Any, key: Any, v: Any) -> Any:
        """A new traced array: ``x`` with ``v`` written at ``key``."""
        T = self.traced
        if type(v) is not T and not _is_number(v):
            v = self.coerce(v, "x[key] = value")
        tape, other = x.tape, v.tape if type(v) is T else None
        if other is not None and not self.is_inexact(x.value):
            if not other.hot:
                raise DerivativeLostError(
                    f"x[key] = value: a differentiated array was written into one of dtype {x.dtype}, "
                    "which cannot carry a derivative"
                )
            v, other = v.value, None
        top = tape if other is None or (tape is not None and tape.level >= other.level) else other
        xv = x.value if tape is None or tape is top else x
        vv = (v.value if other is None or other is top else v) if type(v) is T else v
        if type(xv) is T or type(vv) is T:
            result = self.updated(xv if type(xv) is T else self.constant(xv), key, vv)
            if result.tape is None:
                result = result.value
        else:
            result = self.backend.set_item(xv, key, vv)
        if top is None:
            return self.wrap(result)
        entries = top.entries
        out = self.on_tape(result, top, len(entries))
        plain = _is_plain(key)
        fit = (vv.shape, vv.dtype) if type(v) is T else None
        entry = (
            WRITE,
            x.index if tape is top else None,
            v.index if other is top else None,
            self,
            key,
            fit,
            plain,
        )
        entries.append((*entry, Like(result)) if top.hot else entry)
        if not plain:
            top.masked = True
        return out

    def _put_back(self: Any, parent: Any, key: Any, new: Any) -> Any:
        """The parent with a view of it, read by a plain key, replaced."""
        rest = _without_new_axes(key)
        if rest is not key:
            new = self.function("reshape")(new, parent.value[rest].shape)
        return self.updated(parent, rest, new)

    def refresh(self: Any, x: Any) -> None:
        """Read a stale view again."""
        views.refresh(self, x)

    def in_place(self: Any, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The operator that rebinds its left side: ``x += y``.

        What the library has as a scalar (NumPy's 0-d results) cannot be written to, there or here: as with NumPy
        the name alone is bound anew, and others that the scalar has keep their value.
        """

        def operator(x: Any, y: Any, /) -> Any:
            new = function(x, y)
            if new is NotImplemented or not (x.shape or self.is_array(x)):
                return new
            if not (x.shape or new.shape or self.is_array(new)):
                new = self.function("as_array")(new)
            if new.shape != x.shape:
                raise ValueError(f"x {name}= y: the result has shape {new.shape}, x has {x.shape}")
            if new.dtype != x.dtype:
                if self.is_inexact(x.value) != self.is_inexact(new.value) or self.is_complex(
                    x.value
                ) != self.is_complex(new.value):
                    raise TypeError(f"x {name}= y: cannot cast the result from {new.dtype} to {x.dtype}")
                new = self.namespace.astype(new, x.dtype)
            views.rebind(self, x, new)
            return x

        return operator

    def is_array(self: Any, x: Any) -> bool:
        """Whether the library has it as an array, not as one of its scalars."""
        return hasattr(self.raw(x), "__setitem__")

    # on the way back -----------------------------------------------------------------------------------------

    def zeros_of(self: Any, like: Like, nested: bool) -> Any:
        """A zero cotangent."""
        zeros = self.fast.zeros(like.shape, dtype=like.dtype, device=like.device)
        return self.constant(zeros) if nested else zeros

    def add_at(self: Any, p: Any, key: Any, g: Any, plain: bool) -> Any:
        """``p`` with ``g`` added at ``key``, repeats accumulated; ``p`` may be used up."""
        if plain or self._selects_once(key):
            if plain:
                key = _without_new_axes(key)
            now = p[key]
            if g.shape != now.shape:
                g = (self.namespace if isinstance(g, TracedArray) else self.fast).reshape(g, now.shape)
            return self._assign(p, key, now + g)
        from .scatter import scatter_rows, xp_scatter_add

        xp = self.namespace if isinstance(p, TracedArray) else self.fast
        if self.owns(key):  # integers: whole rows
            index = xp.reshape(xp.where(key < 0, key + p.shape[0], key), (-1,))
            return scatter_rows(p, index, xp.reshape(g, (key.size, *p.shape[1:])))
        flat = xp.reshape(p, (-1,))
        where = xp.reshape(self._positions(p, key), (-1,))
        return xp.reshape(xp_scatter_add(xp, flat, (where,), xp.reshape(g, (-1,))), p.shape)

    def clear_at(self: Any, g: Any, key: Any) -> Any:
        """``g`` with zeros at ``key``; ``g`` may be used up."""
        return self._assign(g, key, 0)

    def read_written(self: Any, g: Any, key: Any, plain: bool) -> Any:
        """The cotangent of a value written at ``key``: of repeated places only the last write counts."""
        xp = self.namespace if isinstance(g, TracedArray) else self.fast
        if plain or self._selects_once(key):
            return self.copy(g[key])
        where = self._positions(g, key)
        order = self.fast.reshape(
            self.fast.arange(math.prod(where.shape), dtype=self.fast.int64, device=where.device), where.shape
        )
        last = self.fast.zeros((math.prod(g.shape),), dtype=self.fast.int64, device=where.device)
        last = self.backend.set_item(last, where, order)
        kept = last[where] == order
        return xp.where(kept, g[key], xp.zeros_like(g[key]))

    def _positions(self: Any, p: Any, key: Any) -> Any:
        """The flat positions that a key selects in an array of the shape of ``p``."""
        raw = self.raw(p)
        flat = self.fast.arange(math.prod(raw.shape), dtype=self.fast.int64, device=raw.device)
        return self.fast.reshape(flat, raw.shape)[key]

    def _selects_once(self: Any, key: Any) -> bool:
        """Whether a key with arrays in it is a boolean mask."""
        parts = key if type(key) is tuple else (key,)
        arrays = [k for k in parts if type(k) not in _PLAIN]
        return all(self.owns(k) and self.fast.isdtype(k.dtype, "bool") for k in arrays) and len(arrays) <= 1

    def _assign(self: Any, x: Any, key: Any, value: Any) -> Any:
        """``x[key] = value`` in place where the library can, else in a new array."""
        try:
            x[key] = value
        except TypeError:  # immutable arrays, and the scalars that some libraries make of 0-d results
            return self.backend.set_item(x, key, value)
        return x
