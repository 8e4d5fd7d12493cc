"""`"ctc_loss"` against PyTorch's through a log-softmax, and against a sum over all paths to second order."""

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx.losses import ctc_loss
from nnx.testing import check_gradients

rng = np.random.default_rng(0)
X = rng.standard_normal((7, 3, 5))
PADDED = np.array([[2, 2, 1], [4, 1, 3], [3, 3, 3]])
JOINED = np.array([2, 2, 1, 4, 1])


class Row(NamedTuple):
    targets: Any
    input_lengths: Any
    target_lengths: Any
    x: Any = X
    arguments: dict[str, Any] = {}


ROWS = {
    "padded": Row(PADDED, np.array([7, 6, 7]), np.array([3, 2, 1])),
    "padding of any kind": Row(
        np.array([[2, 2, 1], [4, -7, 99], [3, -1, 0]]), np.array([7, 4, 5]), np.array([3, 1, 1])
    ),
    "joined": Row(JOINED, np.array([7, 6, 5]), np.array([3, 0, 2])),
    "tuples": Row(PADDED, (7, 5, 3), (3, 3, 0)),
    "int32": Row(PADDED.astype("i4"), np.array([7, 6, 7], "i4"), np.array([3, 2, 1], "i4")),
    "just long enough": Row(np.array([[1, 2, 3], [1, 1, 0], [4, 4, 4]]), (3, 3, 5), (3, 2, 3)),
    "too short": Row(PADDED, np.array([7, 2, 5]), np.array([3, 3, 3])),
    "too short, and zero": Row(
        PADDED, np.array([7, 2, 3]), np.array([3, 3, 3]), arguments={"zero_infinity": True}
    ),
    "no time": Row(PADDED, np.array([0, 0, 7]), np.array([0, 2, 3]), arguments={"zero_infinity": True}),
    "no time for a label": Row(PADDED, np.array([7, 0, 0]), np.array([3, 1, 0])),
    "no label": Row(PADDED, np.array([7, 6, 5]), np.array([0, 0, 0])),
    "no room for a label": Row(PADDED[:, :0], np.array([7, 6, 5]), np.array([0, 0, 0])),
    "blank 3": Row(PADDED % 3, np.array([7, 6, 5]), np.array([3, 2, 3]), arguments={"blank": 3}),
    "unbatched": Row(PADDED[0], np.array(7), np.array(3), X[:, 0, :]),
    "unbatched, padded": Row(PADDED[:1], (6,), (2,), X[:, 0, :]),
    "one of each": Row(np.array([[1]]), np.array([1]), np.array([1]), X[:1, :1, :2]),
    "scores far apart": Row(PADDED, np.array([7, 6, 7]), np.array([3, 2, 1]), X * 40.0),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_losses_and_gradients_of_scores_are_those_of_torch(
    row: Row, reduction: str, lib: Any, agrees_with_torch: Any
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def ours(x: Any, *given: Any) -> Any:
        return ctc_loss(nnx.functional.log_softmax(x), *given, **arguments)

    def theirs(x: Any, *given: Any) -> Any:
        return torch.nn.functional.ctc_loss(x.log_softmax(-1), *given, **arguments)

    arguments = {"reduction": reduction, **row.arguments}
    lengths = (row.input_lengths, row.target_lengths)
    if isinstance(row.input_lengths, tuple):
        agrees_with_torch(
            lambda x, targets: ours(x, targets, *lengths),
            lambda x, targets: theirs(x, targets, *lengths),
            (row.x,),
            (row.targets,),
            second=False,
        )
    else:
        agrees_with_torch(ours, theirs, (row.x,), (row.targets, *lengths), second=False)


def over_all_paths(torch: Any, log_probs: Any, target: list[int], blank: int) -> Any:
    """The loss by its definition: which paths read the target without repeats and blanks."""
    times, classes = log_probs.shape
    total = []
    for path in itertools.product(range(classes), repeat=times):
        if [c for c, _ in itertools.groupby(path) if c != blank] == target:
            total.append(sum(log_probs[t, c] for t, c in enumerate(path)))
    return -torch.logsumexp(torch.stack(total), 0)


@pytest.mark.parametrize("blank", [0, 2])
def test_the_derivatives_by_log_probabilities_are_those_of_the_sum_over_paths(
    blank: int, agrees_with_torch: Any
) -> None:
    """Log-probabilities here need not add up to one, unlike in PyTorch, whose gradient takes that for granted."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    targets = [[1 - blank // 2, 1 - blank // 2], [1, 2 - blank], []]
    padded, lengths = np.array([t + [-1] * (2 - len(t)) for t in targets]), (4, 3, 4)

    def theirs(x: Any, *_: Any) -> Any:
        each = (over_all_paths(torch, x[: lengths[i], i], t, blank) for i, t in enumerate(targets))
        return torch.stack(list(each))

    agrees_with_torch(
        lambda x, *given: ctc_loss(x, *given, blank=blank, reduction="none"),
        theirs,
        (X[:4, :, :3],),
        (padded, np.array(lengths), np.array([2, 2, 0])),
    )


@pytest.mark.parametrize("name", ["padded", "joined", "too short, and zero", "no time", "unbatched"])
def test_derivatives_to_second_order(name: str) -> None:
    row = ROWS[name]
    given = (row.targets, row.input_lengths, row.target_lengths)
    check_gradients(lambda x: ctc_loss(x, *given, reduction="none", **row.arguments), row.x, order=2)


def test_probabilities_of_zero(lib: Any) -> None:
    """Paths through them don't count, and their derivative is zero, where PyTorch's is NaN."""
    with np.errstate(divide="ignore"):
        log_probs = lib.asarray(np.log([[[0.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]]))
    given = (lib.asarray([1]), (2,), (1,))
    value, gradient = nnx.value_and_grad(ctc_loss)(log_probs, *given)
    lib.assert_close(value, 0.0, atol=1e-15)
    lib.assert_close(gradient, [[[0.0, -1.0, 0.0]], [[-0.5, -0.5, 0.0]]], atol=1e-15)
    lib.assert_equal(ctc_loss(log_probs, lib.asarray([2]), (2,), (1,)), np.inf)


def test_nan_stays_in_its_sequence(lib: Any) -> None:
    x = X.copy()
    x[3, 1, 2], x[6, 0, :] = np.nan, np.nan  # the latter when time is up
    losses = lib.to_numpy(
        ctc_loss(lib.asarray(x), lib.asarray(PADDED), (6, 6, 7), (3, 2, 1), reduction="none")
    )
    np.testing.assert_array_equal(np.isnan(losses), [False, False, False])
    losses = lib.to_numpy(
        ctc_loss(lib.asarray(x), lib.asarray(PADDED), (7, 6, 7), (3, 2, 1), reduction="none")
    )
    np.testing.assert_array_equal(np.isnan(losses), [True, False, False])


def test_a_long_sequence_in_single_precision_keeps_its_digits(lib: Any) -> None:
    times, classes = 400, 20
    labels, even = lib.asarray([list(range(1, 11)) * 5]), lib.asarray(np.zeros((times, 1, classes)))
    expected = ctc_loss(nnx.functional.log_softmax(even), labels, (times,), (50,))
    narrow = lib.xp.astype(even, lib.xp.float32)
    got = ctc_loss(nnx.functional.log_softmax(narrow), labels, (times,), (50,))
    lib.assert_close(got, np.float32(float(expected)), rtol=1e-5)


LP, ILL = X[:, :2, :], (7, 7)
BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), ILL, (3, 3), blank=5), ValueError, "a blank from 0 to 4, got 5"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), ILL, (3, 3), blank=-1), ValueError, "a blank from 0 to 4, got -1"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), ILL, (3, 3), 0, "all"), ValueError, "expected a reduction"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), (8, 7), (3, 3)), ValueError, "input_lengths from 0 to 7, got 7 to 8"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), (-1, 7), (3, 3)), ValueError, "input_lengths from 0 to 7, got -1 to 7"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), ILL, (3, 4)), ValueError, "target_lengths from 0 to 3, got 3 to 4"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), ILL, (3,)), ValueError, r"2 target_lengths, got shape \(1,\)"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2]), a([7.0, 7.0]), (3, 3)), TypeError, "integer input_lengths, got"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:1]), ILL, (3, 3)), ValueError, r"targets of shape \(2, S\) or \(6,\)"),
    (lambda a: ctc_loss(a(LP), a(JOINED), ILL, (3, 3)), ValueError, r"\(2, S\) or \(6,\), got \(5,\)"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2] * 1.0), ILL, (3, 3)), TypeError, "integer targets, got"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2] + 1), ILL, (3, 3)), IndexError, "targets from 0 to 4, got 2 to 5"),
    (lambda a: ctc_loss(a(LP), a(PADDED[:2] - 2), ILL, (3, 3)), IndexError, "targets from 0 to 4, got -1 to 2"),
    (lambda a: ctc_loss(a(LP[:, 0]), a(PADDED[0]), (7,), (2,)), ValueError, r"\(1, S\) or \(2,\), got \(3,\)"),
    (lambda a: ctc_loss(a(PADDED), a(PADDED), ILL, (3, 3)), TypeError, "log_probs of a real floating-point dtype"),
    (lambda a: ctc_loss(a(LP), PADDED.tolist(), ILL, (3, 3)), TypeError, "expected targets to be an array, got list"),
    (lambda a: ctc_loss(a(LP[0, 0]), a(PADDED), ILL, (3, 3)), ValueError, r"expected log_probs of shape \(T, N, C\)"),
    (lambda a: ctc_loss(a(LP[:, :0]), a(PADDED[:0]), (), ()), ValueError, r"not empty, got \(7, 0, 5\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=f"ctc_loss: .*{message}"):
        call(lib.asarray)
