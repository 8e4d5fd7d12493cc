"""Places in a stream: how they are kept, recorded for the length of a block, and gone back to."""

from __future__ import annotations

import os
from collections.abc import Generator as Yields
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from operator import index
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ._generator import Generator

State: TypeAlias = dict[str, Any]

_ALGORITHM = "philox4x64-10"
_KEYS = 2**128


class Stream:
    """A place in a stream: what it is keyed with, how many blocks were drawn, how many children were had."""

    __slots__ = ("counter", "key", "lock", "spawned")

    def __init__(self, key: int, counter: int = 0, spawned: int = 0) -> None:
        self.key, self.counter, self.spawned = key, counter, spawned
        self.lock = Lock()


logs: ContextVar[tuple[dict[Generator, State], ...]] = ContextVar("nnx_random_logs", default=())
replayed_streams: ContextVar[Mapping[Generator, Stream] | None] = ContextVar(
    "nnx_random_replayed", default=None
)


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
    token = logs.set((*logs.get(), log))
    try:
        yield log
    finally:
        logs.reset(token)


@contextmanager
def replaying(states: Mapping[Generator, State]) -> Yields[None]:
    """Let each generator draw from its state in ``states`` inside the block, in this context; nowhere else.

    Afterwards they go on where they were: other threads, and draws after the block, notice nothing.
    """
    streams = {generator: stream_from(state) for generator, state in states.items()}
    token = replayed_streams.set({**(replayed_streams.get() or {}), **streams})
    try:
        yield
    finally:
        replayed_streams.reset(token)


def key_from(seed: int | None) -> int:
    if seed is None:
        return int.from_bytes(os.urandom(16), "little")
    try:
        key = index(seed)
    except TypeError:
        raise TypeError(f"seed: expected an integer or None, got {seed!r}") from None
    if not 0 <= key < _KEYS:
        raise ValueError(f"seed: expected an integer from 0 to 2**128 - 1, got {seed}")
    return key


def state_of(stream: Stream) -> State:
    key = f"{stream.key:#x}"
    return {"algorithm": _ALGORITHM, "key": key, "counter": stream.counter, "spawned": stream.spawned}


def stream_from(state: State) -> Stream:
    try:
        if state["algorithm"] != _ALGORITHM:
            raise ValueError(f"algorithm {state['algorithm']!r} instead of {_ALGORITHM!r}")
        return Stream(key_from(int(state["key"], 16)), index(state["counter"]), index(state["spawned"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"state: expected what Generator.state gave, got {state!r} ({error!r})") from None
