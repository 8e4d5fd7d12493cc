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

from ._generator import Generator
from ._stream import recording, replaying

__all__ = ["Generator", "default_generator", "recording", "replaying", "seed"]

_default = Generator()


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
