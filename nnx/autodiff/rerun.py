"""Trading time for memory: run a part of a computation again on the way back instead of keeping what it needs.

The part is recorded as usual and its slots are then emptied, all but one. On the way back it is run again onto the
same tape, where it fills the same slots; whatever else refers to them finds what it expects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import tree
from .cells import overrides
from .frames import TracedFrame, alias
from .tape import RERUN, Tape
from .trace import call_name
from .traced import TracedArray

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f``, keeping only its arguments for the way back, where it is run a second time.

    Memory falls from what every operation of ``f`` keeps to what its arguments and results take; the forward pass of
    ``f`` is paid twice. Random numbers drawn inside are drawn again the same. Outside a derivative it is ``f``.

    Raises
    ------
    RuntimeError
        On the way back, if ``f`` does not repeat itself.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> block = nnx.checkpoint(lambda x: np.sin(np.sin(x)))
    >>> nnx.grad(lambda x: block(x))(np.asarray(0.0))
    array(1.)
    """

    if not callable(f):
        raise TypeError(f"nnx.checkpoint: expected a function, got {type(f).__name__}")

    def function(*args: Any, **kwargs: Any) -> Any:
        from .. import random

        tape = _innermost((args, kwargs))
        if tape is None:
            return f(*args, **kwargs)
        kept = tree.map_tree(_snapshot, (args, kwargs))
        frame = overrides.get()
        before = frame.branch() if isinstance(frame, TracedFrame) else None
        start = len(tape.entries)
        with random.recording() as states:
            result = f(*args, **kwargs)
        count = len(tape.entries) - start
        if before is not None and isinstance(frame, TracedFrame):
            before.recall(frame)

        def run() -> None:
            again, options = tree.map_tree(_snapshot, kept)
            token = overrides.set(None if before is None else before.branch())
            try:
                with random.replaying(states):
                    f(*again, **options)
            finally:
                overrides.reset(token)

        if count:
            tape.entries[start:] = [(RERUN, run, count)] + [None] * (count - 1)
        return result

    function.__name__ = f"checkpoint({call_name(f)})"
    function.__doc__ = f.__doc__
    return function


def _innermost(arguments: Any) -> Tape | None:
    """The tape with the highest level among the arrays in the arguments and the parameters in sight."""
    arrays = [x for x in tree.leaves(arguments) if isinstance(x, TracedArray)]
    tapes = [x.tape for x in arrays if x.tape is not None]
    frame = overrides.get()
    if isinstance(frame, TracedFrame):
        tapes.extend(frame.tapes())
    return max(tapes, key=lambda tape: tape.level, default=None)


def _snapshot(x: Any, _path: Any = ()) -> Any:
    """The same place on the tape under another name, so that writing in place does not reach it."""
    return alias(x) if isinstance(x, TracedArray) else x
