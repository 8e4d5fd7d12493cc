"""Random numbers: the same on every library, saved and restored exactly.

The stream is NumPy's own Philox 4x64: word ``i`` after a state is a pure function of the state's key and
counter, so a state is two integers, and any library may make the words on its own device. What is drawn is
defined by integer arithmetic on them:

- masks compare integers, shuffles sort them: equal to the bit everywhere;
- uniform numbers are the top 24 (float32) or 53 (float64) bits, scaled by a power of two: equal to the bit;
- normal numbers are made on the host in float64 and then rounded to their dtype: equal to the bit between the
  libraries of one machine, to rounding between machines.

Arrays are made by the backend in force (`nnx.use`) unless a method is told which one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Generator as Yields
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from operator import index
from threading import Lock
from typing import Any, TypeAlias

from .backend import Array, Backend, Device, named, selector

__all__ = ["Generator", "default_generator", "recording", "replaying", "seed"]

State: TypeAlias = dict[str, Any]
Shape: TypeAlias = int | tuple[int, ...]
Which: TypeAlias = str | Backend | None

_ALGORITHM = "philox4x64-10"
_KEYS = 2**128
_SPAWNED = 2**255  # children's keys come from blocks that no draw ever reaches


class _Stream:
    """A place in a stream: what it is keyed with, how many blocks were drawn, how many children were had."""

    __slots__ = ("counter", "key", "lock", "spawned")

    def __init__(self, key: int, counter: int = 0, spawned: int = 0) -> None:
        self.key, self.counter, self.spawned = key, counter, spawned
        self.lock = Lock()


_logs: ContextVar[tuple[dict[Generator, State], ...]] = ContextVar("nnx_random_logs", default=())
_replayed: ContextVar[Mapping[Generator, _Stream] | None] = ContextVar("nnx_random_replayed", default=None)


class Generator:
    """A stream of random numbers.

    Draws may come from several threads: each gets its own part of the stream.

    Parameters
    ----------
    seed
        An integer from 0 to 2**128 - 1, the key of the stream; None takes one from the operating system.

    Examples
    --------
    >>> import nnx
    >>> generator = nnx.random.Generator(7)
    >>> generator.integers(0, 10, (5,))
    array([2, 5, 0, 2, 0])
    >>> state = generator.state
    >>> first = generator.uniform((3,))
    >>> generator.state = state
    >>> bool((generator.uniform((3,)) == first).all())
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        self._stream = _Stream(_key(seed))

    def __repr__(self) -> str:
        stream = self._current()
        return f"Generator(key={stream.key}, counter={stream.counter})"

    def __getstate__(self) -> State:
        return self.state

    def __setstate__(self, state: State) -> None:
        self._stream = _stream_from(state)

    @property
    def state(self) -> State:
        """The place in the stream, in strings and integers that JSON can hold; may be assigned to.

        Raises
        ------
        ValueError
            On assignment of what was not read from a generator.
        """
        stream = self._current()
        with stream.lock:
            return _state_of(stream)

    @state.setter
    def state(self, state: State) -> None:
        new, stream = _stream_from(state), self._current()
        with stream.lock:
            stream.key, stream.counter, stream.spawned = new.key, new.counter, new.spawned

    def spawn(self, n: int) -> list[Generator]:
        """``n`` new generators whose streams have nothing to do with this one's, nor with each other's.

        >>> import nnx
        >>> a, b = nnx.random.Generator(7).spawn(2)
        """
        stream = self._current()
        with stream.lock:
            self._log(stream)
            first, stream.spawned = stream.spawned, stream.spawned + n
            key = stream.key
        host = named("numpy")
        pairs = (host.bits(key, _SPAWNED + i, 2) for i in range(first, first + n))
        return [Generator(int(pair[0]) + (int(pair[1]) << 64)) for pair in pairs]

    def bits(self, shape: Shape = (), *, device: Device = None, backend: Which = None) -> Array:
        """The words of the stream themselves, uint64; each call starts on a fresh block of four.

        >>> import nnx
        >>> [hex(word) for word in nnx.random.Generator(7).bits(2)]
        ['0xdf4034b829e9fba4', '0x4b9d10cdf8e64087']
        """
        place = _Place(shape, device, backend)
        return place.deliver(self._words(place))

    def uniform(
        self,
        shape: Shape = (),
        low: float = 0.0,
        high: float = 1.0,
        *,
        dtype: Any = None,
        device: Device = None,
        backend: Which = None,
    ) -> Array:
        """Numbers evenly distributed over ``[low, high)``; ``u * (high - low) + low`` may round to ``high``.

        Parameters
        ----------
        shape
            The result's shape; an integer stands for one axis.
        low, high
            The bounds.
        dtype
            A real floating dtype of the backend or its name, float32 by default; what is neither float32 nor
            float64 is rounded from float32.
        device, backend
            Where the result goes; by default the choice in force (`nnx.use`).

        Examples
        --------
        >>> import nnx
        >>> nnx.random.Generator(7).uniform((2, 2), -1.0, 1.0)
        array([[-0.672547  ,  0.7441468 ],
               [ 0.9445267 , -0.40926933]], dtype=float32)
        """
        place = _Place(shape, device, backend)
        dtype, wide = place.floating(dtype)
        xp = place.maker.fast
        if wide:
            u = xp.astype(self._words(place) >> 11, xp.float64) * 2.0**-53
        else:
            u = xp.astype(self._halves(place) >> 8, xp.float32) * 2.0**-24
        if (low, high) != (0.0, 1.0):
            u = u * (high - low) + low
        return place.deliver(u, dtype)

    def normal(
        self,
        shape: Shape = (),
        mean: float = 0.0,
        std: float = 1.0,
        *,
        dtype: Any = None,
        device: Device = None,
        backend: Which = None,
    ) -> Array:
        """Normally distributed numbers, made on the host in float64 (Box and Muller, 1958) and then rounded.

        Parameters as for `uniform`.

        >>> import nnx
        >>> nnx.random.Generator(7).normal((3,), dtype="float64")
        array([-0.45865921, -1.29385824,  0.25178359])
        """
        place = _Place(shape, device, backend, on_host=True)
        dtype, wide = place.floating(dtype)
        xp, half = place.maker.fast, -(-place.count // 2)
        words = self._words(place, 2 * half) >> 11
        radius = xp.sqrt(-2.0 * xp.log((xp.astype(words[:half], xp.float64) + 1.0) * 2.0**-53))
        angle = xp.astype(words[half:], xp.float64) * (2.0 * math.pi * 2.0**-53)
        z = xp.concat([radius * xp.cos(angle), radius * xp.sin(angle)])[: place.count]
        if (mean, std) != (0.0, 1.0):
            z = z * std + mean
        return place.deliver(z if wide else xp.astype(z, xp.float32), dtype)

    def bernoulli(
        self, p: float = 0.5, shape: Shape = (), *, device: Device = None, backend: Which = None
    ) -> Array:
        """A boolean array, each element True with probability ``p`` (to the nearest multiple of 2**-32).

        Raises
        ------
        ValueError
            If ``p`` is no number from 0 to 1.

        Examples
        --------
        >>> import nnx
        >>> nnx.random.Generator(7).bernoulli(0.5, (4,))
        array([ True, False, False,  True])
        """
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p: expected a probability from 0 to 1, got {p!r}")
        place = _Place(shape, device, backend)
        halves, threshold = self._halves(place), round(p * 2**32)
        return place.deliver(halves <= threshold - 1 if threshold else halves != halves)

    def integers(
        self,
        low: int,
        high: int | None = None,
        shape: Shape = (),
        *,
        dtype: Any = None,
        device: Device = None,
        backend: Which = None,
    ) -> Array:
        """Integers evenly distributed over ``low <= i < high``; without ``high``, over ``0 <= i < low``.

        Raises
        ------
        ValueError
            If there is no integer from ``low`` to ``high``, or more than 2**63 of them.

        Examples
        --------
        >>> import nnx
        >>> nnx.random.Generator(7).integers(1, 7, (2,))
        array([1, 6])
        """
        low, high = (0, index(low)) if high is None else (index(low), index(high))
        if not (-(2**63) <= low < high <= 2**63 and high - low <= 2**63):
            raise ValueError(f"low, high: expected low < high, both int64, got low={low} and high={high}")
        place = _Place(shape, device, backend, on_host=True)
        xp, words, span = place.maker.fast, self._words(place), high - low
        largest = 2**64 // span * span - 1  # larger words would favour the smaller remainders
        while largest < 2**64 - 1 and bool(xp.any(words > largest)):
            words = xp.where(words > largest, self._words(place), words)
        values = xp.astype(words % span, xp.int64) + low
        return place.deliver(values, place.backend.xp.int64 if dtype is None else place.dtype(dtype))

    def permutation(self, n: int, *, device: Device = None, backend: Which = None) -> Array:
        """The integers from 0 to ``n`` - 1 in random order, int64.

        >>> import nnx
        >>> nnx.random.Generator(7).permutation(5)
        array([4, 1, 3, 2, 0])
        """
        place = _Place(index(n), device, backend, on_host=True)
        return place.deliver(place.maker.xp.argsort(self._words(place)), place.backend.xp.int64)

    def _current(self) -> _Stream:
        """The stream to draw from here: in a replay not the generator's own."""
        replayed = _replayed.get()
        return self._stream if replayed is None else replayed.get(self, self._stream)

    def _log(self, stream: _Stream) -> None:
        """Let the recordings of this context know the state before the first use."""
        for log in _logs.get():
            if self not in log:
                log[self] = _state_of(stream)

    def _words(self, place: _Place, count: int | None = None) -> Array:
        """Fresh words, 1-D, where the place's maker makes them."""
        count = place.count if count is None else count
        stream = self._current()
        with stream.lock:
            self._log(stream)
            key, counter = stream.key, stream.counter
            stream.counter += -(-count // 4)
        return place.maker.bits(key, counter, count, place.device if place.native else None)

    def _halves(self, place: _Place) -> Array:
        """Fresh uint32 numbers, 1-D: the halves of words, lower half first."""
        return place.maker.halves(self._words(place, -(-place.count // 2)))[: place.count]


class _Place:
    """Where the result of a draw goes, its shape, and the backend that makes it."""

    __slots__ = ("backend", "count", "device", "maker", "native", "shape")

    def __init__(self, shape: Shape, device: Device, backend: Which, on_host: bool = False) -> None:
        self.backend = selector.backend(backend) if backend is None or isinstance(backend, str) else backend
        self.device = self.backend.device_named(device) if isinstance(device, str) else device
        if device is None:
            self.device = self.backend.device
        self.shape = shape if isinstance(shape, tuple) else (index(shape),)
        self.count = math.prod(self.shape)
        if any(index(length) < 0 for length in self.shape):
            raise ValueError(f"shape: expected lengths of at least 0, got {shape}")
        host = named("numpy")
        self.maker = self.backend if self.backend.makes_bits and not on_host else host
        self.native = self.backend.name == self.maker.name

    def deliver(self, made: Array, dtype: Any = None) -> Array:
        """What the maker made, in shape, on the device."""
        made = self.maker.fast.reshape(made, self.shape)
        result = made if self.native else self.backend.from_host(made, self.device)
        return result if dtype is None else self.backend.fast.astype(result, dtype, copy=False)

    def dtype(self, dtype: Any) -> Any:
        """A dtype of the backend from itself or its name."""
        if isinstance(dtype, str):
            found = getattr(self.backend.xp, dtype, None)
            if found is None:
                raise ValueError(f'dtype: backend "{self.backend.name}" has no dtype {dtype!r}')
            return found
        return dtype

    def floating(self, dtype: Any) -> tuple[Any, bool]:
        """A real floating dtype, float32 by default, and whether it is float64."""
        xp = self.backend.xp
        if dtype is None or dtype == "float32":
            return xp.float32, False
        dtype = self.dtype(dtype)
        if not self.backend.is_inexact(dtype) or "complex" in str(dtype):
            raise TypeError(f"dtype: expected a real floating dtype, got {dtype}")
        return dtype, dtype == getattr(xp, "float64", None)


def default_generator() -> Generator:
    """The library's own stream: what layers and loaders draw from when they are given no generator.

    >>> import nnx
    >>> nnx.seed(7)
    >>> nnx.random.default_generator()
    Generator(key=7, counter=0)
    """
    return _default


def seed(n: int) -> None:
    """Start the library's random stream anew, from the seed ``n``; also available as ``nnx.seed``.

    Raises
    ------
    ValueError
        If ``n`` is no integer from 0 to 2**128 - 1.

    Examples
    --------
    >>> import nnx
    >>> nnx.seed(7)
    """
    _default.state = Generator(n).state


@contextmanager
def recording() -> Yields[dict[Generator, State]]:
    """The state, before its first draw, of each generator that is used inside the block, in this context.

    >>> import nnx
    >>> generator = nnx.random.Generator(7)
    >>> with recording() as states:
    ...     first = generator.uniform(2)
    >>> with replaying(states):
    ...     bool((generator.uniform(2) == first).all())
    True
    """
    log: dict[Generator, State] = {}
    token = _logs.set((*_logs.get(), log))
    try:
        yield log
    finally:
        _logs.reset(token)


@contextmanager
def replaying(states: Mapping[Generator, State]) -> Yields[None]:
    """Let each generator draw from its state in ``states`` inside the block, in this context; nowhere else.

    Afterwards they go on where they were: other threads, and draws after the block, notice nothing.
    """
    streams = {generator: _stream_from(state) for generator, state in states.items()}
    token = _replayed.set({**(_replayed.get() or {}), **streams})
    try:
        yield
    finally:
        _replayed.reset(token)


def _key(seed: int | None) -> int:
    if seed is None:
        return int.from_bytes(os.urandom(16), "little")
    if not 0 <= index(seed) < _KEYS:
        raise ValueError(f"seed: expected an integer from 0 to 2**128 - 1, got {seed}")
    return index(seed)


def _state_of(stream: _Stream) -> State:
    key = f"{stream.key:#x}"
    return {"algorithm": _ALGORITHM, "key": key, "counter": stream.counter, "spawned": stream.spawned}


def _stream_from(state: State) -> _Stream:
    try:
        if state["algorithm"] != _ALGORITHM:
            raise ValueError(f"algorithm {state['algorithm']!r} instead of {_ALGORITHM!r}")
        return _Stream(_key(int(state["key"], 16)), index(state["counter"]), index(state["spawned"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"state: expected what Generator.state gave, got {state!r} ({error!r})") from None


_default = Generator()
