"""Work shared out over the processor's cores, as many as BLAS would use.

NumPy itself uses several cores for matrix products only, and for small ones that costs more than it saves. Here each
core takes a part of the work from beginning to end, products included, which are done by one thread each meanwhile.
NumPy lets go of the interpreter in every call on arrays that are worth sharing out, so Python's threads are enough.

``OPENBLAS_NUM_THREADS`` and ``threadpoolctl`` therefore limit this too. With a BLAS whose number of threads cannot be
told from here (that of macOS, MKL), everything is done by the calling thread, as it is inside work that is shared out
already.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import cache
from importlib import import_module
from math import prod
from queue import SimpleQueue
from typing import Any

import numpy as np

__all__ = ["alone", "cores", "laid_out", "product", "scratch", "share"]

Array = Any
Count = tuple[Callable[[], int], Callable[[int], Any]]

_NAMES = (  # of the functions that get and set the number; the first are those of NumPy's own wheels
    "scipy_openblas_{}_num_threads64_",
    "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_",
    "openblas_{}_num_threads",
)


@cache
def _blas() -> Count:
    """What gets and sets the number of BLAS's threads in this process."""
    try:  # symbols are looked for in what the extension is linked to as well
        library = ctypes.PyDLL(import_module("numpy._core._multiarray_umath").__file__)
    except (ImportError, OSError):
        return _single
    for name in _NAMES:
        if hasattr(library, name.format("set")):
            return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return _single


_single: Count = (lambda: 1), (lambda n: None)


def cores() -> int:
    """How many threads work would be shared out over."""
    return _blas()[0]()


# multiplications from which on BLAS uses its threads, and up to which they don't pay; nor for so few rows or columns
LEAST, MOST, FEW = 2**18, 2**21, 32

# and of a matrix with one vector, which is limited by memory: two cores read twice as fast, and each finds its half in
# its own cache the next time (2 × 1024×1024: 300 µs with one, 170 with two)
ONE_ROW = 2**20


def product(x: Array, y: Array) -> Array:
    """The product of two matrices; one of middling size by one thread.

    BLAS's own threads wait for more at full load, for 26 ms with OpenBLAS, and meanwhile hinder everything else where
    processors share a core: a network 64-128-64-10 took 140 to 200 µs a step with them, 135 without.
    """
    rows, columns = x.shape[0], y.shape[1]
    size, least = x.size * columns, min(rows, columns)
    if size < LEAST or (size >= MOST and least > FEW) or (size >= ONE_ROW and least == 1):
        return x.dot(y)
    get, put = _blas()
    count = get()
    if count == 1:
        return x.dot(y)
    try:
        put(1)
        return x.dot(y)
    finally:
        put(count)


def share(work: Callable[[Any], Any], parts: Iterable[Any]) -> None:
    """Call ``work`` with each part, on several threads at once.

    The parts are to be the same however many threads there are, and to write to different places: then so are the
    results. It pays from about 0.2 ms of work on, in parts of 50 µs or more.
    """
    get, put = _blas()
    todo, count = deque(parts), get()
    helpers = min(count, len(todo)) - 1
    if helpers < 1:
        for part in todo:
            work(part)
        return
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    try:
        put(1)  # whoever asks meanwhile is told of one core: work within work is not shared out again
        crew = _crew(helpers)
        for tasks in crew:
            tasks.put(_task(copy_context().run, work, todo, done))
        error = _do_all(work, todo)
        for _ in crew:
            error = done.get() or error
    finally:
        put(count)
    if error is not None:
        raise error


def alone(work: Callable[[Any], Any], parts: Iterable[Any]) -> None:
    """The same by the calling thread, BLAS's products included: for what is too little for several."""
    get, put = _blas()
    count = get()
    try:
        put(1)
        for part in parts:
            work(part)
    finally:
        put(count)


def _task(run: Any, work: Any, todo: deque[Any], done: SimpleQueue[Any]) -> Callable[[], None]:
    """What a helper does: its part, in the caller's context, which holds NumPy's ``errstate``."""
    return lambda: done.put(run(_do_all, work, todo))


def _do_all(work: Callable[[Any], Any], todo: deque[Any]) -> BaseException | None:
    """Take parts until there are none; after an error nobody takes another."""
    try:
        while todo:
            try:
                part = todo.popleft()
            except IndexError:  # somebody else was faster
                break
            work(part)
    except BaseException as error:
        todo.clear()
        return error
    return None


# threads ---------------------------------------------------------------------------------------------------------

_helpers: list[SimpleQueue[Callable[[], None]]] = []
_growing = threading.Lock()


def _crew(count: int) -> list[SimpleQueue[Callable[[], None]]]:
    """What so many helpers wait for, or fewer where the system allows no more."""
    if len(_helpers) < count:
        with _growing:
            while len(_helpers) < count:
                tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
                try:
                    threading.Thread(target=_help, args=(tasks,), name="nnx-core", daemon=True).start()
                except RuntimeError:  # also while Python ends
                    break
                _helpers.append(tasks)
    return _helpers[:count]


def _help(tasks: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        tasks.get()()  # without a name, so that it keeps no array alive until the next


def _forget() -> None:
    """Threads do not survive a fork, and whoever held the lock is not there to let go of it."""
    global _growing
    _helpers.clear()
    _growing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


# memory ----------------------------------------------------------------------------------------------------------


LAID = 256  # layouts, of some kilobytes each, without their memory
ALIGNED = 64  # bytes of a cache line: BLAS takes a quarter longer for a small matrix that lies across them
KEPT = 2**26  # bytes; what is larger is rare, and is not to be held for ever by each thread


class _Own(threading.local):
    """Memory of a thread's own, and what has been laid out in it."""

    memory = np.empty(0, np.uint8)

    def __init__(self) -> None:
        self.laid: dict[Any, Any] = {}


_own = _Own()


def scratch(shape: tuple[int, ...], dtype: Any) -> Array:
    """An array to work in until this thread asks for the next one: its memory is used again.

    A large array that is made anew costs more in page faults than in arithmetic.
    """
    try:
        return np.ndarray(shape, dtype, _own.memory)
    except TypeError:  # the memory is too small
        size = prod(shape) * np.dtype(dtype).itemsize
        if size > KEPT:
            return np.empty(shape, dtype)
        _own.laid.clear()
        memory = np.empty(size + ALIGNED, np.uint8)
        _own.memory = memory[-memory.ctypes.data % ALIGNED :]
        return np.ndarray(shape, dtype, _own.memory)


def laid_out(key: Any, make: Callable[[], Any]) -> Any:
    """What ``make`` has laid out in ``scratch`` memory before, or now: views that small work would take long to make.

    Whoever uses it writes to it first, as to other memory from ``scratch``. It must not be larger than ``KEPT``.
    """
    laid = _own.laid
    found = laid.get(key)
    if found is None:
        if len(laid) >= LAID:
            laid.clear()
        found = make()  # which may clear what there is
        laid[key] = found
    return found
