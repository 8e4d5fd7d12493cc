"""The context manager."""

from __future__ import annotations

import threading
from time import perf_counter_ns
from types import TracebackType

from ..functional._errors import complaint
from ..layers._layer import Layer
from ._patches import Patches
from ._recorder import Recorder
from ._report import Report

__all__ = ["profile"]

_running = threading.Lock()


class profile:
    """Measure what runs inside: time and memory by layer and by primitive, forward and backward.

    Times of a layer are those of its calls; on the way back, those of the pullbacks of what it recorded. ``self`` is
    without the layers below. Memory is that of results, the bytes of every array that a primitive or a pullback gave
    back, whether kept or not (a view counts as what it shows). Where nothing is differentiated, Python's operators on
    plain arrays are seen by nobody: they are in the layer's own time. A library that computes asynchronously is
    waited for before and after each call.

    Everything that runs in the process meanwhile is measured: events have the number of their thread, and the tables
    add up all threads, so that they may come to more than the time that passed. Measuring takes a few µs a call; where
    no profile runs it costs nothing, for entry points are exchanged and put back.

    Parameters
    ----------
    *layers
        Models by which layers are named; by default those that are called first.

    Returns
    -------
    As the target of ``with`` a ``Report``, filled when the block ends: ``print(report)``, ``report.layers``,
    ``report.primitives``, ``report.save(path)``.

    Raises
    ------
    RuntimeError
        Where a profile is running already, in this thread or another.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> model = nnx.Sequential(nnx.Linear(4, 8), nnx.ReLU(), nnx.Linear(8, 1))
    >>> x = np.ones((16, 4), dtype=np.float32)
    >>> with nnx.profile() as report:
    ...     grads = nnx.grad(lambda model, x: nnx.array_namespace(x).mean(model(x)))(model, x)
    >>> [row.layer for row in report.layers]
    ['Sequential', 'Sequential.0', 'Sequential.1', 'Sequential.2', '(outside layers)']
    >>> {row.primitive: row.backward_calls for row in report.primitives}["linear"]
    2
    """

    def __init__(self, *layers: Layer) -> None:
        for layer in layers:
            if not isinstance(layer, Layer):
                raise complaint("profile", f"expected layers, got {type(layer).__name__}", TypeError)
        self._layers = layers

    def __enter__(self) -> Report:
        if not _running.acquire(blocking=False):
            raise RuntimeError("nnx.profile: a profile is running already")
        try:
            self._recorder = Recorder(self._layers)
            self._report = Report(self._recorder)
            self._patches = Patches(self._recorder)
            try:
                self._patches.apply()
            except BaseException:
                self._patches.restore()
                raise
        except BaseException:
            _running.release()
            raise
        self._start = perf_counter_ns()
        return self._report

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._recorder.wait()
        stop = perf_counter_ns()
        self._recorder.active = False
        self._patches.restore()
        _running.release()
        self._report.close(self._start, stop)
