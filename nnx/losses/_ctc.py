"""Connectionist temporal classification: a sequence of labels whose places in time are not known.

A path says one class at each time; without repeats and blanks it reads the labels. Paths are counted along the
*states*, the labels with a blank before, between and after, by two sweeps: forward in time gives what has led to a
state, backward what may follow it. One primitive from log-probabilities to losses keeps the first sweep for its
pullback; second derivatives sweep anew, as a function of the log-probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace, primitive
from ..autodiff.primitive import Left
from ..autodiff.scatter import scatter_rows
from ..backend import Array
from ..functional._errors import complaint
from ..functional._softmax import logsumexp
from ._elementwise import check_arrays, check_reduction, reduce

__all__ = ["ctc_loss"]

NEVER = -1e30  # the logarithm of the probability 0: finite, so that differences of two are no NaN


class Kept(Left):
    """What the forward leaves for the pullback of a first derivative: the logarithms of what led to each state."""

    __slots__ = ("reached",)

    reached: Array


def _swept(xp: Any, emitted: Array, states: Array, begins: Array, start: Array) -> Array:
    """The total probability of arriving in each state at each time, before its emission; all in logarithms.

    A state is followed by itself, the next, or the one after that if it is another label. ``emitted`` has the shape
    (time, batch, state), ``states`` are their classes, ``start`` is what ``begins`` (at one time each) to be there.
    """
    count = states.shape[0]
    edge = xp.full((count, 2), NEVER, dtype=emitted.dtype, device=emitted.device)
    before = xp.concat([xp.full((count, 2), -1, dtype=states.dtype, device=states.device), states], axis=1)
    barred = NEVER * xp.astype(before[:, :-2] == states, emitted.dtype)
    state, arrivals = xp.full(states.shape, NEVER, dtype=emitted.dtype, device=emitted.device), []
    for t in range(emitted.shape[0]):
        wide = xp.concat([edge, state], axis=1)
        one, two = wide[:, 1:-1], wide[:, :-2] + barred
        top = xp.maximum(xp.maximum(state, one), two)
        total = xp.exp(state - top) + xp.exp(one - top) + xp.exp(two - top)
        arrived = xp.where(begins[t, ...], start, top + xp.log(total))
        arrivals.append(arrived)
        state = arrived + emitted[t, ...]
    return xp.stack(arrivals)


def _numbers(xp: Any, count: int, like: Array) -> Array:
    return xp.arange(count, dtype=xp.int64, device=like.device)


def _lasting(xp: Any, log_probs: Array, input_lengths: Array) -> Array:
    """Which times belong to each sequence, shape (time, batch, 1)."""
    return (_numbers(xp, log_probs.shape[0], log_probs)[:, None] < input_lengths)[:, :, None]


def _emitted(xp: Any, log_probs: Array, states: Array, lasting: Array) -> Array:
    """The log-probability of each state's class at each time; 0 from the end on."""
    index = xp.broadcast_to(states, (log_probs.shape[0], *states.shape))
    return xp.where(lasting, xp.maximum(xp.take_along_axis(log_probs, index, axis=2), NEVER), 0.0)


def _ends(xp: Any, states: Array, target_lengths: Array) -> Array:
    """Which states a path may end in: the last label and the blank after it."""
    numbers, last = _numbers(xp, states.shape[1], states), 2 * target_lengths[:, None]
    return xp.logical_or(numbers == last, numbers == last - 1)


def _reached(xp: Any, emitted: Array, states: Array) -> Array:
    """The total probability of what leads to each state at each time, its emission included."""
    start = NEVER * xp.astype(_numbers(xp, states.shape[1], states) > 1, emitted.dtype)
    begins = (_numbers(xp, emitted.shape[0], states) == 0)[:, None, None]
    return _swept(xp, emitted, states, begins, start) + emitted


def _log_likelihood(xp: Any, reached: Array, ends: Array, input_lengths: Array) -> Array:
    """That of each sequence: of the end states when time is up."""
    index = xp.clip(input_lengths - 1, 0, reached.shape[0] - 1)[None, :, None]
    final = xp.take_along_axis(reached, xp.broadcast_to(index, (1, *ends.shape)), axis=0)[0, ...]
    total = logsumexp(xp.where(ends, final, NEVER), 1)
    empty = NEVER * xp.astype(xp.logical_not(ends[:, 0]), total.dtype)  # without time there is no label
    return xp.where(input_lengths == 0, empty, total)


