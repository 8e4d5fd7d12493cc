"""The generator: everything that can be drawn."""

from __future__ import annotations

import math
from operator import index
from typing import Any

from ..backend import Array, Device, named
from ..backend.effects import draw, effect, not_captured
from ._place import Place, Shape, Which
from ._stream import State, Stream, key_from, logs, replayed_streams, state_of, stream_from

_SPAWNED = 2**255  # children's keys come from blocks that no draw ever reaches


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
        not_captured("a random generator is made in it")
        self._stream = Stream(key_from(seed))

    def __repr__(self) -> str:
        stream = self._current()
        return f"Generator(key={stream.key}, counter={stream.counter})"

    def __getstate__(self) -> State:
        return self.state

    def __setstate__(self, state: State) -> None:
        self._stream = stream_from(state)

    @property
    def state(self) -> State:
        """The place in the stream, in strings and integers that JSON can hold; may be assigned to.

        Raises
        ------
        ValueError
            On assignment of what was not read from a generator.
        """
        not_captured("the state of a random generator is read in it")
        stream = self._current()
        with stream.lock:
            return state_of(stream)

    @state.setter
    @effect
    def state(self, state: State) -> None:
        new, stream = stream_from(state), self._current()
        with stream.lock:
            stream.key, stream.counter, stream.spawned = new.key, new.counter, new.spawned

    def spawn(self, n: int) -> list[Generator]:
        """``n`` new generators whose streams have nothing to do with this one's, nor with each other's.

        >>> import nnx
        >>> a, b = nnx.random.Generator(7).spawn(2)
        """
        if index(n) < 0:
            raise ValueError(f"n: expected a number of at least 0, got {n}")
        n, stream = index(n), self._current()
        with stream.lock:
            self._log(stream)
            first, stream.spawned = stream.spawned, stream.spawned + n
            key = stream.key
        host = named("numpy")
        pairs = (host.bits(key, _SPAWNED + i, 2) for i in range(first, first + n))
        return [Generator(int(pair[0]) + (int(pair[1]) << 64)) for pair in pairs]

    @draw
    def bits(self, shape: Shape = (), *, device: Device = None, backend: Which = None) -> Array:
        """The words of the stream themselves, uint64; each call starts on a fresh block of four.

        >>> import nnx
        >>> [hex(word) for word in nnx.random.Generator(7).bits(2)]
        ['0xdf4034b829e9fba4', '0x4b9d10cdf8e64087']
        """
        place = Place(shape, device, backend)
        return place.deliver(self._words(place))

    @draw
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
        if not low <= high:
            raise ValueError(f"low, high: expected low <= high, got low={low} and high={high}")
        place = Place(shape, device, backend)
        dtype, wide = place.floating(dtype)
        xp = place.maker.fast
        if wide:
            u = xp.astype(self._words(place) >> 11, xp.float64) * 2.0**-53
        else:
            u = xp.astype(self._halves(place) >> 8, xp.float32) * 2.0**-24
        if (low, high) != (0.0, 1.0):
            u = u * (high - low) + low
        return place.deliver(u, dtype)

    @draw
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
        if not std >= 0.0:
            raise ValueError(f"std: expected a number of at least 0, got {std}")
        place = Place(shape, device, backend, on_host=True)
        dtype, wide = place.floating(dtype)
        xp, half = place.maker.fast, -(-place.count // 2)
        words = self._words(place, 2 * half) >> 11
        radius = xp.sqrt(-2.0 * xp.log((xp.astype(words[:half], xp.float64) + 1.0) * 2.0**-53))
        angle = xp.astype(words[half:], xp.float64) * (2.0 * math.pi * 2.0**-53)
        z = xp.concat([radius * xp.cos(angle), radius * xp.sin(angle)])[: place.count]
        if (mean, std) != (0.0, 1.0):
            z = z * std + mean
        return place.deliver(z if wide else xp.astype(z, xp.float32), dtype)

    @draw
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
        if isinstance(p, (tuple, list)):
            raise TypeError(f"p: expected a probability and then the shape, got {p!r}")
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p: expected a probability from 0 to 1, got {p!r}")
        place = Place(shape, device, backend)
        halves, threshold = self._halves(place), round(p * 2**32)
        return place.deliver(halves <= threshold - 1 if threshold else halves != halves)

    @draw
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
        place = Place(shape, device, backend, on_host=True)
        xp, words, span = place.maker.fast, self._words(place), high - low
        largest = 2**64 // span * span - 1  # larger words would favour the smaller remainders
        while largest < 2**64 - 1 and bool(xp.any(words > largest)):
            words = xp.where(words > largest, self._words(place), words)
        values = xp.astype(words % span, xp.int64) + low
        return place.deliver(values, place.backend.xp.int64 if dtype is None else place.dtype(dtype))

    @draw
    def permutation(self, n: int, *, device: Device = None, backend: Which = None) -> Array:
        """The integers from 0 to ``n`` - 1 in random order, int64.

        >>> import nnx
        >>> nnx.random.Generator(7).permutation(5)
        array([4, 1, 3, 2, 0])
        """
        place = Place(index(n), device, backend, on_host=True)
        return place.deliver(place.maker.xp.argsort(self._words(place)), place.backend.xp.int64)

    def _mark(self) -> tuple[int, int]:
        """Where the stream is, to be taken back to by `_take_back`."""
        stream = self._current()
        return stream.key, stream.counter

    def _take_back(self, mark: tuple[int, int]) -> None:
        """Undo all draws since then."""
        stream = self._current()
        with stream.lock:
            stream.key, stream.counter = mark

    def _current(self) -> Stream:
        """The stream to draw from here: in a replay not the generator's own."""
        replayed = replayed_streams.get()
        return self._stream if replayed is None else replayed.get(self, self._stream)

    def _log(self, stream: Stream) -> None:
        """Let the recordings of this context know the state before the first use."""
        for log in logs.get():
            if self not in log:
                log[self] = state_of(stream)

    def _words(self, place: Place, count: int | None = None) -> Array:
        """Fresh words, 1-D, where the place's maker makes them."""
        count = place.count if count is None else count
        stream = self._current()
        with stream.lock:
            self._log(stream)
            key, counter = stream.key, stream.counter
            stream.counter += -(-count // 4)
        return place.maker.bits(key, counter, count, place.device if place.native else None)

    def _halves(self, place: Place) -> Array:
        """Fresh uint32 numbers, 1-D: the halves of words, lower half first."""
        return place.maker.halves(self._words(place, -(-place.count // 2)))[: place.count]