@primitive("ctc_loss", params=("zero_infinity", "kept"))
def _ctc_loss(
    xp: Any,
    log_probs: Array,
    states: Array,
    input_lengths: Array,
    target_lengths: Array,
    *,
    zero_infinity: bool,
    kept: Kept,
) -> Array:
    lasting = _lasting(xp, log_probs, input_lengths)
    kept.reached = _reached(xp, _emitted(xp, log_probs, states, lasting), states)
    ends = _ends(xp, states, target_lengths)
    total = _log_likelihood(xp, kept.reached, ends, input_lengths)
    return xp.where(total < 0.5 * NEVER, 0.0 if zero_infinity else float("inf"), -total)


def _pullback(
    xp: Any,
    g: Array,
    _out: Any,
    log_probs: Array,
    states: Array,
    input_lengths: Array,
    target_lengths: Array,
    *,
    zero_infinity: bool,
    kept: Kept,
) -> Array:
    lasting = _lasting(xp, log_probs, input_lengths)
    emitted = _emitted(xp, log_probs, states, lasting)
    traced = getattr(type(g), "__nnx_traced__", False)
    reached = _reached(xp, emitted, states) if traced else kept.reached
    ends = _ends(xp, states, target_lengths)
    total = _log_likelihood(xp, reached, ends, input_lengths)
    time = _numbers(xp, emitted.shape[0], states)[:, None]
    begins = (time == emitted.shape[0] - input_lengths)[:, :, None]  # in reversed time
    start = NEVER * xp.astype(xp.logical_not(xp.flip(ends, axis=1)), emitted.dtype)
    followed = xp.flip(
        _swept(xp, xp.flip(emitted, axis=(0, 2)), xp.flip(states, axis=1), begins, start), axis=(0, 2)
    )
    # The probability of passing through each state, given the labels.
    never = total < 0.5 * NEVER
    total = xp.where(never, 0.0, total)
    passed = xp.exp(xp.where(never[:, None], NEVER, reached + followed - total[:, None]))
    if not zero_infinity:
        passed = xp.where(xp.logical_and(lasting, never[:, None]), float("nan"), passed)
    return _by_class(xp, -g[:, None] * passed, states, log_probs.shape[2])


def _by_class(xp: Any, passed: Array, states: Array, classes: int) -> Array:
    """Sums over the states of each class: (time, batch, state) to (time, batch, class)."""
    time, count, width = passed.shape
    first = _numbers(xp, count, states)[:, None] * classes
    rows = xp.reshape(xp.permute_dims(passed, (1, 2, 0)), (count * width, time))
    zeros = xp.zeros((count * classes, time), dtype=passed.dtype, device=passed.device)
    out = scatter_rows(zeros, xp.reshape(first + states, (-1,)), rows)
    return xp.permute_dims(xp.reshape(out, (count, classes, time)), (2, 0, 1))


_ctc_loss.defpullback(_pullback, None, None, None)


def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array | Sequence[int],
    target_lengths: Array | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    r"""The negative log-likelihood of label sequences, over all alignments in time. Graves et al., ICML 2006.

    The gradient is the derivative :math:`-\partial \log p / \partial \log y_{tnc}`. PyTorch gives
    :math:`y_{tnc}` more, which vanishes on its way through the :func:`~nnx.functional.log_softmax` that
    log-probabilities come from, so gradients of scores agree.

    Parameters
    ----------
    log_probs
        Log-probabilities :math:`\log y`, shape ``(T, N, C)`` or ``(T, C)``.
    targets
        Integers, the classes of each sequence: shape ``(N, S)``, padded with anything, or one-dimensional, all of
        them one after the other.
    input_lengths, target_lengths
        How long each input, at most ``T``, and each target is: shape ``(N,)``, an array or a sequence.
    blank
        The class that stands for no label.
    reduction
        ``"mean"``, of the losses divided by their target's length, ``"sum"`` or ``"none"``.
    zero_infinity
        Whether targets that are too long for their inputs, whose loss is infinite, count 0, and their gradients.

    Examples
    --------
    >>> import numpy as np
    >>> log_probs = np.log(np.asarray([[[0.6, 0.4]], [[0.6, 0.4]]]))
    >>> float(np.exp(-ctc_loss(log_probs, np.asarray([[1]]), (2,), (1,))).round(4))  # "1-", "-1" or "11"
    0.64
    """
    name = "ctc_loss"
    check_reduction(name, reduction)
    check_arrays(name, log_probs=log_probs, targets=targets)
    if log_probs.ndim not in (2, 3) or not log_probs.size:
        raise complaint(
            name, f"expected log_probs of shape (T, N, C) or (T, C), not empty, got {tuple(log_probs.shape)}"
        )
    if not 0 <= blank < log_probs.shape[-1]:
        raise complaint(name, f"expected a blank from 0 to {log_probs.shape[-1] - 1}, got {blank}")
    single = log_probs.ndim == 2
    arrays = [n for n in (input_lengths, target_lengths) if hasattr(n, "dtype")]
    xp = array_namespace(log_probs, targets, *arrays)
    if single:
        log_probs = xp.expand_dims(log_probs, axis=1)
    times, count, classes = log_probs.shape
    input_lengths = _lengths(xp, name, "input_lengths", input_lengths, log_probs, times)
    longest = targets.shape[1] if targets.ndim == 2 else targets.size
    target_lengths = _lengths(xp, name, "target_lengths", target_lengths, log_probs, longest)
    labels = _padded(xp, name, targets, target_lengths, blank, classes)
    blanks = xp.full(labels.shape, blank, dtype=xp.int64, device=labels.device)
    pairs = xp.reshape(xp.stack([blanks, labels], axis=2), (count, -1))
    states = xp.concat([pairs, xp.full((count, 1), blank, dtype=xp.int64, device=labels.device)], axis=1)
    losses = _ctc_loss(
        log_probs, states, input_lengths, target_lengths, zero_infinity=zero_infinity, kept=Kept()
    )
    if reduction == "mean":
        losses = losses / xp.astype(xp.clip(target_lengths, min=1), losses.dtype)
    return losses[0] if single and reduction == "none" else reduce(xp, losses, reduction)


def _lengths(xp: Any, name: str, what: str, given: Any, log_probs: Array, most: int) -> Array:
    """Lengths as an array, one for each sequence; raises where one is not from 0 to ``most``."""
    count = log_probs.shape[1]
    if hasattr(given, "dtype"):
        if not xp.isdtype(given.dtype, "integral"):
            raise complaint(name, f"expected integer {what}, got {given.dtype}", TypeError)
        lengths = xp.astype(given, xp.int64)
    else:
        lengths = xp.asarray(given, dtype=xp.int64, device=log_probs.device)
    if lengths.size != count or lengths.ndim > 1:
        raise complaint(name, f"expected {count} {what}, got shape {tuple(lengths.shape)}")
    if int(xp.min(lengths)) < 0 or int(xp.max(lengths)) > most:
        found = f"{int(xp.min(lengths))} to {int(xp.max(lengths))}"
        raise complaint(name, f"expected {what} from 0 to {most}, got {found}")
    return xp.reshape(lengths, (count,))


def _padded(xp: Any, name: str, targets: Array, lengths: Array, blank: int, classes: int) -> Array:
    """Targets as one row each, blanks from the end on; raises where they name no class."""
    if not xp.isdtype(targets.dtype, "integral"):
        raise complaint(name, f"expected integer targets, got {targets.dtype}", TypeError)
    count, total = lengths.shape[0], int(xp.sum(lengths))
    shape = tuple(targets.shape)
    if shape != (total,) and (len(shape) != 2 or shape[0] != count):
        raise complaint(name, f"expected targets of shape ({count}, S) or ({total},), got {shape}")
    place = _numbers(xp, int(xp.max(lengths)), targets)
    inside, targets = place < lengths[:, None], xp.astype(targets, xp.int64)
    if targets.ndim == 2:
        labels = targets[:, : place.size]
    else:
        index = xp.where(inside, (xp.cumulative_sum(lengths) - lengths)[:, None] + place, 0)
        labels = xp.reshape(xp.take(targets, xp.reshape(index, (-1,)), axis=0), inside.shape)
    labels = xp.where(inside, labels, blank)
    if labels.size and not 0 <= int(xp.min(labels)) <= int(xp.max(labels)) < classes:
        found = f"{int(xp.min(labels))} to {int(xp.max(labels))}"
        raise complaint(name, f"expected targets from 0 to {classes - 1}, got {found}", IndexError)
    return labels
